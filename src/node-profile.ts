/**
 * NodeProfile: the membership profile of a configuration, with what it sets itself.
 */
import type { NodeConfig } from './config.ts'
import { membershipProfiles } from './model/membership-profile.ts'
import type { MembershipProfile } from './model/membership-profile.ts'

export function profileOf(config: NodeConfig): MembershipProfile {
  const { profile, probeInterval } = config.detect
  const base = membershipProfiles[profile]
  const probeIntervalMs = probeInterval ?? base.probeIntervalMs
  return {
    ...base,
    probeIntervalMs,
    // An answer must have come before the next probe is due.
    probeTimeoutMs: Math.min(base.probeTimeoutMs, probeIntervalMs / 2),
    heartbeatIntervalMs: config.heartbeat.interval,
  }
}
