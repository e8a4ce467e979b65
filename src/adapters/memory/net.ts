/**
 * MemoryNet: the twin of the real net, for tests and the simulator.
 *
 * Peers, channels and topics behave as the port says, over wires whose time and faults are given;
 * it starts no timer of its own and draws no chance but the network's.
 */
import type { HelloAbout } from '../../../protocols/hello.ts'
import { netBanMs, netOpenTimeoutMs } from '../../../protocols/limits.ts'
import { zeroNetCounters } from '../../../protocols/net-counters.ts'
import type { NetCounters } from '../../../protocols/net-counters.ts'
import { peerNotUp, protocolUnsupported } from '../../../protocols/net-refusals.ts'
import type { ChannelProtocol } from '../../../protocols/net.ts'
import type {
  Channel,
  DialOptions,
  DialTarget,
  Net,
  NetIdentity,
  NetStats,
  Peer,
  PeerEvent,
  PeerId,
  Subscription,
  Unsubscribe,
} from '../../ports/net.ts'
import { MemoryChannel } from './net-channel.ts'
import { NetKeeper } from './net-keeper.ts'
import type { MemoryLink } from './net-link.ts'
import { NetMeeting } from './net-meeting.ts'
import { NetTopics } from './net-topics.ts'
import type { MemoryNetwork } from './network.ts'

export interface MemoryNetOptions {
  readonly peerId: PeerId
  readonly identity: NetIdentity
}

interface Served {
  readonly protocol: ChannelProtocol
  readonly onChannel: (channel: Channel) => void
}

/** Naming a protocol and agreeing to it. */
const openBytes = 64

export class MemoryNet implements Net {
  readonly peerId: PeerId
  /** What this net can prove; equal for nets of one cluster. */
  readonly proof: string
  readonly meeting: NetMeeting
  readonly topics: NetTopics
  readonly #identity: NetIdentity
  readonly #network: MemoryNetwork
  readonly #keeper: NetKeeper
  readonly #counters = zeroNetCounters()
  readonly #listeners = new Set<(event: PeerEvent) => void>()
  readonly #served = new Map<string, Served>()

