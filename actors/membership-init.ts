/**
 * MembershipInit: all that the membership actor is given when a node starts.
 *
 * Everything that touches the world comes in here as a port or a callback, so that one seed can
 * run a whole cluster in one process.
 */
import type { MembershipLimits } from '../protocols/membership.ts'
import type { MembershipProfile } from '../src/model/membership-profile.ts'
import type { Codec } from '../src/ports/codec.ts'
import type { Host } from '../src/ports/host.ts'
import type { Liveness } from '../src/ports/liveness.ts'
import type { Net } from '../src/ports/net.ts'
import type { PeerMemory, Remembered } from '../src/ports/peer-memory.ts'
import type { HealthCheck } from './health.ts'

export interface NodeIdentityFacts {
  readonly nodeId: string
  readonly name: string
  /** Of the net; members are known by it. */
  readonly peerId: string
  /** Above every incarnation of every earlier life; the system's name carries it. */
  readonly incarnation: number
}

export interface NodeOffer {
  readonly version: string
  readonly zone?: string
  readonly weight?: number
  readonly capabilities?: readonly string[]
}

export interface MembershipInit {
  readonly net: Net
  readonly codec: Codec
  readonly host: Host
  readonly memory: PeerMemory
  /** What the memory recalled before the node began this life. */
  readonly recalled: Remembered | null
  readonly identity: NodeIdentityFacts
  readonly offer: NodeOffer
  readonly profile: MembershipProfile
  /** Addresses that the operator gave; dialled for ever. */
  readonly seeds: readonly string[]
  /** A declared topic for urgent news; absent: gossip alone spreads it. */
  readonly topic?: string
  /** The mesh learns that a system is gone for good, or back after it was held for gone. */
  readonly meshLose: (system: string) => void
  readonly meshRegain?: (system: string) => void
  readonly limits: MembershipActorLimits
  /** Answers while the main thread is busy; absent: a busy node is taken for a silent one. */
  readonly liveness?: Liveness
  /** Besides those every node has. */
  readonly checks?: readonly HealthCheck[]
  /** Messages that wait in this node's actors, for the heartbeat. */
  readonly queued?: () => number
}

export interface MembershipActorLimits {
  readonly model: MembershipLimits
  /** Members that this node takes in, itself included. */
  readonly maxNodes: number
  /** Connections that it keeps; default: the limit of the protocols. */
  readonly connections?: number
  /** A main thread blocked for longer counts as dead; default: the limit of the protocols. */
  readonly busyMs?: number
}
