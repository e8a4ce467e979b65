/**
 * Link: one proven peer, the connection that is used for it, and what it may hold of us.
 */
import type { Connection } from '@libp2p/interface'
import type { HelloAbout } from '../../../protocols/hello.ts'
import { netOpensBurst, netOpensPerSecond, netPeerBytesMax } from '../../../protocols/limits.ts'
import { fullBucket, takeTokens } from '../../../protocols/rate.ts'
import type { TokenBucket } from '../../../protocols/rate.ts'
import type { Peer, PeerId } from '../../ports/net.ts'
import type { StreamChannel } from './channel.ts'
import { WriteTurn } from './write-turn.ts'

const openRate = { perSecond: netOpensPerSecond, burst: netOpensBurst }

export class Link {
  readonly peerId: PeerId
  readonly connection: Connection
  readonly dialer: PeerId
  readonly provenAtMs: number
  readonly turn: WriteTurn
  readonly peer: Peer
  readonly channels = new Set<StreamChannel>()
  readonly #opens: TokenBucket
  readonly #awaitingRoom = new Set<StreamChannel>()
  #outboundBytes = 0
  #inboundBytes = 0

  constructor(connection: Connection, self: PeerId, about: HelloAbout) {
    this.peerId = connection.remotePeer.toString()
    this.connection = connection
    this.turn = WriteTurn.of(connection.timeline)
    this.dialer = connection.direction === 'outbound' ? self : this.peerId
    this.provenAtMs = performance.now()
    this.#opens = fullBucket(openRate, this.provenAtMs)
    this.peer = {
      peerId: this.peerId,
      direction: connection.direction,
      remoteAddress: connection.remoteAddr.toString(),
      about,
    }
  }

  /** Whether this peer may open another channel of a protocol now. */
  mayOpen(protocol: string, channelsMax: number): boolean {
    if (!takeTokens(this.#opens, openRate, performance.now())) return false
    let inbound = 0
    for (const channel of this.channels) {
      if (channel.protocol === protocol && channel.inbound) inbound += 1
    }
    return inbound < channelsMax
  }

  /** Whether so many bytes more may wait for this peer. */
  outboundFits(bytes: number): boolean {
    return this.#outboundBytes + bytes <= netPeerBytesMax
  }

  get outboundHalfFree(): boolean {
    return this.#outboundBytes <= netPeerBytesMax / 2
  }

  countOutbound(difference: number): void {
    this.#outboundBytes += difference
    if (difference < 0 && this.#awaitingRoom.size > 0 && this.outboundHalfFree) this.#giveRoom()
  }

  /** A channel was refused; it wants to hear when there is room. */
  awaitRoom(channel: StreamChannel): void {
    this.#awaitingRoom.add(channel)
  }

  #giveRoom(): void {
    const waiting = [...this.#awaitingRoom]
    this.#awaitingRoom.clear()
    // Not now: bytes are counted in the middle of a flush.
    for (const channel of waiting) queueMicrotask(() => channel.notifyDrain())
  }

  /** Count bytes of this peer that wait unread; false when they are too many. */
  countInbound(difference: number): boolean {
    this.#inboundBytes += difference
    return this.#inboundBytes <= netPeerBytesMax
  }

  get heldBytes(): { readonly outbound: number; readonly inbound: number } {
    return { outbound: this.#outboundBytes, inbound: this.#inboundBytes }
  }
}
