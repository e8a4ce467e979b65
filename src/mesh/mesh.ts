/**
 * Mesh: what makes actors of other systems speakable to like those at home.
 *
 * It keeps one association per system and one link per peer, turns refs into data and back, and is
 * told by membership when a system is gone. Systems are named by peer and incarnation, so a ref to
 * an actor of an earlier life of a node never reaches a later one.
 */
import type { Frame } from '../../protocols/actor-link.ts'
import { kind } from '../../protocols/actor-link.ts'
import { actorRemembered } from '../../protocols/limits.ts'
import { actorBulkProtocol, actorProtocol } from '../../protocols/net.ts'
import { addressOf, AnyRef, Cell, Deadline, refClass } from '../kernel/index.ts'
import type { ActorSystem, Address, Messages, Protocol, Recipient, Ref } from '../kernel/index.ts'
import type { Codec, RefCodec } from '../ports/codec.ts'
import type { Net, PeerEvent, PeerId, Unsubscribe } from '../ports/net.ts'
import { Association } from './association.ts'
import type { AssociationHome, MeshCounters } from './association.ts'
import { Chains } from './chains.ts'
import { GoneActor } from './gone-actor.ts'
import type { LaneName } from './lanes.ts'
import { Outbound } from './outbound.ts'
import { PeerLink } from './peer-link.ts'
import type { InboundRoute } from './peer-link.ts'
import { parseRefData } from './ref-data.ts'
import { RemoteActor } from './remote-actor.ts'

export interface MeshOptions {
  readonly system: ActorSystem
  readonly net: Net
  /** Makes the codec, given how refs cross. */
  readonly openCodec: (refs: RefCodec) => Codec
  /** Protocols of refs that may arrive before any local actor speaks them. */
  readonly protocols?: readonly Protocol[]
  /** Asked when messages wait for a peer that is not connected. */
  readonly onWanted?: (peerId: PeerId) => void
}

/** A link that ended while its peer stayed is opened again after so long. */
const linkRetryMs = 500

/** The name of a system: its peer and which life of it. */
export function systemName(peerId: PeerId, incarnation: number): string {
  return `${peerId}~${incarnation}`
}

export class Mesh implements AssociationHome {
  readonly system: ActorSystem
  readonly net: Net
  readonly codec: Codec
  readonly self: string
  readonly outbound = new Outbound()
  readonly chains: Chains
  readonly counters: MeshCounters = {
    framesSent: 0,
    framesReceived: 0,
    undeliverable: 0,
    answersDropped: 0,
    framesRefused: 0,
    linksOpened: 0,
    linksLost: 0,
    quarantined: 0,
  }
  readonly #onWanted: ((peerId: PeerId) => void) | undefined
  readonly #associations = new Map<string, Association>()
  readonly #links = new Map<PeerId, PeerLink>()
  readonly #routes = new Map<PeerId, string>()
  readonly #protocols = new Map<string, Protocol>()
  readonly #actors = new Map<string, RemoteActor>()
  readonly #undo: Unsubscribe[] = []
  #closed = false

  private constructor(options: MeshOptions) {
    this.system = options.system
    this.net = options.net
    this.self = options.system.name
    this.chains = new Chains(this.self)
    this.#onWanted = options.onWanted
    this.codec = options.openCodec({
      isRef: (value) => value instanceof AnyRef,
      dehydrate: (ref) => this.#dehydrate(ref as AnyRef),
      hydrate: (data) => this.#hydrate(data),
    })
    for (const protocol of options.protocols ?? []) this.learn(protocol)
  }

  get home(): ActorSystem {
    return this.system
  }