  constructor(network: MemoryNetwork, { peerId, identity }: MemoryNetOptions) {
    this.peerId = peerId
    this.proof = `${identity.cluster} ${[...identity.secret].join(' ')}`
    this.#identity = identity
    this.#network = network
    const counters = this.#counters
    this.meeting = new NetMeeting({
      self: this,
      network,
      counters,
      onUp: (link) => this.#up(link),
      onDown: (link, reason) => {
        this.#keeper.lost(link.peerId)
        this.#emit({ kind: 'down', peerId: link.peerId, reason })
      },
    })
    const { links } = this.meeting
    this.topics = new NetTopics({ self: peerId, topics: identity.topics, network, counters, links })
    this.#keeper = new NetKeeper({
      self: peerId,
      network,
      dial: (target) => this.dial(target),
      up: (other) => links.has(other),
    })
    network.join(this)
  }

  addresses(): readonly string[] {
    return [`/memory/p2p/${this.peerId}`]
  }

  about(): HelloAbout {
    const { software, features } = this.#identity
    return { software, addresses: [...this.addresses()], features: [...features] }
  }

  peers(): readonly Peer[] {
    return [...this.meeting.links.values()].flatMap(({ peer }) => peer ?? [])
  }

  peer(peerId: PeerId): Peer | undefined {
    return this.meeting.links.get(peerId)?.peer
  }

  onPeer(listener: (event: PeerEvent) => void): Unsubscribe {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  dial(target: DialTarget, options: DialOptions = {}): Promise<Peer> {
    return this.meeting.dial(target, options.timeoutMs)
  }

  keep(target: DialTarget): void {
    this.#keeper.keep(target)
  }

  release(peerId: PeerId): void {
    this.#keeper.release(peerId)
  }

  disconnect(peerId: PeerId): void {
    this.meeting.drop(peerId, 'disconnected')
  }

  ban(peerId: PeerId): void {
    this.#counters.bans += 1
    this.meeting.ban(peerId, netBanMs)
    this.meeting.drop(peerId, 'banned')
  }

  handle(protocol: ChannelProtocol, onChannel: (channel: Channel) => void): Promise<Unsubscribe> {
    for (const id of protocol.ids) this.#served.set(id, { protocol, onChannel })
    return Promise.resolve(() => {
      for (const id of protocol.ids) this.#served.delete(id)
    })
  }

  open(peerId: PeerId, protocol: ChannelProtocol, options: DialOptions = {}): Promise<Channel> {
    const link = this.meeting.links.get(peerId)
    if (link === undefined) return Promise.reject(peerNotUp(peerId))
    const opened = Promise.withResolvers<Channel>()
    const fail = (): void => opened.reject(peerNotUp(peerId))
    const stopClock = this.#network.time.after(options.timeoutMs ?? netOpenTimeoutMs, fail)
    const stopWatch = link.onLost(fail)
    link.send(openBytes, () => {
      const answer = this.#network.find(peerId)?.serve(link, protocol, this.#counters)
      link.twin?.send(openBytes, () => {
        stopClock()
        stopWatch()
        if (answer instanceof MemoryChannel) opened.resolve(answer)
        else if (answer === 'refused') fail()
        else opened.reject(protocolUnsupported(peerId, protocol.ids[0]))
      })
    })
    return opened.promise
  }

  subscribe(topic: string, subscription: Subscription): Unsubscribe {
    return this.topics.subscribe(topic, subscription)
  }

  async publish(topic: string, data: Uint8Array): Promise<number> {
    return this.topics.publish(topic, data)
  }

  stats(): NetStats {
    return { ...this.#counters }
  }

  close(): Promise<void> {
    this.#keeper.stop()
    this.meeting.stop()
    this.#network.leave(this)
    return Promise.resolve()
  }

  /** Be gone without a word: the others learn nothing until they look. */
  vanish(): void {
    this.#keeper.stop()
    this.#network.leave(this)
    for (const link of this.meeting.links.values()) this.meeting.lose(link)
  }

  /** The connection to a peer broke. */
  lose(peerId: PeerId): void {
    this.meeting.lose(this.meeting.links.get(peerId))
  }

  /** The other side of this link has ended it. */
  loseLink(theirs: MemoryLink): void {
    const mine = this.meeting.links.get(theirs.twin?.peerId ?? '')
    theirs.end()
    if (mine !== undefined && mine === theirs.twin) this.meeting.lose(mine)
  }

  /** A peer opens a channel; answers the peer's end of it, or why there is none. */
  serve(
    theirs: MemoryLink,
    wanted: ChannelProtocol,
    counters: NetCounters,
  ): MemoryChannel | 'unsupported' | 'refused' {
    const link = theirs.twin
    const id = wanted.ids.find((candidate) => this.#served.has(candidate)) ?? ''
    const served = this.#served.get(id)
    if (served === undefined || link === undefined) return 'unsupported'
    if (this.meeting.links.get(link.peerId) !== link) return 'refused'
    if (!link.mayOpen(id, served.protocol.channelsPerPeerMax)) {
      this.#counters.opensRefused += 1
      this.#counters.strikes += 1
      return 'refused'
    }
    const mine = { protocol: served.protocol, id, link, inbound: true, counters: this.#counters }
    const channel = new MemoryChannel(mine)
    const twin = new MemoryChannel({ protocol: wanted, id, link: theirs, inbound: false, counters })
    channel.meet(twin)
    twin.meet(channel)
    served.onChannel(channel)
    return twin
  }

  #up(link: MemoryLink): void {
    if (link.peer !== undefined) this.#emit({ kind: 'up', peer: link.peer })
  }

  #emit(event: PeerEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
}
