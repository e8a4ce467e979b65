/**
 * MembershipActor: what can be said to the actor that knows who is in the cluster.
 *
 * Every other part asks it instead of the network: placement for the view and its hash, the
 * surfaces for the list of nodes, the mesh when messages wait for a peer. Facts about a node are
 * three and stay apart: liveness, admin, condition. Times of this node's own clock are monotonic
 * milliseconds; `sentAtMs` alone is a wall clock, and of the sender.
 */
import { ask, protocol, stream, tell } from '../src/kernel/index.ts'
import type {
  Admin,
  Condition,
  Coordinate,
  DeepCheck,
  Liveness,
  MeasuredResources,
} from './membership.ts'

/** One node as this node sees it. */
export interface Member {
  /** The name of the machine's identity; survives restarts and new keys. */
  readonly nodeId: string
  /** The key under which it connects; members are known by it. */
  readonly peerId: string
  readonly name: string
  readonly self: boolean
  readonly incarnation: number
  /** Which run of the node this is; with the peer id it names its actor system. */
  readonly life: number
  /** Name of its actor system: what refs to its actors carry. */
  readonly system: string
  readonly liveness: Liveness
  readonly admin: Admin
  readonly condition: Condition
  /** When the present liveness was learned. */
  readonly sinceMs: number
  readonly addresses: readonly string[]
  readonly zone: string
  readonly weight: number
  readonly capabilities: readonly string[]
  readonly version: string
  readonly connected: boolean
  /** Its main thread did not come back for so long, says another thread of it. */
  readonly busyMs?: number
  /** Absent until its position has been heard. */
  readonly coordinate?: Coordinate
  /** Estimated round trip between this node and that one. */
  readonly roundTripMs?: number
  /** Absent until its first heartbeat has been heard. */
  readonly heartbeat?: MemberHeartbeat
}

export interface MemberHeartbeat {
  readonly heardAtMs: number
  readonly ageMs: number
  /** Three were missed: the figures are shown, but not to be trusted. */
  readonly stale: boolean
  /** The sender's wall clock. */
  readonly sentAtMs: number
  readonly resources: MeasuredResources
  readonly check?: DeepCheck
}

/** Where this node stands in its own life. */
export type MembershipPhase = 'idle' | 'joined' | 'leaving' | 'left'

export interface MemberView {
  readonly self: Member
  /** Every known node, this one included, in order of peer id. */
  readonly members: readonly Member[]
  /** Equal on nodes that would place work alike. */
  readonly viewHash: string
  readonly phase: MembershipPhase
  readonly profile: string
  readonly atMs: number
  readonly counters: MembershipCounters
}

/** What was refused, dropped or done since the start. */
export interface MembershipCounters {
  readonly sent: number
  readonly received: number
  /** Frames that are no message; their channel was ended. */
  readonly malformed: number
  /** Messages given up because too many waited. */
  readonly dropped: number
  /** Members that were not taken in because the cluster is full. */
  readonly crowded: number
  readonly undelivered: number
  readonly stalls: number
  readonly fences: number
  /** Times that someone else spoke with this node's identity. */
  readonly conflicts: number
  /** Pings answered for this node off the thread that actors run on. */
  readonly heardBusy: number
}

export type MemberChangeType =
  /** Told first, once for every member that is known when the stream begins. */
  | 'known'
  | 'up'
  | 'suspect'
  | 'cleared'
  | 'dead'
  | 'left'
  | 'updated'
  | 'removed'
  /** This node must let go of what it owns: it stalled too long, or was declared dead. */
  | 'fenced'

export interface MemberChange {
  readonly type: MemberChangeType
  readonly member: Member
  /** Of the view after this change. */
  readonly viewHash: string
  /** Only for `fenced`. */
  readonly reason?: 'stalled' | 'declared-dead'
}

export const Membership = protocol('shoal.membership/1', {
  view: ask<void, MemberView>(),
  /** Go with a word: answered once the others were told, or after a second without them. */
  leave: ask<void, void>(),
  /** What an operator wants of this node. */
  setAdmin: ask<{ readonly admin: Admin }, void>(),
  /** This node catches up with state that it missed; `ok` and `degraded` follow by themselves. */
  setSyncing: tell<{ readonly syncing: boolean }>(),
  /** What this node offers may change while it runs. */
  setOffer: tell<{
    readonly weight?: number
    readonly capabilities?: readonly string[]
    readonly zone?: string
  }>(),
  /** The members there are, then every change; ends when the reader falls far behind. */
  changes: stream<void, MemberChange>(),
  /** Messages wait for this peer: connect to it now. */
  wanted: tell<{ readonly peerId: string }>(),
  /** Meet whoever listens at these addresses. */
  join: tell<{ readonly addresses: readonly string[] }>(),
  /** A watchdog saw the main thread stand still. */
  stalled: tell<{ readonly gapMs: number }>(),
})