  static async start(options: MeshOptions): Promise<Mesh> {
    const mesh = new Mesh(options)
    mesh.#undo.push(
      await mesh.net.handle(actorProtocol, (channel) => mesh.#incoming('small', channel)),
      await mesh.net.handle(actorBulkProtocol, (channel) => mesh.#incoming('bulk', channel)),
      mesh.net.onPeer((event) => mesh.#peerChanged(event)),
    )
    for (const peer of mesh.net.peers()) mesh.#peerChanged({ kind: 'up', peer })
    return mesh
  }

  /** Make refs that speak this protocol usable when they arrive. */
  learn(protocol: Protocol): void {
    this.#protocols.set(protocol.id, protocol)
  }

  /** A ref to whatever actor lives at a path of another system when a message gets there. */
  at<M extends Messages>(system: string, protocol: Protocol<M>, path: string): Ref<M> {
    this.learn(protocol)
    return this.refTo({ node: system, path, uid: 0 }, protocol) as Ref<M>
  }

  refTo(address: Address, protocol: Protocol): AnyRef {
    if (address.node === this.self) return this.#local(address, protocol)
    return new (refClass(protocol))(this.#actorAt(address, protocol))
  }

  /** The name of the running system of a peer, once it has said hello. */
  systemOf(peerId: PeerId): string | undefined {
    return this.#routes.get(peerId)
  }

  peerOf(system: string): PeerId {
    const mark = system.lastIndexOf('~')
    return mark < 0 ? system : system.slice(0, mark)
  }

  associationWith(system: string): Association {
    const known = this.#associations.get(system)
    if (known !== undefined) return known
    const made = new Association(system, this)
    this.#associations.set(system, made)
    return made
  }

  /** Membership's verdict: this system will not come back. */
  lose(system: string): void {
    this.associationWith(system).lose()
    const peerId = this.peerOf(system)
    if (this.#routes.get(peerId) === system) this.#links.get(peerId)?.end()
  }

  /**
   * The verdict was wrong: that system lived behind a split and is back. Refs from before stay
   * dead, as their watchers were told; refs that arrive from now on reach it.
   */
  regain(system: string): void {
    if (this.#associations.get(system)?.gone !== true) return
    this.#associations.delete(system)
    for (const [key, { address }] of this.#actors) {
      if (address.node === system) this.#actors.delete(key)
    }
  }

  /** A peer has said which system it is; an earlier life of it is over. */
  systemSeen(system: string): void {
    const peerId = this.peerOf(system)
    const before = this.#routes.get(peerId)
    this.#routes.set(peerId, system)
    if (before !== undefined && before !== system) this.associationWith(before).lose()
  }

  want(system: string): void {
    this.#onWanted?.(this.peerOf(system))
  }

  giveUp(id: number, how: 'quietly' | 'saying so'): void {
    const waiting = this.outbound.abandon(id)
    if (waiting === undefined || how === 'quietly') return
    this.associationWith(waiting.system).signal([kind.cancel, id])
  }

  /** How to answer a forwarded ask: over the link to whoever asked first. */
  routeTo(system: string): InboundRoute {
    const link = this.#links.get(this.peerOf(system))
    const association = this.associationWith(system)
    return {
      system,
      register: (inbound) => link?.route.register(inbound),
      answer: (frame: Frame) => association.answer(frame),
      done: (id) => link?.route.done(id),
    }
  }

  close(): void {
    this.#closed = true
    for (const undo of this.#undo) undo()
    for (const link of this.#links.values()) link.end()
    for (const association of this.#associations.values()) association.lose()
  }

  #peerChanged(event: PeerEvent): void {
    if (event.kind === 'down') this.#links.get(event.peerId)?.end()
    else if (this.net.peerId < event.peer.peerId) void this.#open(event.peer.peerId)
  }

  /** Never rejects: a link that cannot be opened is tried again while the peer is up. */
  async #open(peerId: PeerId): Promise<void> {
    const link = this.#linkTo(peerId)
    try {
      link.add('small', await this.net.open(peerId, actorProtocol))
      link.add('bulk', await this.net.open(peerId, actorBulkProtocol))
    } catch {
      link.end()
    }
  }

  #incoming(lane: LaneName, channel: Parameters<PeerLink['add']>[1]): void {
    if (this.net.peerId < channel.peerId) channel.abort('this side opens the link')
    else this.#linkTo(channel.peerId).add(lane, channel)
  }

  #linkTo(peerId: PeerId): PeerLink {
    const known = this.#links.get(peerId)
    if (known !== undefined && !known.ended) return known
    const link = new PeerLink(this, (ended) => this.#linkEnded(peerId, ended))
    this.#links.set(peerId, link)
    return link
  }

  #linkEnded(peerId: PeerId, link: PeerLink): void {
    if (this.#links.get(peerId) === link) this.#links.delete(peerId)
    if (this.#closed || this.net.peer(peerId) === undefined) return
    if (this.net.peerId < peerId) this.#openSoon(peerId)
  }

  #openSoon(peerId: PeerId): void {
    const { wheel, clock } = this.system
    const retry = new Deadline(() => {
      if (!this.#closed && this.net.peer(peerId) !== undefined) void this.#open(peerId)
    })
    wheel.arm(retry, clock.now() + linkRetryMs)
  }

  #dehydrate(ref: AnyRef): unknown {
    const to = AnyRef.recipientOf(ref)
    const { node, path, uid } = addressOf(ref)
    return [node, path, uid, protocolOf(to)?.id ?? '']
  }

  #hydrate(data: unknown): unknown {
    const { address, protocolId } = parseRefData(data)
    const protocol = this.#protocols.get(protocolId)
    if (address.node === this.self) return this.#local(address, protocol)
    return this.refTo(address, protocol ?? { id: protocolId, messages: {}, table: [] })
  }

  #local(address: Address, protocol: Protocol | undefined): AnyRef {
    const cell = this.system.findCell(address.path)
    if (cell !== null && (address.uid === 0 || cell.uid === address.uid)) return cell.ref
    const gone = new GoneActor(this.system, address)
    return protocol === undefined ? new AnyRef(gone) : new (refClass(protocol))(gone)
  }

  /** One recipient per actor, so that watching it through two refs is watching it once. */
  #actorAt(address: Address, protocol: Protocol): RemoteActor {
    const key = `${address.node} ${address.path} ${address.uid} ${protocol.id}`
    const known = this.#actors.get(key)
    if (known !== undefined) return known
    const made = new RemoteActor(this.system, address, protocol, (node) =>
      this.associationWith(node),
    )
    this.#actors.set(key, made)
    if (this.#actors.size > actorRemembered) {
      const [oldest] = this.#actors.keys()
      if (oldest !== undefined) this.#actors.delete(oldest)
    }
    return made
  }
}

function protocolOf(to: Recipient): Protocol | undefined {
  if (to instanceof Cell) return to.props.def.protocol
  return to instanceof RemoteActor ? to.protocol : undefined
}
