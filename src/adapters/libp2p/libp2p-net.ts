/**
 * Libp2pNet: the net of a real node, over parts that each know one thing.
 *
 * Admission decides who is a peer, channels carry frames, topics carry gossip, the redialler
 * stays in touch. What libp2p serves by itself is behind the gate.
 */
import type { Connection, Stream } from '@libp2p/interface'
import type { Libp2p } from 'libp2p'
import { gossipLookMs, netDialTimeoutMs, netOpenTimeoutMs } from '../../../protocols/limits.ts'
import { peerNotUp } from '../../../protocols/net-refusals.ts'
import { helloProtocolId } from '../../../protocols/net.ts'
import type { ChannelProtocol } from '../../../protocols/net.ts'
import type {
  Channel,
  DialOptions,
  DialTarget,
  Net,
  NetStats,
  Peer,
  PeerEvent,
  PeerId,
  Subscription,
  Unsubscribe,
} from '../../ports/net.ts'
import { dialable, found } from './addresses.ts'
import type { Admission } from './admission.ts'
import { StreamChannel } from './channel.ts'
import type { NetCounters } from '../../../protocols/net-counters.ts'
import type { Link } from './link.ts'
import { dialFailure, openFailure } from './net-errors.ts'
import type { Offenders } from './offenders.ts'
import { Redialer } from './redialer.ts'
import type { Topics } from './topics.ts'

export interface Libp2pNetParts {
  readonly libp2p: Libp2p
  readonly admission: Admission
  readonly topics: Topics
  readonly offenders: Offenders
  readonly counters: NetCounters
  /** Filled here, read by whoever emits. */
  readonly listeners: Set<(event: PeerEvent) => void>
  readonly mdns: boolean
}

const inspectMs = 1_000
/** The twin of a connection that was closed as superfluous is up within this time. */
const twinMs = 500

export class Libp2pNet implements Net {
  readonly peerId: PeerId
  readonly #parts: Libp2pNetParts
  readonly #redialer: Redialer
  readonly #timers: NodeJS.Timeout[] = []
  #closing: Promise<void> | undefined

