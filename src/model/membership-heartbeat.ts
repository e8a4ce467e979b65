/**
 * Membership heartbeats: the newest measured resources of every node, and which are stale.
 *
 * Heartbeats inform; probes decide liveness. Staleness is judged by the receiver's own clock from
 * the moment of arrival, so that wrong wall clocks make nobody stale. A node is stale after three
 * missed spreads; how often one is spread depends on the size of the cluster.
 */
import type { Heartbeat, NodeId } from '../../protocols/membership.ts'
import { heartbeatSpreadMs } from './membership-profile.ts'
import type { MembershipProfile } from './membership-profile.ts'

export interface HeardHeartbeat {
  readonly heartbeat: Heartbeat
  readonly heardAtMs: number
}

const missedMax = 3

/** Whether a heartbeat tells something newer than what is known. */
export function isNewerHeartbeat(heartbeat: Heartbeat, known: Heartbeat | undefined): boolean {
  if (known === undefined) return true
  const ahead = heartbeat.incarnation - known.incarnation || heartbeat.sequence - known.sequence
  return ahead > 0
}

/** How old a heartbeat may be before its figures are shown as stale. */
export function heartbeatStaleAfterMs(profile: MembershipProfile, size: number): number {
  return missedMax * heartbeatSpreadMs(profile, size)
}

/** Ids whose last heartbeat is older than the time given, oldest first (`detect_stale_nodes`). */
export function staleNodes(
  heard: ReadonlyMap<NodeId, HeardHeartbeat>,
  at: { readonly nowMs: number; readonly timeoutMs: number },
): readonly NodeId[] {
  return [...heard]
    .filter(([, { heardAtMs }]) => at.nowMs - heardAtMs > at.timeoutMs)
    .toSorted(([, a], [, b]) => a.heardAtMs - b.heardAtMs)
    .map(([id]) => id)
}

export interface ResourceUse {
  readonly cpuPercent: number
  readonly memoryMb: number
  readonly memoryMaxMb: number
}

/** R21: overloaded is above nine tenths of CPU or memory; unknown memory size counts as none. */
export function isOverloaded(use: ResourceUse): boolean {
  return use.cpuPercent > 90 || memoryPercent(use) > 90
}

export function memoryPercent(use: ResourceUse): number {
  return use.memoryMaxMb > 0 ? (use.memoryMb / use.memoryMaxMb) * 100 : 0
}
