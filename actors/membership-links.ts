/**
 * MemberLinks: the two membership channels to each peer, and what arrived on them.
 *
 * Probes have a channel of their own, so that an exchange of records never delays one. The peer
 * with the lower id opens both and both sides use them. Arrivals wait here until the actor takes
 * them; a channel whose frames wait too long is not read. What cannot be sent now is held for a
 * moment, then given up: late probes are worthless.
 */
import {
  memberDialTimeoutMs,
  memberInboxFrames,
  memberReopenMs,
  memberWaitingMax,
} from '../protocols/limits.ts'
import type { SwimMessage } from '../protocols/membership.ts'
import { memberProtocol, swimProtocol } from '../protocols/net.ts'
import type { Codec } from '../src/ports/codec.ts'
import type { Channel, Net, PeerEvent, PeerId, Unsubscribe } from '../src/ports/net.ts'
import { isRefused } from './membership-refusal.ts'

export type Arrival =
  | { readonly kind: 'frame'; readonly from: PeerId; readonly bytes: Uint8Array }
  | { readonly kind: 'news'; readonly from: PeerId; readonly bytes: Uint8Array }
  /** Both channels are open. */
  | { readonly kind: 'ready'; readonly peer: PeerId }
  /** The connection closed, and not because this side wanted that. */
  | { readonly kind: 'lost'; readonly peer: PeerId }
  | { readonly kind: 'failed'; readonly peer: PeerId; readonly refused: boolean }
  /** Its responder says how long its main thread has not come back. */
  | {
      readonly kind: 'busy'
      readonly peer: PeerId
      readonly seq: number
      readonly busyMs: number
    }

export interface LinksInit {
  readonly net: Net
  readonly codec: Codec
  /** Something has arrived where nothing waited. */
  readonly wake: () => void
}

type ChannelName = 'swim' | 'member'

interface Link {
  readonly peerId: PeerId
  readonly channels: Partial<Record<ChannelName, Channel>>
  readonly waiting: SwimMessage[]
  opening: boolean
  dialling: boolean
  /** Open what is missing at or after this time. */
  reopenAtMs: number
}

const protocols = { swim: swimProtocol, member: memberProtocol } as const
const names: readonly ChannelName[] = ['swim', 'member']

export class MemberLinks {
  readonly counters = { sent: 0, received: 0, dropped: 0, undelivered: 0 }
  readonly #init: LinksInit
  readonly #links = new Map<PeerId, Link>()
  readonly #inbox: Arrival[] = []
  readonly #unread = new Map<Channel, number>()
  readonly #frames = new Map<Arrival, Channel>()
  readonly #undo: Unsubscribe[] = []
  #closed = false

  private constructor(init: LinksInit) {
    this.#init = init
  }

