/**
 * MemoryLink: one side's view of a connection between two nets of one process.
 *
 * It knows the wire to the other side, the channels on it, and how much may wait for that peer.
 */
import { netOpensBurst, netOpensPerSecond, netPeerBytesMax } from '../../../protocols/limits.ts'
import { fullBucket, takeTokens } from '../../../protocols/rate.ts'
import type { TokenBucket } from '../../../protocols/rate.ts'
import type { Peer, PeerId } from '../../ports/net.ts'
import type { MemoryChannel } from './net-channel.ts'
import type { NetworkTime, Pipe } from './network.ts'

const openRate = { perSecond: netOpensPerSecond, burst: netOpensBurst }

export interface MemoryLinkInit {
  readonly peerId: PeerId
  readonly dialer: PeerId
  readonly pipe: Pipe
  readonly time: NetworkTime
}

export class MemoryLink {
  readonly peerId: PeerId
  readonly dialer: PeerId
  readonly time: NetworkTime
  readonly channels = new Set<MemoryChannel>()
  readonly #pipe: Pipe
  readonly #opens: TokenBucket
  #outboundBytes = 0
  readonly #lostListeners = new Set<() => void>()
  /** The other side's view of the same connection. */
  twin: MemoryLink | undefined
  /** Set when the hello is over. */
  peer: Peer | undefined
  provenAtMs = 0

  constructor(init: MemoryLinkInit) {
    this.peerId = init.peerId
    this.dialer = init.dialer
    this.time = init.time
    this.#pipe = init.pipe
    this.#opens = fullBucket(openRate, init.time.nowMs())
  }

  send(bytes: number, arrive: () => void): void {
    this.#pipe.send(bytes, arrive)
  }

  mayOpen(protocol: string, channelsMax: number): boolean {
    if (!takeTokens(this.#opens, openRate, this.time.nowMs())) return false
    let inbound = 0
    for (const channel of this.channels) {
      if (channel.protocol === protocol && channel.inbound) inbound += 1
    }
    return inbound < channelsMax
  }

  outboundFits(bytes: number): boolean {
    return this.#outboundBytes + bytes <= netPeerBytesMax
  }

  get outboundHalfFree(): boolean {
    return this.#outboundBytes <= netPeerBytesMax / 2
  }

  countOutbound(difference: number): void {
    this.#outboundBytes += difference
  }

  /** Called once when the connection is of no use any more; answers how to forget that. */
  onLost(listener: () => void): () => void {
    this.#lostListeners.add(listener)
    return () => {
      this.#lostListeners.delete(listener)
    }
  }

  /** Nothing goes out any more. */
  end(): void {
    this.#pipe.close()
  }

  lose(): void {
    for (const channel of this.channels) channel.lose()
    for (const listener of this.#lostListeners) listener()
    this.#lostListeners.clear()
  }
}
