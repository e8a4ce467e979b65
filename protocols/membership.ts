/**
 * Membership: what nodes tell each other about who is in the cluster.
 *
 * A node is described by three separate facts: liveness (what others observe), admin (what an
 * operator wants) and condition (what the node says of itself). Claims about liveness are ordered
 * by incarnation, which only the node itself raises; its card is ordered by revision within an
 * incarnation. All messages are hints that may be lost, doubled or late: merging them is
 * idempotent, and a digest exchange repairs what gossip missed. Names follow SWIM and Lifeguard.
 */
import { z } from 'zod'

export type NodeId = string
export type Liveness = 'alive' | 'suspect' | 'dead' | 'left'
export type Admin = 'open' | 'draining' | 'maintenance'
export type Condition = 'ok' | 'degraded' | 'syncing'

/** What a node says of itself; a higher revision replaces the whole card. */
export interface MemberCard {
  readonly name: string
  readonly addresses: readonly string[]
  readonly zone: string
  /** Share of placement relative to other nodes; 1 is an ordinary node, 0 takes nothing. */
  readonly weight: number
  readonly capabilities: readonly string[]
  readonly version: string
  readonly admin: Admin
  readonly condition: Condition
  readonly revision: number
  /** The identity of the machine, for people and stores; the peer id when absent. */
  readonly nodeId?: string
  /** The incarnation with which this run of the node began: it names the actor system. */
  readonly life?: number
  /** Where a thread of its own answers for the node while the main one is busy. */
  readonly responder?: string
}

/**
 * Better grounds than silence: the machine answers that nothing listens there, or the connection
 * was closed from the other side and nothing answered since.
 */
export type Evidence = 'refused' | 'closed'

/** One node's word about the liveness of one node. */
export interface MemberClaim {
  readonly id: NodeId
  readonly incarnation: number
  readonly liveness: Liveness
  /** Who accuses, for suspect and dead. */
  readonly by?: NodeId
  /** A second observer that found the node silent too. */
  readonly witness?: NodeId
  /** What the accuser has besides silence. */
  readonly evidence?: Evidence
  readonly card?: MemberCard
}

export interface MemberRecord {
  readonly id: NodeId
  readonly incarnation: number
  readonly liveness: Liveness
  /** When this observer learned of the present liveness, on its own monotonic clock. */
  readonly sinceMs: number
  readonly card: MemberCard
}

/** Vivaldi position: distances between positions estimate round trips in milliseconds. */
export interface Coordinate {
  readonly vector: readonly number[]
  readonly height: number
  readonly error: number
}

/** What a node measured of itself for a heartbeat. */
export interface MeasuredResources {
  readonly cpuPercent: number
  readonly memoryMb: number
  readonly memoryMaxMb: number
  readonly diskFreeMb: number
  readonly loopDelayMs: number
  readonly queued: number
}

export type CheckResult = 'ok' | 'warn' | 'fail'

/** The deep check of every minute: slow things that a probe cannot see. */
export interface DeepCheck {
  readonly disk: CheckResult
  readonly clock: CheckResult
  readonly certificates: CheckResult
  readonly queues: CheckResult
  readonly loop: CheckResult
}

export interface Heartbeat {
  readonly id: NodeId
  readonly incarnation: number
  readonly sequence: number
  /** The sender's wall clock, for people; staleness is judged by the receiver's own clock. */
  readonly sentAtMs: number
  readonly resources: MeasuredResources
  readonly check?: DeepCheck
  readonly coordinate?: Coordinate
}

/** What rides on every message: the least spread claims and heartbeats that fit. */
export interface News {
  readonly claims: readonly MemberClaim[]
  readonly heartbeats: readonly Heartbeat[]
}

export interface Ping {
  readonly type: 'ping'
  readonly seq: number
  readonly news?: News
}

/** Answer to a ping, passed on by a helper when the ping was asked for by someone else. */
export interface Ack {
  readonly type: 'ack'
  readonly seq: number
  readonly news?: News
  readonly coordinate?: Coordinate
}

/** Please ping the target for me. */
export interface PingRequest {
  readonly type: 'ping-req'
  readonly seq: number
  readonly target: NodeId
  readonly news?: News
}

/** A helper's word that it lives but heard nothing from the target. */
export interface Nack {
  readonly type: 'nack'
  readonly seq: number
}

export interface Gossip {
  readonly type: 'gossip'
  readonly news: News
}

/** Push-pull, first step: equal digests end the exchange. */
export interface SyncDigest {
  readonly type: 'sync-digest'
  readonly hash: string
  /** Members known to the sender: the larger side decides how finely buckets are cut. */
  readonly size: number
}

/** Push-pull, second step: sums per bucket of ids, two numbers for each of 2^bits buckets. */
export interface SyncBuckets {
  readonly type: 'sync-buckets'
  readonly bits: number
  readonly sums: readonly number[]
}