  constructor(parts: Libp2pNetParts) {
    this.#parts = parts
    this.peerId = parts.libp2p.peerId.toString()
    this.#redialer = new Redialer({
      self: this.peerId,
      dial: (target) => this.dial(target),
      up: (peerId) => parts.admission.links.has(peerId),
    })
  }

  /** Begin to serve: hello first, everything else behind it. */
  async start(): Promise<void> {
    const { libp2p, admission, listeners, mdns } = this.#parts
    libp2p.addEventListener('connection:open', (event) => admission.opened(event.detail))
    libp2p.addEventListener('connection:close', (event) => admission.closed(event.detail))
    if (mdns) {
      libp2p.addEventListener('peer:discovery', (event) =>
        this.#redialer.found(found(event.detail)),
      )
    }
    listeners.add((event) => {
      if (event.kind === 'down') this.#redialer.lost(event.peerId)
    })
    await libp2p.handle(
      helloProtocolId,
      (stream, connection) => admission.heard(stream, connection),
      {
        runOnLimitedConnection: true,
        maxInboundStreams: 2,
      },
    )
    await libp2p.start()
    this.#timers.push(
      setInterval(() => this.#inspect(), inspectMs),
      setInterval(() => this.#look(), gossipLookMs),
    )
  }

  addresses(): readonly string[] {
    return this.#parts.libp2p.getMultiaddrs().map(String)
  }

  peers(): readonly Peer[] {
    return [...this.#parts.admission.links.values()].map((link) => link.peer)
  }

  peer(peerId: PeerId): Peer | undefined {
    return this.#parts.admission.links.get(peerId)?.peer
  }

  onPeer(listener: (event: PeerEvent) => void): Unsubscribe {
    const { listeners } = this.#parts
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
    }
  }

  async dial(target: DialTarget, options: DialOptions = {}): Promise<Peer> {
    const { admission, libp2p, counters } = this.#parts
    const known = target.peerId === undefined ? undefined : this.peer(target.peerId)
    if (known !== undefined) return known
    const timeoutMs = options.timeoutMs ?? netDialTimeoutMs
    counters.dials += 1
    try {
      const addresses = dialable(target)
      const connection = await libp2p.dial(addresses, { signal: AbortSignal.timeout(timeoutMs) })
      return await admission.admitted(connection)
    } catch (cause) {
      const { peerId } = target
      // The connection may have lost against one that the peer made to us at the same time.
      const twin = peerId === undefined ? undefined : await this.#twin(peerId)
      if (twin !== undefined) return twin
      counters.dialsFailed += 1
      throw dialFailure(cause, target)
    }
  }

  keep(target: DialTarget): void {
    this.#redialer.keep(target)
  }

  release(peerId: PeerId): void {
    this.#redialer.release(peerId)
  }

  disconnect(peerId: PeerId): void {
    this.#parts.admission.drop(peerId, 'disconnected')
  }

  ban(peerId: PeerId): void {
    this.#parts.offenders.ban(peerId)
    this.#parts.admission.drop(peerId, 'banned')
  }

  async handle(
    protocol: ChannelProtocol,
    onChannel: (channel: Channel) => void,
  ): Promise<Unsubscribe> {
    const { libp2p } = this.#parts
    const serve = (stream: Stream, connection: Connection): void => {
      const channel = this.#serve(stream, connection, protocol)
      if (channel !== undefined) onChannel(channel)
    }
    for (const id of protocol.ids) await libp2p.handle(id, serve, { maxInboundStreams: 64 })
    return () => {
      // Streams that are open stay; libp2p keeps its list in memory and cannot fail to change it.
      void libp2p.unhandle([...protocol.ids])
    }
  }

  async open(
    peerId: PeerId,
    protocol: ChannelProtocol,
    options: DialOptions = {},
  ): Promise<Channel> {
    const link = this.#parts.admission.links.get(peerId)
    if (link === undefined) throw peerNotUp(peerId)
    const signal = AbortSignal.timeout(options.timeoutMs ?? netOpenTimeoutMs)
    try {
      const stream = await link.connection.newStream([...protocol.ids], { signal })
      return this.#channel(stream, link, protocol, false)
    } catch (cause) {
      throw openFailure(cause, peerId, protocol.ids[0])
    }
  }

  subscribe(topic: string, subscription: Subscription): Unsubscribe {
    return this.#parts.topics.subscribe(topic, subscription)
  }

  publish(topic: string, data: Uint8Array): Promise<number> {
    return this.#parts.topics.publish(topic, data)
  }

  stats(): NetStats {
    return { ...this.#parts.counters }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { admission, libp2p } = this.#parts
    for (const timer of this.#timers) clearInterval(timer)
    this.#redialer.stop()
    await admission.stop()
    await libp2p.stop()
  }

  async #twin(peerId: PeerId): Promise<Peer | undefined> {
    try {
      return await this.#parts.admission.up(peerId, twinMs)
    } catch {
      return undefined
    }
  }

  #serve(stream: Stream, connection: Connection, protocol: ChannelProtocol) {
    const { admission, counters } = this.#parts
    const link = admission.links.get(connection.remotePeer.toString())
    if (link?.connection !== connection) {
      counters.unprovenRefused += 1
      stream.abort(new Error('peer has not proven itself'))
      return undefined
    }
    if (!link.mayOpen(stream.protocol, protocol.channelsPerPeerMax)) {
      counters.opensRefused += 1
      this.#strike(link)
      stream.abort(new Error('too many channels'))
      return undefined
    }
    return this.#channel(stream, link, protocol, true)
  }

  #channel(stream: Stream, link: Link, protocol: ChannelProtocol, inbound: boolean) {
    const { counters } = this.#parts
    const onStrike = (): void => this.#strike(link)
    return new StreamChannel({ stream, link, protocol, inbound, counters, onStrike })
  }

  #strike(link: Link): void {
    if (this.#parts.offenders.strike(link.peerId)) this.#parts.admission.drop(link.peerId, 'banned')
  }

  #inspect(): void {
    const nowMs = performance.now()
    for (const link of this.#parts.admission.links.values()) {
      for (const channel of link.channels) channel.inspect(nowMs)
    }
  }

  #look(): void {
    const { topics, admission } = this.#parts
    const links = [...admission.links.values()]
    for (const link of topics.graylisted(links)) this.ban(link.peerId)
    for (const link of topics.look(links, performance.now())) admission.drop(link.peerId, 'lost')
  }
}
