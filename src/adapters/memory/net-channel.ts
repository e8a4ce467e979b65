/**
 * MemoryChannel: one end of a channel between two nets of one process.
 *
 * It behaves as the real one does: a window of bytes that the other side has not read, a bounded
 * queue behind it, frames that wait for their reader. Frames are copied on sending, so that what
 * arrives cannot change with what was sent.
 */
import { frameHeaderBytes } from '../../../protocols/frame.ts'
import { netWindowBytes } from '../../../protocols/limits.ts'
import type { NetCounters } from '../../../protocols/net-counters.ts'
import { frameTooLarge } from '../../../protocols/net-refusals.ts'
import type { ChannelProtocol, Lane } from '../../../protocols/net.ts'
import type { Channel, ChannelEnd, PeerId } from '../../ports/net.ts'
import type { MemoryLink } from './net-link.ts'

export interface MemoryChannelInit {
  readonly protocol: ChannelProtocol
  readonly id: string
  readonly link: MemoryLink
  readonly inbound: boolean
  readonly counters: NetCounters
}

export class MemoryChannel implements Channel {
  readonly peerId: PeerId
  readonly protocol: string
  readonly lane: Lane
  readonly inbound: boolean
  readonly #init: MemoryChannelInit
  readonly #endListeners: ((end: ChannelEnd) => void)[] = []
  #twin: MemoryChannel | undefined
  #queue: Uint8Array[] = []
  #queuedBytes = 0
  #inFlightBytes = 0
  #held: Uint8Array[] = []
  #readBytes = 0
  #reader: ((frame: Uint8Array) => void) | undefined
  #paused = false
  #reading = false
  #onDrain: (() => void) | undefined
  #refusedFrame = false
  #closing = false
  #remoteClosed = false
  #end: ChannelEnd | undefined
  #forgetWriteTimer: (() => void) | undefined
  #forgetIdleTimer: (() => void) | undefined
  #trafficAtMs: number

  constructor(init: MemoryChannelInit) {
    this.#init = init
    this.peerId = init.link.peerId
    this.protocol = init.id
    this.lane = init.protocol.lane
    this.inbound = init.inbound
    this.#trafficAtMs = init.link.time.nowMs()
    init.link.channels.add(this)
    init.counters.channelsNow += 1
    this.#watchIdle()
  }

  /** Join the two ends; called once for each. */
  meet(twin: MemoryChannel): void {
    this.#twin = twin
  }

  get open(): boolean {
    return this.#end === undefined && !this.#closing
  }

  get queuedBytes(): number {
    return this.#queuedBytes
  }

  send(frame: Uint8Array): boolean {
    if (!this.open) return false
    const { protocol, link, counters } = this.#init
    if (frame.length > protocol.frameBytesMax) throw frameTooLarge(frame.length, protocol)
    const size = frame.length + frameHeaderBytes
    if (this.#queuedBytes + size > protocol.queueBytesMax || !link.outboundFits(size)) {
      counters.framesRejected += 1
      this.#refusedFrame = true
      if (protocol.onFull === 'close') this.#break('overflow')
      return false
    }
    counters.framesOut += 1
    counters.bytesOut += size
    this.#trafficAtMs = link.time.nowMs()
    this.#queue.push(frame.slice())
    this.#count(size)
    this.#pump()
    return true
  }

  onFrame(reader: (frame: Uint8Array) => void): void {
    this.#reader = reader
    this.#read()
  }

  onDrain(listener: () => void): void {
    this.#onDrain = listener
  }