/** Push-pull, third and last step: the records of the buckets that differ. */
export interface SyncRecords {
  readonly type: 'sync-records'
  readonly bits: number
  readonly buckets: readonly number[]
  readonly news: News
  /** The receiver shall answer with what it knows better about these buckets. */
  readonly answer: boolean
  /** More buckets differ than fitted: begin again after this exchange. */
  readonly more: boolean
}

export type SwimMessage =
  | Ping
  | Ack
  | PingRequest
  | Nack
  | Gossip
  | SyncDigest
  | SyncBuckets
  | SyncRecords

/** What the model needs of protocols/limits.ts. */
export interface MembershipLimits {
  /** Bytes of news and frame in one control message. */
  readonly messageBytes: number
  readonly syncBytes: number
  readonly queuedNews: number
  readonly deadRecords: number
  readonly tombstones: number
  readonly relays: number
  readonly checks: number
  readonly coordinates: number
}

const idSchema = z.string().min(1).max(128)
const countSchema = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
/** Room is left above so that a refutation can always go higher. */
const incarnationSchema = z
  .number()
  .int()
  .min(0)
  .max(2 ** 52)
const finiteSchema = z.number().min(-1e9).max(1e9)

const coordinateSchema = z.strictObject({
  vector: z.array(finiteSchema).min(1).max(8),
  height: finiteSchema,
  error: finiteSchema,
})

const cardSchema = z.strictObject({
  name: z.string().max(255),
  addresses: z.array(z.string().max(256)).max(16),
  zone: z.string().max(64),
  weight: z.number().min(0).max(1_000),
  capabilities: z.array(z.string().max(64)).max(32),
  version: z.string().max(64),
  admin: z.enum(['open', 'draining', 'maintenance']),
  condition: z.enum(['ok', 'degraded', 'syncing']),
  revision: countSchema,
  nodeId: z.string().max(128).optional(),
  life: incarnationSchema.optional(),
  responder: z.string().max(128).optional(),
})

const claimSchema = z.strictObject({
  id: idSchema,
  incarnation: incarnationSchema,
  liveness: z.enum(['alive', 'suspect', 'dead', 'left']),
  by: idSchema.optional(),
  witness: idSchema.optional(),
  evidence: z.enum(['refused', 'closed']).optional(),
  card: cardSchema.optional(),
})

const resultSchema = z.enum(['ok', 'warn', 'fail'])
const heartbeatSchema = z.strictObject({
  id: idSchema,
  incarnation: incarnationSchema,
  sequence: countSchema,
  sentAtMs: countSchema,
  resources: z.strictObject({
    cpuPercent: finiteSchema,
    memoryMb: finiteSchema,
    memoryMaxMb: finiteSchema,
    diskFreeMb: finiteSchema,
    loopDelayMs: finiteSchema,
    queued: finiteSchema,
  }),
  check: z
    .strictObject({
      disk: resultSchema,
      clock: resultSchema,
      certificates: resultSchema,
      queues: resultSchema,
      loop: resultSchema,
    })
    .optional(),
  coordinate: coordinateSchema.optional(),
})

const newsSchema = z.strictObject({
  claims: z.array(claimSchema).max(4_096),
  heartbeats: z.array(heartbeatSchema).max(4_096),
})
const seqSchema = z.number().int().min(0).max(0xff_ff_ff_ff)
const bitsSchema = z.number().int().min(0).max(8)

const messageSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ping'), seq: seqSchema, news: newsSchema.optional() }),
  z.strictObject({
    type: z.literal('ack'),
    seq: seqSchema,
    news: newsSchema.optional(),
    coordinate: coordinateSchema.optional(),
  }),
  z.strictObject({
    type: z.literal('ping-req'),
    seq: seqSchema,
    target: idSchema,
    news: newsSchema.optional(),
  }),
  z.strictObject({ type: z.literal('nack'), seq: seqSchema }),
  z.strictObject({ type: z.literal('gossip'), news: newsSchema }),
  z.strictObject({ type: z.literal('sync-digest'), hash: z.string().max(32), size: seqSchema }),
  z.strictObject({
    type: z.literal('sync-buckets'),
    bits: bitsSchema,
    sums: z.array(seqSchema).max(512),
  }),
  z.strictObject({
    type: z.literal('sync-records'),
    bits: bitsSchema,
    buckets: z.array(z.number().int().min(0).max(255)).max(256),
    news: newsSchema,
    answer: z.boolean(),
    more: z.boolean(),
  }),
])

/** Read a decoded frame; undefined means that the sender broke the protocol: count it, drop it. */
export function parseSwimMessage(value: unknown): SwimMessage | undefined {
  const read = messageSchema.safeParse(value)
  return read.success ? (read.data as SwimMessage) : undefined
}
