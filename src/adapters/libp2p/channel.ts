/**
 * StreamChannel: an ordered channel of frames over one libp2p stream.
 *
 * It joins an outbox and an inbox and decides how the channel ends: gracefully after the last
 * frame in both directions, or at once with the reason of whoever broke it.
 */
import type { Stream } from '@libp2p/interface'
import { frameHeaderBytes } from '../../../protocols/frame.ts'
import { frameTooLarge } from '../../../protocols/net-refusals.ts'
import type { ChannelProtocol, Lane } from '../../../protocols/net.ts'
import type { Channel, ChannelEnd, PeerId } from '../../ports/net.ts'
import type { NetCounters } from '../../../protocols/net-counters.ts'
import { Inbox } from './inbox.ts'
import type { Link } from './link.ts'
import { Outbox } from './outbox.ts'

export interface ChannelInit {
  readonly stream: Stream
  readonly protocol: ChannelProtocol
  readonly link: Link
  readonly inbound: boolean
  readonly counters: NetCounters
  /** The peer broke a rule. */
  readonly onStrike: () => void
}

/** A peer that does not answer our end of a channel with its own is not waited for longer. */
const closeTimeoutMs = 5_000

export class StreamChannel implements Channel {
  readonly peerId: PeerId
  readonly protocol: string
  readonly lane: Lane
  readonly inbound: boolean
  readonly #init: ChannelInit
  readonly #outbox: Outbox
  readonly #inbox: Inbox
  readonly #endListeners: ((end: ChannelEnd) => void)[] = []
  #onDrain: (() => void) | undefined
  #refusedFrame = false
  #closing = false
  #remoteClosed = false
  #streamEnded = false
  #end: ChannelEnd | undefined
  #trafficAtMs = performance.now()
  #trafficCount = 0

