/**
 * Membership profile: how patient a cluster is, as numbers for three kinds of network.
 *
 * The formulas are those of memberlist (suspicion, retransmission, push-pull scale), with the
 * size factor capped so that a hundred nodes still fail over within seconds; nobody condemns by
 * hearsay, so a larger cluster does not need the longer wait of memberlist. The figures behind
 * the constants stand in docs/adr/0020-membership-profiles.md.
 */
export type ProfileName = 'lan' | 'wan' | 'edge-lossy'

export interface MembershipProfile {
  readonly name: ProfileName
  /** One member is probed per period. */
  readonly probeIntervalMs: number
  /** An answer later than this is sought through others. */
  readonly probeTimeoutMs: number
  readonly indirectProbes: number
  readonly gossipIntervalMs: number
  readonly gossipFanout: number
  /** Shortest suspicion, in probe periods, and how many times longer an unconfirmed one lasts. */
  readonly suspicionMult: number
  readonly suspicionMaxMult: number
  readonly sizeFactorMax: number
  /** Accusers beyond the first that bring a suspicion down to its shortest. */
  readonly confirmations: number
  /** How many of those who hear of a suspicion look at once themselves, on average. */
  readonly confirmers: number
  /** How long a node whose port refuses two observers has left to show itself. */
  readonly refusedMs: number
  /** The same for one whose connections closed and that two observers cannot reach again. */
  readonly closedMs: number
  readonly retransmitMult: number
  /** Local health above this does not slow the node further (FD-2). */
  readonly awarenessMax: number
  readonly pushPullIntervalMs: number
  /** How often someone tries whether a dead member answers again, so that splits heal. */
  readonly knockIntervalMs: number
  readonly heartbeatIntervalMs: number
  /** How often one node passes a heartbeat on: nineteen of twenty hear each, the rest the next. */
  readonly heartbeatTells: number
  readonly deepCheckIntervalMs: number
  /** A member that came back from the dead counts as the other side of a split so long. */
  readonly returnMs: number
  readonly deadKeepMs: number
  readonly tombstoneKeepMs: number
  /** A node that stalled calls itself degraded until it ran smoothly so long. */
  readonly degradedHoldMs: number
  /** Task and shard leases: a stall of half of it fences the node. */
  readonly leaseMs: number
}

const lan: MembershipProfile = {
  name: 'lan',
  probeIntervalMs: 500,
  probeTimeoutMs: 200,
  indirectProbes: 3,
  gossipIntervalMs: 100,
  gossipFanout: 3,
  suspicionMult: 4,
  suspicionMaxMult: 4,
  sizeFactorMax: 1,
  confirmations: 1,
  confirmers: 5,
  refusedMs: 500,
  closedMs: 800,
  retransmitMult: 4,
  awarenessMax: 8,
  pushPullIntervalMs: 30_000,
  knockIntervalMs: 2_000,
  heartbeatIntervalMs: 30_000,
  heartbeatTells: 3,
  deepCheckIntervalMs: 60_000,
  returnMs: 30_000,
  deadKeepMs: 3_600_000,
  tombstoneKeepMs: 86_400_000,
  degradedHoldMs: 30_000,
  leaseMs: 4_000,
}

export const membershipProfiles: Readonly<Record<ProfileName, MembershipProfile>> = {
  lan,
  wan: {
    ...lan,
    name: 'wan',
    probeIntervalMs: 1_500,
    probeTimeoutMs: 800,
    gossipIntervalMs: 250,
    sizeFactorMax: 1.5,
    confirmations: 2,
    refusedMs: 1_500,
    closedMs: 3_000,
    knockIntervalMs: 5_000,
  },
  'edge-lossy': {
    ...lan,
    name: 'edge-lossy',
    probeIntervalMs: 3_000,
    probeTimeoutMs: 1_500,
    gossipIntervalMs: 500,
    suspicionMult: 5,
    suspicionMaxMult: 6,
    sizeFactorMax: 1.5,
    confirmations: 3,
    refusedMs: 3_000,
    closedMs: 6_000,
    knockIntervalMs: 10_000,
  },
}

export interface SuspicionBounds {
  readonly minMs: number
  readonly maxMs: number
  /** Confirmations that bring the time-out to `minMs`; fewer nodes cannot give as many. */
  readonly confirmations: number
}

export function suspicionBounds(profile: MembershipProfile, size: number): SuspicionBounds {
  const factor = Math.min(profile.sizeFactorMax, Math.max(1, Math.log10(Math.max(1, size))))
  const minMs = profile.suspicionMult * factor * profile.probeIntervalMs
  const confirmations = Math.max(0, Math.min(profile.confirmations, size - 2))
  return { minMs, maxMs: minMs * profile.suspicionMaxMult, confirmations }
}

/** Lifeguard's shrinking time-out: each confirmation takes less off than the one before. */
export function suspicionTimeoutMs(bounds: SuspicionBounds, confirmed: number): number {
  if (bounds.confirmations < 1) return bounds.minMs
  const fraction = Math.log(confirmed + 1) / Math.log(bounds.confirmations + 1)
  return Math.max(bounds.minMs, bounds.maxMs - fraction * (bounds.maxMs - bounds.minMs))
}

/**
 * How often one node passes a piece of news on: enough that almost surely everyone hears it. In
 * the smallest clusters two full rounds of gossip, because some of it goes to suspects.
 */
export function retransmitLimit(profile: MembershipProfile, size: number): number {
  const tells = profile.retransmitMult * Math.ceil(Math.log10(size + 1))
  return Math.max(2 * profile.gossipFanout, tells)
}

/** Above 32 nodes push-pull grows rarer, so that its cost stays level. */
export function pushPullIntervalMs(profile: MembershipProfile, size: number): number {
  if (size <= 32) return profile.pushPullIntervalMs
  return profile.pushPullIntervalMs * (Math.ceil(Math.log2(size) - 5) + 1)
}

/** Above 32 nodes each spreads its heartbeat more rarely: a cluster emits one per second. */
export function heartbeatSpreadMs(profile: MembershipProfile, size: number): number {
  return profile.heartbeatIntervalMs * Math.max(1, size / 32)
}
