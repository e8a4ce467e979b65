/**
 * Net: peers that have proven themselves, ordered framed channels to them, and topics among them.
 *
 * A peer is *up* only after both sides proved the cluster's secret; nothing is served before.
 * There is one connection per pair of peers. A channel keeps order and message boundaries, has a
 * bounded outbound queue with a named overflow, and real back-pressure when its reader pauses.
 * Topics are best effort: a publisher learns how many peers it reached, nobody learns who missed.
 */
import type { HelloAbout } from '../../protocols/hello.ts'
import type { NetCounters } from '../../protocols/net-counters.ts'
import type { ChannelProtocol, Lane, Topic } from '../../protocols/net.ts'

/** The printed form of a peer's public key. Two ids compare as strings, the same on every node. */
export type PeerId = string

export type Unsubscribe = () => void

export interface NetIdentity {
  readonly cluster: string
  /** Known to every node of the cluster and to nobody else. */
  readonly secret: Uint8Array
  readonly software: string
  readonly features: readonly string[]
  /** No other topic can be published or subscribed. */
  readonly topics: readonly Topic[]
}

export interface Peer {
  readonly peerId: PeerId
  /** Who dialled: `outbound` means we did. */
  readonly direction: 'inbound' | 'outbound'
  /** The address of the connection in use. */
  readonly remoteAddress: string
  readonly about: HelloAbout
}

/** Why a peer went down. `lost` is a closed connection, which is a hint and not a death. */
export type PeerDownReason = 'lost' | 'disconnected' | 'replaced' | 'banned' | 'stopped'

export type PeerEvent =
  | { readonly kind: 'up'; readonly peer: Peer }
  | { readonly kind: 'down'; readonly peerId: PeerId; readonly reason: PeerDownReason }

export interface DialTarget {
  /** Absent only for an address that an operator gave without one. */
  readonly peerId?: PeerId
  readonly addresses: readonly string[]
}

export interface DialOptions {
  readonly timeoutMs?: number
}

/** How a channel ended; `closed` is the only one in which every frame arrived. */
export type ChannelEnd =
  | 'closed'
  | 'aborted'
  | 'reset'
  | 'lost'
  | 'overflow'
  | 'oversized'
  | 'read_timeout'
  | 'write_timeout'
  | 'idle'

export interface Channel {
  readonly peerId: PeerId
  /** The negotiated id, one of the protocol's. */
  readonly protocol: string
  readonly lane: Lane
  readonly open: boolean
  /** Bytes accepted by `send` that have not left this node. */
  readonly queuedBytes: number
  /**
   * Queue a frame, which must not change afterwards. False means that it was not queued: the
   * queue is full, a drain event follows; or the channel has ended.
   */
  send(frame: Uint8Array): boolean
  /**
   * Take incoming frames. A frame is a view of the received bytes: copy what is kept for long.
   * Frames wait, and the sender with them, until there is a reader.
   */
  onFrame(reader: (frame: Uint8Array) => void): void
  /** Called when a queue that refused a frame has room again. */
  onDrain(listener: () => void): void
  /** Called once; at once if the channel has ended already. */
  onEnd(listener: (end: ChannelEnd) => void): void
  pause(): void
  resume(): void
  /** Send what is queued, then end. */
  close(): void
  /** End now; queued frames are lost. */
  abort(reason: string): void
}

export interface TopicMessage {
  readonly topic: string
  /** Who published it, which its signature proves. */
  readonly origin: PeerId
  readonly data: Uint8Array
}

/** `ignore` drops a message; `reject` also costs the peer that passed it on. */
export type Verdict = 'accept' | 'ignore' | 'reject'

export interface Subscription {
  /** Runs before a message is passed on; must be quick. A throw means `ignore`. */
  readonly validate?: (message: TopicMessage) => Verdict
  readonly onMessage: (message: TopicMessage) => void
}

export type NetStats = Readonly<NetCounters>

export interface Net {
  readonly peerId: PeerId
  /** Where others can dial this node, each with its peer id. */
  addresses(): readonly string[]
  peers(): readonly Peer[]
  peer(peerId: PeerId): Peer | undefined
  onPeer(listener: (event: PeerEvent) => void): Unsubscribe
  /** Connect and prove, or use what is there. Refused as `peer_unreachable`, `peer_refused`. */
  dial(target: DialTarget, options?: DialOptions): Promise<Peer>
  /** Stay connected to a peer: redial for ever, with jittered growing pauses. */
  keep(target: DialTarget): void
  release(peerId: PeerId): void
  /** Close the connection to a peer; one that is kept will be redialled. */
  disconnect(peerId: PeerId): void
  /** Refuse a peer for a while, longer each time. */
  ban(peerId: PeerId): void
  /** Serve a protocol to peers that are up. */
  handle(protocol: ChannelProtocol, onChannel: (channel: Channel) => void): Promise<Unsubscribe>
  open(peerId: PeerId, protocol: ChannelProtocol, options?: DialOptions): Promise<Channel>
  subscribe(topic: string, subscription: Subscription): Unsubscribe
  /** Answers how many peers were sent the message: zero is a fact to look at, not an error. */
  publish(topic: string, data: Uint8Array): Promise<number>
  stats(): NetStats
  close(): Promise<void>
}
