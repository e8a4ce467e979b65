/**
 * Membership state: everything one node knows and plans about the membership of its cluster.
 *
 * The state is advanced by `stepMembership` alone, which takes time and random numbers as
 * arguments and answers with effects: the same inputs give the same effects, on a real node and
 * in the simulator. The object is changed in place, for speed; nobody else may touch it.
 */
import type {
  Coordinate,
  DeepCheck,
  MeasuredResources,
  MemberCard,
  MemberRecord,
  MembershipLimits,
  NodeId,
  SwimMessage,
} from '../../protocols/membership.ts'
import type { HeardHeartbeat } from './membership-heartbeat.ts'
import { NewsQueue } from './membership-news.ts'
import { newProbeOrder } from './membership-order.ts'
import type { ProbeOrder } from './membership-order.ts'
import type { MembershipProfile } from './membership-profile.ts'
import type { Suspicion } from './membership-suspicion.ts'
import { MemberTable } from './membership-table.ts'
import { originCoordinate } from './vivaldi.ts'

/** What an own card may change to; the revision counts by itself, the condition is derived. */
export type CardChange = Partial<Omit<MemberCard, 'revision' | 'condition'>>

export type MembershipInput =
  /** Time passed; due at `state.dueMs`. */
  | { readonly type: 'tick' }
  | { readonly type: 'message'; readonly from: NodeId; readonly message: SwimMessage }
  /** An admitted peer is connected. */
  | { readonly type: 'link-up'; readonly peer: NodeId }
  /** The connection closed: a hint, never a death. */
  | { readonly type: 'link-down'; readonly peer: NodeId }
  /** A message could not be delivered; refused means that the other machine says nobody listens. */
  | { readonly type: 'link-failed'; readonly peer: NodeId; readonly refused: boolean }
  | { readonly type: 'join'; readonly peers: readonly NodeId[] }
  | { readonly type: 'leave' }
  | { readonly type: 'card'; readonly change: CardChange }
  | { readonly type: 'syncing'; readonly value: boolean }
  | {
      readonly type: 'heartbeat'
      readonly resources: MeasuredResources
      readonly wallMs: number
      readonly check?: DeepCheck
    }
  /** A watchdog saw the thread that user code can block stand still. */
  | { readonly type: 'stall'; readonly gapMs: number }

export type MemberEventType =
  | 'member.up'
  | 'member.suspect'
  | 'member.cleared'
  | 'member.dead'
  | 'member.left'
  | 'member.updated'
  | 'member.removed'

export type FenceReason = 'stalled' | 'declared-dead'

export type MembershipEffect =
  /** Deliver, dialling if need be; answer with link-failed when that does not work. */
  | { readonly type: 'send'; readonly to: NodeId; readonly message: SwimMessage }
  | { readonly type: 'event'; readonly event: MemberEventType; readonly member: MemberRecord }
  /** Drop leases, publish no results until confirmed anew. */
  | { readonly type: 'fence'; readonly reason: FenceReason }
  /** Store the own incarnation, so that a restart begins above it. */
  | { readonly type: 'incarnation'; readonly incarnation: number }
  /** Someone else speaks with this identity: a cloned machine or a forgotten disk. */
  | { readonly type: 'conflict'; readonly incarnation: number }
  /** The leave has been told; the node may stop. */
  | { readonly type: 'left' }

export interface Probe {
  readonly seq: number
  readonly target: NodeId
  readonly sentAtMs: number
  readonly directUntilMs: number
  readonly endsAtMs: number
  /** Helpers that were asked; undefined until the direct way failed. */
  asked: readonly NodeId[] | undefined
  readonly nacks: Set<NodeId>
  /** The connection closed before or during this probe. */
  closed: boolean
  /** The direct ping found no way. */
  undelivered: boolean
  refused: boolean
}

/** A ping that this node sends for someone else. */
export interface Relay {
  readonly origin: NodeId
  readonly originSeq: number
  readonly target: NodeId
  readonly nackAtMs: number
}

export interface Grave {
  readonly sinceMs: number
  readonly incarnation: number
  readonly by: NodeId | undefined
}

export interface Tombstone {
  readonly incarnation: number
  readonly untilMs: number
}

export type MembershipPhase = 'idle' | 'joined' | 'leaving' | 'left'