  static async open(init: LinksInit): Promise<MemberLinks> {
    const links = new MemberLinks(init)
    const { net } = init
    links.#undo.push(
      await net.handle(swimProtocol, (channel) => links.#incoming('swim', channel)),
      await net.handle(memberProtocol, (channel) => links.#incoming('member', channel)),
      net.onPeer((event) => links.#peerChanged(event)),
    )
    for (const { peerId } of net.peers()) links.#open(links.#linkTo(peerId))
    return links
  }

  /** Send now, or when the peer can be reached within the moment that a probe is worth. */
  send(to: PeerId, message: SwimMessage, addresses: readonly string[]): void {
    const link = this.#linkTo(to)
    const channel = link.channels[nameOf(message)]
    if (channel !== undefined) {
      this.#sendOn(channel, message)
      return
    }
    link.waiting.push(message)
    if (link.waiting.length > memberWaitingMax) {
      link.waiting.shift()
      this.counters.dropped += 1
    }
    if (this.#init.net.peer(to) === undefined) this.#dial(link, addresses)
  }

  /** The oldest arrival that nobody has taken. */
  take(): Arrival | undefined {
    const arrival = this.#inbox.shift()
    if (arrival !== undefined) this.#release(arrival)
    return arrival
  }

  get waiting(): number {
    return this.#inbox.length
  }

  /** Put news of a topic among the arrivals. */
  hear(from: PeerId, bytes: Uint8Array): void {
    if (this.#inbox.length > memberInboxFrames * memberWaitingMax) this.counters.dropped += 1
    else this.#arrive({ kind: 'news', from, bytes })
  }

  /** A responder answered for the peer that this probe could not reach. */
  hearBusy(peer: PeerId, seq: number, busyMs: number): void {
    this.#arrive({ kind: 'busy', peer, seq, busyMs })
  }

  /** Open again what ended while its peer stayed. */
  tend(nowMs: number): void {
    for (const link of this.#links.values()) {
      if (link.reopenAtMs === Number.POSITIVE_INFINITY) continue
      if (link.reopenAtMs === 0) link.reopenAtMs = nowMs + memberReopenMs
      if (nowMs >= link.reopenAtMs) this.#open(link)
    }
  }

  /** A peer that breaks the protocol loses its channels. */
  refuse(peerId: PeerId, reason: string): void {
    const link = this.#links.get(peerId)
    for (const name of names) link?.channels[name]?.abort(reason)
  }

  close(): void {
    this.#closed = true
    for (const undo of this.#undo) undo()
    for (const link of this.#links.values()) {
      for (const name of names) link.channels[name]?.close()
    }
    this.#links.clear()
    this.#inbox.length = 0
  }

  #linkTo(peerId: PeerId): Link {
    const known = this.#links.get(peerId)
    if (known !== undefined) return known
    const link: Link = {
      peerId,
      channels: {},
      waiting: [],
      opening: false,
      dialling: false,
      reopenAtMs: Number.POSITIVE_INFINITY,
    }
    this.#links.set(peerId, link)
    return link
  }

  #peerChanged(event: PeerEvent): void {
    if (event.kind === 'up') {
      this.#open(this.#linkTo(event.peer.peerId))
      return
    }
    this.#links.delete(event.peerId)
    if (event.reason === 'lost') this.#arrive({ kind: 'lost', peer: event.peerId })
  }

  /** Only the lower id opens, so there is one channel of each kind. */
  #open(link: Link): void {
    const { net } = this.#init
    link.reopenAtMs = Number.POSITIVE_INFINITY
    if (link.opening || this.#closed || net.peerId > link.peerId) return
    if (net.peer(link.peerId) === undefined) return
    link.opening = true
    const missing = names.filter((name) => link.channels[name] === undefined)
    const opened = Promise.all(
      missing.map(async (name) =>
        this.#add(link, name, await net.open(link.peerId, protocols[name])),
      ),
    )
    const done = (reopenAtMs: number): void => {
      link.opening = false
      link.reopenAtMs = reopenAtMs
    }
    // A channel that could not be opened is tried again when the links are next tended.
    void opened.then(
      () => done(Number.POSITIVE_INFINITY),
      () => done(0),
    )
  }

  #incoming(name: ChannelName, channel: Channel): void {
    if (this.#init.net.peerId < channel.peerId) channel.abort('this side opens the link')
    else this.#add(this.#linkTo(channel.peerId), name, channel)
  }

  #add(link: Link, name: ChannelName, channel: Channel): void {
    if (this.#closed || this.#links.get(link.peerId) !== link) {
      channel.abort('nobody needs this channel any more')
      return
    }
    const earlier = link.channels[name]
    link.channels[name] = channel
    earlier?.abort('replaced by a newer channel')
    channel.onEnd(() => this.#ended(link, name, channel))
    channel.onFrame((frame) => this.#frame(channel, frame))
    const { swim, member } = link.channels
    if (swim === undefined || member === undefined) return
    this.#arrive({ kind: 'ready', peer: link.peerId })
    for (const message of link.waiting.splice(0)) this.send(link.peerId, message, [])
  }

  #ended(link: Link, name: ChannelName, channel: Channel): void {
    this.#unread.delete(channel)
    if (link.channels[name] !== channel) return
    delete link.channels[name]
    link.reopenAtMs = 0
  }

  #sendOn(channel: Channel, message: SwimMessage): void {
    const { codec } = this.#init
    if (channel.send(codec.encode(message, `membership ${message.type}`))) this.counters.sent += 1
    else this.counters.dropped += 1
  }

  #frame(channel: Channel, frame: Uint8Array): void {
    const arrival: Arrival = { kind: 'frame', from: channel.peerId, bytes: frame.slice() }
    const unread = (this.#unread.get(channel) ?? 0) + 1
    this.#unread.set(channel, unread)
    this.#frames.set(arrival, channel)
    if (unread === memberInboxFrames) channel.pause()
    this.counters.received += 1
    this.#arrive(arrival)
  }

  #release(arrival: Arrival): void {
    const channel = this.#frames.get(arrival)
    if (channel === undefined) return
    this.#frames.delete(arrival)
    const unread = this.#unread.get(channel)
    if (unread === undefined) return
    this.#unread.set(channel, unread - 1)
    if (unread === memberInboxFrames) channel.resume()
  }

  #arrive(arrival: Arrival): void {
    this.#inbox.push(arrival)
    if (this.#inbox.length === 1) this.#init.wake()
  }

  #dial(link: Link, addresses: readonly string[]): void {
    if (link.dialling || this.#closed) return
    link.dialling = true
    const { peerId } = link
    const dialled = this.#init.net.dial({ peerId, addresses }, { timeoutMs: memberDialTimeoutMs })
    void dialled.then(
      () => {
        link.dialling = false
      },
      (error: unknown) => {
        link.dialling = false
        this.counters.undelivered += link.waiting.length
        link.waiting.length = 0
        this.#forgetIdle(link)
        this.#arrive({ kind: 'failed', peer: peerId, refused: isRefused(error) })
      },
    )
  }

  /** A peer that is not there leaves nothing behind. */
  #forgetIdle(link: Link): void {
    const { net } = this.#init
    if (net.peer(link.peerId) === undefined && this.#links.get(link.peerId) === link) {
      this.#links.delete(link.peerId)
    }
  }
}

function nameOf(message: SwimMessage): ChannelName {
  return message.type.startsWith('sync-') ? 'member' : 'swim'
}
