/**
 * Net vocabulary: which protocols and topics a mesh speaks, each with its lane and its limits.
 *
 * A protocol that is not declared here, or by whoever opens it, does not exist: both ends refuse
 * what they did not declare. Sizes are those of one frame without its length prefix.
 */
import * as limits from './limits.ts'

/** Control overtakes small, small overtakes bulk; bulk is paced. */
export type Lane = 'control' | 'small' | 'bulk'

/** What a full outbound queue does: refuse the frame, or end the channel. */
export type Overflow = 'reject' | 'close'

export interface ChannelProtocol {
  /** Offered in this order, the preferred version first: `/shoal/actor/1.1.0`, then `…/1.0.0`. */
  readonly ids: readonly [string, ...string[]]
  readonly lane: Lane
  readonly frameBytesMax: number
  readonly queueBytesMax: number
  readonly onFull: Overflow
  readonly channelsPerPeerMax: number
  /** A frame that has begun must be complete within this time. */
  readonly readTimeoutMs: number
  /** Queued bytes must move within this time. */
  readonly writeTimeoutMs: number
  /** A channel without traffic ends after this time; absent means that it may rest for ever. */
  readonly idleTimeoutMs?: number
  /** Reading pauses when a peer sends faster than this; absent means as fast as it is read. */
  readonly readBytesPerSecond?: number
}

export interface Topic {
  readonly name: string
  readonly messageBytesMax: number
  /** Beyond this an origin's messages are ignored. */
  readonly perOriginPerSecond: number
  /** Beyond this they are rejected, which costs the peer that forwards them. */
  readonly perOriginAbusePerSecond: number
}

const lanes = {
  control: { lane: 'control', queueBytesMax: limits.netControlQueueBytesMax },
  small: { lane: 'small', queueBytesMax: limits.netSmallQueueBytesMax },
  bulk: { lane: 'bulk', queueBytesMax: limits.netBulkQueueBytesMax },
} as const

/** Declare a protocol: what is not said is the usual figure of its lane. */
export function channelProtocol(
  id: string,
  options: { readonly lane: Lane; readonly frameBytesMax: number } & Partial<ChannelProtocol>,
): ChannelProtocol {
  return {
    ids: [id],
    onFull: 'reject',
    channelsPerPeerMax: limits.netChannelsPerPeerMax,
    readTimeoutMs: limits.netReadTimeoutMs,
    writeTimeoutMs: limits.netWriteTimeoutMs,
    ...lanes[options.lane],
    ...options,
  }
}

export const helloProtocolId = '/shoal/hello/1.0.0'

/** Probes: late is as good as lost, so nothing queues. */
export const swimProtocol = channelProtocol('/shoal/swim/1.0.0', {
  lane: 'control',
  frameBytesMax: limits.swimFrameBytesMax,
})

/** Membership records, exchanged whole. */
export const memberProtocol = channelProtocol('/shoal/member/1.0.0', {
  lane: 'control',
  frameBytesMax: limits.memberFrameBytesMax,
  queueBytesMax: limits.netSmallQueueBytesMax,
})

/** Tell, ask, reply, stream, watch. */
export const actorProtocol = channelProtocol('/shoal/actor/1.0.0', {
  lane: 'small',
  frameBytesMax: limits.actorFrameBytesMax,
})

/** The same, for what would make small messages wait. */
export const actorBulkProtocol = channelProtocol('/shoal/actor-bulk/1.0.0', {
  lane: 'bulk',
  frameBytesMax: limits.actorFrameBytesMax,
})

/** Topic names carry the cluster, so that two clusters on one LAN never share one. */
export function topicName(cluster: string, subject: string): string {
  return `/shoal/${cluster}/${subject}`
}

/** Declare a topic of a cluster with the usual limits. */
export function topic(cluster: string, subject: string, options: Partial<Topic> = {}): Topic {
  return {
    name: topicName(cluster, subject),
    messageBytesMax: limits.topicMessageBytesMax,
    perOriginPerSecond: limits.topicPerOriginPerSecond,
    perOriginAbusePerSecond: limits.topicPerOriginAbusePerSecond,
    ...options,
  }
}