export interface MembershipState {
  readonly self: NodeId
  readonly profile: MembershipProfile
  readonly limits: MembershipLimits
  phase: MembershipPhase
  incarnation: number
  /** The highest incarnation whose death was answered; verdicts up to it are old news. */
  condemned: number
  card: MemberCard
  readonly table: MemberTable
  readonly news: NewsQueue
  readonly suspicions: Map<NodeId, Suspicion>
  /** Members whose suspicion was just heard from someone else. */
  readonly hearsay: NodeId[]
  readonly probes: Map<number, Probe>
  readonly relays: Map<number, Relay>
  /** Dead and left members in order of death. */
  readonly graves: Map<NodeId, Grave>
  readonly tombstones: Map<NodeId, Tombstone>
  /** When members that were held dead came back, for a while: the other side of a split. */
  readonly returned: Map<NodeId, number>
  /** Peers to ask while this node knows nobody. */
  seeds: readonly NodeId[]
  readonly heartbeats: Map<NodeId, HeardHeartbeat>
  readonly coordinates: Map<NodeId, Coordinate>
  coordinate: Coordinate
  order: ProbeOrder
  /** Lifeguard's local health: 0 is well, each point makes the node wait one share longer. */
  awareness: number
  seq: number
  heartbeatSequence: number
  /** Silent members are not accused before this. */
  mutedUntilMs: number
  stalledUntilMs: number
  syncing: boolean
  check: DeepCheck | undefined
  nextProbeMs: number
  nextGossipMs: number
  nextSyncMs: number
  nextKnockMs: number
  nextHeartbeatSpreadMs: number
  strangerSyncMs: number
  leaveUntilMs: number
  syncPassesLeft: number
  /** When the next tick is wanted. */
  dueMs: number
}

/** One call of `stepMembership`: the state, its arguments and the effects so far. */
export interface Step {
  readonly state: MembershipState
  readonly nowMs: number
  readonly random: () => number
  readonly effects: MembershipEffect[]
}

export interface MembershipOptions {
  readonly self: NodeId
  readonly profile: MembershipProfile
  readonly limits: MembershipLimits
  readonly card: Omit<MemberCard, 'revision' | 'condition'>
  /** Higher than that of any earlier life: the stored one plus one, or the start time. */
  readonly incarnation: number
  /** Members known already, such as in a simulated cluster that long since met. */
  readonly table?: MemberTable
}

export function createMembership(options: MembershipOptions): MembershipState {
  const card: MemberCard = { ...options.card, condition: 'ok', revision: 0 }
  const state: MembershipState = {
    self: options.self,
    profile: options.profile,
    limits: options.limits,
    phase: 'idle',
    incarnation: options.incarnation,
    condemned: options.incarnation - 1,
    card,
    table: options.table ?? new MemberTable(),
    news: new NewsQueue(options.limits.queuedNews),
    suspicions: new Map(),
    hearsay: [],
    probes: new Map(),
    relays: new Map(),
    graves: new Map(),
    tombstones: new Map(),
    returned: new Map(),
    seeds: [],
    heartbeats: new Map(),
    coordinates: new Map(),
    coordinate: originCoordinate(),
    order: newProbeOrder(0, () => 0),
    awareness: 0,
    seq: 0,
    heartbeatSequence: 0,
    mutedUntilMs: 0,
    stalledUntilMs: 0,
    syncing: false,
    check: undefined,
    ...restingTimes,
  }
  return state
}

const restingTimes = {
  nextProbeMs: Number.POSITIVE_INFINITY,
  nextGossipMs: 0,
  nextSyncMs: Number.POSITIVE_INFINITY,
  nextKnockMs: Number.POSITIVE_INFINITY,
  nextHeartbeatSpreadMs: 0,
  strangerSyncMs: 0,
  leaveUntilMs: Number.POSITIVE_INFINITY,
  syncPassesLeft: 0,
  dueMs: Number.POSITIVE_INFINITY,
}

/** Lifeguard: a node that doubts itself gives others more time. */
export function patience(state: MembershipState): number {
  return state.awareness + 1
}

export function adjustAwareness(state: MembershipState, delta: number): void {
  const next = state.awareness + delta
  state.awareness = Math.max(0, Math.min(state.profile.awarenessMax - 1, next))
}

export function emit(step: Step, event: MemberEventType, member: MemberRecord): void {
  step.effects.push({ type: 'event', event, member })
}

export function send(step: Step, to: NodeId, message: SwimMessage): void {
  step.effects.push({ type: 'send', to, message })
}

export function nextSeq(state: MembershipState): number {
  state.seq = (state.seq + 1) >>> 0
  return state.seq
}