  constructor(init: ChannelInit) {
    const { stream, protocol, link, counters } = init
    this.#init = init
    this.peerId = link.peerId
    this.protocol = stream.protocol
    this.lane = protocol.lane
    this.inbound = init.inbound
    this.#outbox = new Outbox({
      stream,
      lane: protocol.lane,
      turn: link.turn,
      onQueued: (difference) => link.countOutbound(difference),
      onFlushed: () => this.#flushed(),
    })
    this.#inbox = new Inbox({
      stream,
      frameBytesMax: protocol.frameBytesMax,
      readRate: readRateOf(protocol),
      onHeld: (difference) => link.countInbound(difference),
      onBytes: (bytes) => {
        counters.bytesIn += bytes
      },
      onViolation: (violation) => this.#violated(violation),
      onEmpty: () => this.#inboxEmpty(),
    })
    link.channels.add(this)
    counters.channelsNow += 1
    this.#listen()
  }

  get open(): boolean {
    return this.#end === undefined && !this.#closing
  }

  get queuedBytes(): number {
    return this.#outbox.queuedBytes
  }

  send(frame: Uint8Array): boolean {
    if (!this.open) return false
    const { protocol, link, counters } = this.#init
    const size = frame.length + frameHeaderBytes
    if (frame.length > protocol.frameBytesMax) throw frameTooLarge(frame.length, protocol)
    if (this.#outbox.queuedBytes + size > protocol.queueBytesMax || !link.outboundFits(size)) {
      counters.framesRejected += 1
      this.#refusedFrame = true
      link.awaitRoom(this)
      if (protocol.onFull === 'close') this.#finish('overflow')
      return false
    }
    counters.framesOut += 1
    counters.bytesOut += size
    this.#trafficCount += 1
    this.#outbox.add(frame)
    return true
  }

  onFrame(reader: (frame: Uint8Array) => void): void {
    const { counters } = this.#init
    this.#inbox.read((frame) => {
      counters.framesIn += 1
      this.#trafficCount += 1
      reader(frame)
    })
  }

  onDrain(listener: () => void): void {
    this.#onDrain = listener
  }

  onEnd(listener: (end: ChannelEnd) => void): void {
    if (this.#end === undefined) this.#endListeners.push(listener)
    else listener(this.#end)
  }

  pause(): void {
    this.#inbox.brake('reader')
  }

  resume(): void {
    this.#inbox.release('reader')
  }

  close(): void {
    if (!this.open) return
    this.#closing = true
    this.#outbox.flush()
  }

  abort(reason: string): void {
    this.#finish('aborted', reason)
  }

  /** The connection is gone or no longer used. */
  lose(): void {
    this.#finish('lost')
  }

  /** Look at the clocks; called about once a second. */
  inspect(nowMs: number): void {
    const { protocol, counters } = this.#init
    if (this.#inbox.waitingMs(nowMs) > protocol.readTimeoutMs) {
      counters.readTimeouts += 1
      this.#finish('read_timeout')
      this.#init.onStrike()
    } else if (this.#outbox.stalledMs(nowMs) > protocol.writeTimeoutMs) {
      counters.writeTimeouts += 1
      this.#finish('write_timeout')
    } else if (this.#idle(nowMs)) this.#finish('idle')
  }

  #idle(nowMs: number): boolean {
    if (this.#trafficCount > 0) {
      this.#trafficCount = 0
      this.#trafficAtMs = nowMs
    }
    const { idleTimeoutMs } = this.#init.protocol
    return idleTimeoutMs !== undefined && nowMs - this.#trafficAtMs > idleTimeoutMs
  }

  #listen(): void {
    const { stream } = this.#init
    stream.addEventListener('message', (event) => this.#inbox.take(event.data))
    stream.addEventListener('drain', () => this.#outbox.drained())
    stream.addEventListener('remoteCloseWrite', () => {
      this.#remoteClosed = true
    })
    stream.addEventListener('end', () => this.#readableEnded())
    stream.addEventListener('close', () => this.#readableEnded())
  }

  #flushed(): void {
    if (this.#closing && this.#outbox.empty) this.#finish('closed')
    else this.notifyDrain()
  }

  /** Tell a sender that was refused when half of its queue is free, and half of its peer's. */
  notifyDrain(): void {
    const { protocol, link } = this.#init
    if (!this.#refusedFrame || !this.open) return
    if (this.#outbox.queuedBytes > protocol.queueBytesMax / 2 || !link.outboundHalfFree) return
    this.#refusedFrame = false
    this.#onDrain?.()
  }

  /** Nothing more will be read; the end waits until the reader has seen the last frame. */
  #readableEnded(): void {
    this.#streamEnded = true
    if (this.#init.stream.status === 'reset') this.#finish('reset')
    else if (this.#inbox.empty) this.#inboxEmpty()
  }

  #inboxEmpty(): void {
    if (this.#streamEnded) this.#finish(this.#remoteClosed ? 'closed' : 'lost')
  }

  #violated(violation: 'oversized' | 'overflow'): void {
    this.#finish(violation)
    if (violation === 'overflow') return
    this.#init.counters.framesOversized += 1
    this.#init.onStrike()
  }

  #finish(end: ChannelEnd, reason: string = end): void {
    if (this.#end !== undefined) return
    this.#end = end
    const { stream, link, counters } = this.#init
    this.#outbox.end()
    this.#inbox.end()
    link.channels.delete(this)
    counters.channelsNow -= 1
    if (end === 'closed') void closeStream(stream)
    else stream.abort(new Error(`channel ended: ${reason}`))
    for (const listener of this.#endListeners) listener(end)
  }
}

/** Send our end; a failure to do so is answered by an abort and needs no other listener. */
async function closeStream(stream: Stream): Promise<void> {
  const signal = AbortSignal.timeout(closeTimeoutMs)
  try {
    await stream.close({ signal })
    setTimeout(() => stream.abort(new Error('peer kept its end open')), closeTimeoutMs).unref()
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error(String(error)))
  }
}

function readRateOf(protocol: ChannelProtocol) {
  const { readBytesPerSecond } = protocol
  if (readBytesPerSecond === undefined) return undefined
  return { perSecond: readBytesPerSecond, burst: readBytesPerSecond }
}