  onEnd(listener: (end: ChannelEnd) => void): void {
    if (this.#end === undefined) this.#endListeners.push(listener)
    else listener(this.#end)
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#read()
  }

  close(): void {
    if (!this.open) return
    this.#closing = true
    this.#pump()
  }

  abort(_reason: string): void {
    this.#break('aborted')
  }

  lose(): void {
    this.#finish('lost')
  }

  #count(difference: number): void {
    this.#queuedBytes += difference
    this.#init.link.countOutbound(difference)
  }

  /** Send while the other side has room; what is left waits, but not for ever. */
  #pump(): void {
    while (this.#queue.length > 0 && this.#inFlightBytes < netWindowBytes) {
      const frame = this.#queue.shift() as Uint8Array
      const size = frame.length + frameHeaderBytes
      this.#count(-size)
      this.#inFlightBytes += size
      this.#init.link.send(size, () => this.#twin?.receive(frame))
    }
    this.#watchWrites()
    if (this.#closing && this.#queue.length === 0) this.#sendEnd()
    else this.#notifyDrain()
  }

  #notifyDrain(): void {
    const { protocol, link } = this.#init
    if (!this.#refusedFrame || !this.open) return
    if (this.#queuedBytes > protocol.queueBytesMax / 2 || !link.outboundHalfFree) return
    this.#refusedFrame = false
    // A drain is an event of its own, never part of the call that made room.
    link.time.after(0, () => this.#onDrain?.())
  }

  #sendEnd(): void {
    this.#init.link.send(frameHeaderBytes, () => this.#twin?.receiveEnd())
    this.#finish('closed')
  }

  receive(frame: Uint8Array): void {
    if (this.#end !== undefined) return
    const { protocol, counters, link } = this.#init
    counters.bytesIn += frame.length + frameHeaderBytes
    this.#trafficAtMs = link.time.nowMs()
    if (frame.length > protocol.frameBytesMax) {
      counters.framesOversized += 1
      this.#break('oversized')
      return
    }
    this.#held.push(frame)
    this.#read()
  }

  receiveEnd(): void {
    this.#remoteClosed = true
    if (this.#held.length === 0) this.#finish('closed')
  }

  receiveReset(): void {
    this.#finish('reset')
  }

  /** The other side has read so many bytes of ours. */
  receiveCredit(bytes: number): void {
    this.#inFlightBytes -= bytes
    if (this.#end === undefined) this.#pump()
  }

  #read(): void {
    if (this.#reading) return
    this.#reading = true
    while (this.#reader !== undefined && !this.#paused && this.#held.length > 0) {
      const frame = this.#held.shift() as Uint8Array
      this.#credit(frame.length + frameHeaderBytes)
      this.#init.counters.framesIn += 1
      this.#reader(frame)
    }
    this.#reading = false
    if (this.#remoteClosed && this.#held.length === 0) this.#finish('closed')
  }

  /** Tell the sender in larger steps what was read. */
  #credit(bytes: number): void {
    this.#readBytes += bytes
    if (this.#readBytes < netWindowBytes / 4) return
    const read = this.#readBytes
    this.#readBytes = 0
    this.#init.link.send(frameHeaderBytes, () => this.#twin?.receiveCredit(read))
  }

  #watchWrites(): void {
    this.#forgetWriteTimer?.()
    this.#forgetWriteTimer = undefined
    if (this.#queue.length === 0 || this.#end !== undefined) return
    const { link, protocol, counters } = this.#init
    this.#forgetWriteTimer = link.time.after(protocol.writeTimeoutMs, () => {
      counters.writeTimeouts += 1
      this.#break('write_timeout')
    })
  }

  #watchIdle(): void {
    const { link, protocol } = this.#init
    const { idleTimeoutMs } = protocol
    if (idleTimeoutMs === undefined) return
    const restMs = this.#trafficAtMs + idleTimeoutMs - link.time.nowMs()
    this.#forgetIdleTimer = link.time.after(Math.max(1, restMs), () => {
      if (link.time.nowMs() - this.#trafficAtMs >= idleTimeoutMs) this.#break('idle')
      else this.#watchIdle()
    })
  }

  /** End here, and tell the other side that it was not in peace. */
  #break(end: ChannelEnd): void {
    if (this.#end !== undefined) return
    this.#init.link.send(frameHeaderBytes, () => this.#twin?.receiveReset())
    this.#finish(end)
  }

  #finish(end: ChannelEnd): void {
    if (this.#end !== undefined) return
    this.#end = end
    const { link, counters } = this.#init
    this.#forgetWriteTimer?.()
    this.#forgetIdleTimer?.()
    this.#count(-this.#queuedBytes)
    this.#queue = []
    this.#held = []
    link.channels.delete(this)
    counters.channelsNow -= 1
    for (const listener of this.#endListeners) listener(end)
  }
}
