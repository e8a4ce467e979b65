/**
 * SimNet: the net of one simulated process, behind its gate and under the eyes of the trace.
 *
 * Everything that the net tells its process passes the gate, so a stopped process hears nothing
 * and a dead one never again. Frames are recorded as they are read.
 */
import type { MemoryNet } from '../adapters/memory/index.ts'
import type {
  Channel,
  ChannelEnd,
  DialOptions,
  DialTarget,
  Net,
  NetStats,
  Peer,
  PeerEvent,
  PeerId,
  Subscription,
  Unsubscribe,
} from '../ports/net.ts'
import type { SimGate } from './sim-gate.ts'
import type { SimTrace } from './sim-trace.ts'

type ChannelProtocol = Parameters<Net['open']>[1]

export interface SimNetInit {
  readonly net: MemoryNet
  readonly gate: SimGate
  readonly trace: SimTrace
  readonly nowMs: () => number
  /** Whether a send finds its queue full, by a fault of its own. */
  readonly full: () => boolean
  /** How much later than the wire a frame reaches its reader: lanes do not wait for each other. */
  readonly lateMs: (lane: Channel['lane']) => number
  readonly after: (delayMs: number, work: () => void) => void
}

/** An open channel and how much its queue may hold. */
export interface Bounded {
  readonly channel: Channel
  readonly queueBytesMax: number
}

export class SimNet implements Net {
  readonly peerId: PeerId
  readonly channels = new Set<Bounded>()
  readonly #init: SimNetInit

  constructor(init: SimNetInit) {
    this.#init = init
    this.peerId = init.net.peerId
  }

  addresses(): readonly string[] {
    return this.#init.net.addresses()
  }

  peers(): readonly Peer[] {
    return this.#init.net.peers()
  }

  peer(peerId: PeerId): Peer | undefined {
    return this.#init.net.peer(peerId)
  }

  onPeer(listener: (event: PeerEvent) => void): Unsubscribe {
    return this.#init.net.onPeer((event) => this.#init.gate.pass(() => listener(event)))
  }

  dial(target: DialTarget, options?: DialOptions): Promise<Peer> {
    return this.#gated(this.#init.net.dial(target, options))
  }

  keep(target: DialTarget): void {
    this.#init.net.keep(target)
  }

  release(peerId: PeerId): void {
    this.#init.net.release(peerId)
  }

  disconnect(peerId: PeerId): void {
    this.#init.net.disconnect(peerId)
  }

  ban(peerId: PeerId): void {
    this.#init.net.ban(peerId)
  }

  handle(protocol: ChannelProtocol, onChannel: (channel: Channel) => void): Promise<Unsubscribe> {
    return this.#init.net.handle(protocol, (channel) => {
      const seen = this.#seen(channel, protocol)
      this.#init.gate.pass(() => onChannel(seen))
    })
  }

  open(peerId: PeerId, protocol: ChannelProtocol, options?: DialOptions): Promise<Channel> {
    const opened = this.#init.net.open(peerId, protocol, options)
    return this.#gated(opened.then((channel) => this.#seen(channel, protocol)))
  }

  subscribe(topic: string, { onMessage, validate }: Subscription): Unsubscribe {
    const { gate, trace, nowMs } = this.#init
    return this.#init.net.subscribe(topic, {
      ...(validate === undefined ? {} : { validate }),
      onMessage: (message) =>
        gate.pass(() => {
          const { origin: from, data: bytes } = message
          trace.frame({ atMs: nowMs(), from, to: this.peerId, protocol: topic, bytes })
          onMessage(message)
        }),
    })
  }

  publish(topic: string, data: Uint8Array): Promise<number> {
    return this.#init.net.publish(topic, data)
  }

  stats(): NetStats {
    return this.#init.net.stats()
  }

  close(): Promise<void> {
    return this.#init.net.close()
  }

  #seen(channel: Channel, { queueBytesMax }: ChannelProtocol): Channel {
    const bounded = { channel, queueBytesMax }
    this.channels.add(bounded)
    channel.onEnd(() => this.channels.delete(bounded))
    return new SimChannel(channel, this.#init)
  }

  #gated<T>(promise: Promise<T>): Promise<T> {
    const { gate } = this.#init
    return new Promise((resolve, reject) => {
      promise.then(
        (value) => gate.pass(() => resolve(value)),
        (error: Error) => gate.pass(() => reject(error)),
      )
    })
  }
}

class SimChannel implements Channel {
  readonly #channel: Channel
  readonly #init: SimNetInit
  /** When the latest frame reaches its reader; how many are still to. */
  #dueMs = 0
  #late = 0

  constructor(channel: Channel, init: SimNetInit) {
    this.#channel = channel
    this.#init = init
  }

  get peerId(): PeerId {
    return this.#channel.peerId
  }

  get protocol(): string {
    return this.#channel.protocol
  }

  get lane(): Channel['lane'] {
    return this.#channel.lane
  }

  get open(): boolean {
    return this.#channel.open
  }

  get queuedBytes(): number {
    return this.#channel.queuedBytes
  }

  send(frame: Uint8Array): boolean {
    return !this.#init.full() && this.#channel.send(frame)
  }

  onFrame(reader: (frame: Uint8Array) => void): void {
    const { lateMs, nowMs, after } = this.#init
    this.#channel.onFrame((bytes) => {
      const dueMs = Math.max(this.#dueMs, nowMs() + lateMs(this.lane))
      this.#dueMs = dueMs
      if (dueMs <= nowMs() && this.#late === 0) {
        this.#read(reader, bytes)
        return
      }
      this.#late++
      after(dueMs - nowMs(), () => {
        this.#late--
        if (this.#channel.open) this.#read(reader, bytes)
      })
    })
  }

  onDrain(listener: () => void): void {
    this.#channel.onDrain(() => this.#init.gate.pass(listener))
  }

  onEnd(listener: (end: ChannelEnd) => void): void {
    this.#channel.onEnd((end) => this.#init.gate.pass(() => listener(end)))
  }

  pause(): void {
    this.#channel.pause()
  }

  resume(): void {
    this.#channel.resume()
  }

  close(): void {
    this.#channel.close()
  }

  abort(reason: string): void {
    this.#channel.abort(reason)
  }

  #read(reader: (frame: Uint8Array) => void, bytes: Uint8Array): void {
    const { gate, trace, nowMs, net } = this.#init
    const { peerId: from, protocol } = this.#channel
    gate.pass(() => {
      trace.frame({ atMs: nowMs(), from, to: net.peerId, protocol, bytes })
      reader(bytes)
    })
  }
}
