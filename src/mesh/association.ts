/**
 * Association: all that this system has to do with one other system, link or no link.
 *
 * Messages to it are encoded at once and wait, within bounds, while the link is opened. When a
 * link ends, what was under way fails as unreachable and a new epoch begins; watches stay until
 * the node is known to be gone. A system that was declared gone never comes back: its node does,
 * under another incarnation.
 */
import { kind } from '../../protocols/actor-link.ts'
import type { AnswerTo, Frame, LinkFrame } from '../../protocols/actor-link.ts'
import { actorLinkOpenMs, actorWaitingFrames } from '../../protocols/limits.ts'
import { Deadline, PendingAsk, StreamReader } from '../kernel/index.ts'
import type { Envelope, Home, Message, Rider, Watcher } from '../kernel/index.ts'
import type { Codec } from '../ports/codec.ts'
import type { Chains } from './chains.ts'
import { InboundAsk } from './inbound.ts'
import { laneOf } from './lanes.ts'
import type { LaneName } from './lanes.ts'
import { LinksOut } from './link-out.ts'
import { linkFull, unreachable } from './mesh-errors.ts'
import { InOrder } from './outbound.ts'
import type { Outbound } from './outbound.ts'
import type { RemoteActor } from './remote-actor.ts'
import { WatchesOut } from './watches.ts'

/** The open link to a system, as far as sending goes. */
export interface OpenLink {
  /** False when there is no room. */
  send(lane: LaneName, bytes: Uint8Array): boolean
  /** The peer does not keep up with what must not be lost. */
  quarantine(reason: string): void
}

export interface AssociationHome {
  readonly home: Home
  readonly self: string
  readonly codec: Codec
  readonly outbound: Outbound
  readonly chains: Chains
  readonly counters: MeshCounters
  /** A link to this system is wanted now. */
  want(system: string): void
  /** Nobody waits for this answer any more; whoever works on it may be told. */
  giveUp(id: number, how: 'quietly' | 'saying so'): void
}

export interface MeshCounters {
  framesSent: number
  framesReceived: number
  undeliverable: number
  answersDropped: number
  framesRefused: number
  linksOpened: number
  linksLost: number
  quarantined: number
}

interface Queued {
  readonly lane: LaneName
  readonly bytes: Uint8Array
  /** Set for messages; absent for frames that only introduce them. */
  readonly give?: GiveUp
}

interface GiveUp {
  readonly actor: RemoteActor
  readonly message: Message
  readonly payload: unknown
  readonly rider: Rider
}

export class Association {
  readonly system: string
  readonly #mesh: AssociationHome
  readonly #links = new LinksOut()
  readonly #watches = new WatchesOut()
  readonly #patience: Deadline
  #link: OpenLink | null = null
  #queue: Queued[] = []
  #gone = false
  #epoch = 0

  constructor(system: string, mesh: AssociationHome) {
    this.system = system
    this.#mesh = mesh
    this.#patience = new Deadline(() => this.#giveUpWaiting('no link could be opened in time'))
  }

  get open(): boolean {
    return this.#link !== null
  }

  get gone(): boolean {
    return this.#gone
  }

  /** Grows with every link: order holds within an epoch. */
  get epoch(): number {
    return this.#epoch
  }

  /** A message of a local actor, or one that it forwards. */
  send(actor: RemoteActor, message: Message, payload: unknown, rider: Rider): void {
    const give: GiveUp = { actor, message, payload, rider }
    if (this.#gone) {
      this.#undeliverable(give, unreachable(this.system, 'it is gone'))
      return
    }
    const envelope = rider?.isEnvelope === true ? rider : null
    const id = envelope === null ? 0 : this.#expect(message, envelope)
    const link = this.#links.of(actor, this.#introduce)
    let sent: { readonly lane: LaneName; readonly bytes: Uint8Array }
    try {
      sent = this.#encodeMessage(give, id, link)
    } catch (error) {
      if (id !== 0) this.#mesh.outbound.abandon(id)
      if (envelope === null || !envelope.expectsReply) throw error
      envelope.fail(error as Error)
      return
    }
    link.sent[sent.lane]++
    const { lane, bytes } = sent
    const taken = this.#link === null ? this.#wait({ lane, bytes, give }) : this.#pass(lane, bytes)
    if (!taken) this.#undeliverable(give, linkFull(actor.address, message))
  }

  watch(actor: RemoteActor, watcher: Watcher): void {
    if (this.#gone) {
      watcher.ended(actor, { reason: 'node-lost' })
      return
    }
    const { id } = this.#watches.add(actor, watcher)
    const { path, uid } = actor.address
    if (this.#link === null) this.#mesh.want(this.system)
    else this.signal([kind.watch, id, path, uid])
  }

  unwatch(actor: RemoteActor, watcher: Watcher): void {
    const id = this.#watches.remove(actor, watcher)
    if (id !== undefined && this.#link !== null) this.signal([kind.unwatch, id])
  }

  watchEnded(id: number, reason: string): void {
    this.#watches.ended(id, reason)
  }

  unbound(number: number): void {
    this.#links.forget(number)
  }

  /** An answer to somebody there. One that cannot be encoded becomes the failure that says so. */
  answer(frame: Frame): void {
    if (this.#link === null) {
      this.#mesh.counters.answersDropped++
      return
    }
    let sent
    try {
      sent = this.#encode(frame, 'answer')
    } catch (error) {
      sent = this.#encode([kind.fail, idOf(frame), asError(error)], 'answer')
    }
    if (!this.#put(sent)) this.#mesh.counters.answersDropped++
  }

  /** What must never be lost: if it does not fit, the peer is too slow to be kept. */
  signal(frame: Frame): void {
    if (this.#link === null) return
    if (this.#put(this.#encode(frame, 'signal'))) return
    this.#mesh.counters.quarantined++
    this.#link?.quarantine('signals do not fit into its queue')
  }

  /** A link is open: what waited goes first. */
  attach(link: OpenLink): void {
    this.#link = link
    this.#epoch++
    this.#mesh.counters.linksOpened++
    this.#mesh.home.wheel.cancel(this.#patience)
    const waiting = this.#queue
    this.#queue = []
    for (const queued of waiting) if (!this.#put(queued)) this.#refuse(queued)
    for (const { id, actor } of this.#watches.all) {
      this.signal([kind.watch, id, actor.address.path, actor.address.uid])
    }
  }

  /** The link has ended; whether the node has is for others to say. */
  detach(link: OpenLink): void {
    if (this.#link !== link) return
    this.#link = null
    this.#links.clear()
    this.#mesh.counters.linksLost++
    this.#mesh.outbound.failAll(this.system, unreachable(this.system, 'the connection was lost'))
  }

  /** The node is gone for good, or has come back as another incarnation. */
  lose(): void {
    if (this.#gone) return
    this.#gone = true
    this.#link = null
    this.#giveUpWaiting('it is gone')
    this.#mesh.outbound.failAll(this.system, unreachable(this.system, 'it is gone'))
    this.#watches.endAll({ reason: 'node-lost' })
  }

  readonly #introduce = (frame: Frame): void => {
    this.#put(this.#encode(frame, 'introduction'))
  }

  #expect(message: Message, envelope: Envelope): number {
    if (!envelope.expectsReply) return 0
    if (envelope instanceof InboundAsk) {
      // The asker is told where its answer will come from; nobody waits here.
      envelope.handedOn(this.system)
      return 0
    }
    const reader = envelope instanceof StreamReader ? new InOrder(envelope) : null
    const id = this.#mesh.outbound.add({ envelope, message, reader, system: this.system })
    if (envelope instanceof PendingAsk) {
      envelope.onAbandon = (reason) => {
        const quiet = reason === 'timeout' && !envelope.cancelsOnTimeout
        this.#mesh.giveUp(id, quiet ? 'quietly' : 'saying so')
      }
    }
    return id
  }

  #encodeMessage(
    { message, payload, rider }: GiveUp,
    id: number,
    link: { readonly number: number; readonly sent: Record<LaneName, number> },
  ): { readonly lane: LaneName; readonly bytes: Uint8Array } {
    const frame = (after: number): LinkFrame =>
      this.#messageFrame({ message, payload, rider }, id, { number: link.number, after })
    const subject = `${message.protocol} ${message.name}`
    const small = this.#mesh.codec.encode(frame(link.sent.bulk), subject)
    if (laneOf(small) === 'small') return { lane: 'small', bytes: small }
    // On the bulk lane the frame waits for what was sent before it on the small one.
    return { lane: 'bulk', bytes: this.#mesh.codec.encode(frame(link.sent.small), subject) }
  }

  #messageFrame(
    { message, payload, rider }: Pick<GiveUp, 'message' | 'payload' | 'rider'>,
    id: number,
    { number, after }: { readonly number: number; readonly after: number },
  ): LinkFrame {
    const envelope = rider?.isEnvelope === true ? rider : null
    if (envelope === null || !envelope.expectsReply) {
      const { trace } = envelope ?? {}
      if (trace === undefined) return [kind.tell, number, after, message.index, payload]
      return [kind.tell, number, after, message.index, payload, trace]
    }
    const trace = envelope.trace ?? null
    const budgetMs = Math.max(1, envelope.deadlineAt - this.#mesh.home.clock.now())
    if (message.kind === 'stream') {
      return [kind.stream, number, after, message.index, payload, id, budgetMs, trace]
    }
    const mark = this.#mesh.chains.markOf(envelope.chain)
    const at = [number, after, message.index, payload] as const
    if (!(envelope instanceof InboundAsk)) return [kind.ask, ...at, id, budgetMs, trace, mark]
    const answerTo: AnswerTo = [envelope.route.system, envelope.id]
    return [kind.ask, ...at, 0, budgetMs, trace, envelope.mark, answerTo]
  }

  #encode(frame: Frame, subject: string): Queued {
    const bytes = this.#mesh.codec.encode(frame, subject)
    return { lane: laneOf(bytes), bytes }
  }

  #put(queued: Queued): boolean {
    return this.#link === null ? this.#wait(queued) : this.#pass(queued.lane, queued.bytes)
  }

  #pass(lane: LaneName, bytes: Uint8Array): boolean {
    this.#mesh.counters.framesSent++
    return this.#link?.send(lane, bytes) ?? false
  }

  #wait(queued: Queued): boolean {
    if (this.#queue.length >= actorWaitingFrames) return false
    this.#queue.push(queued)
    if (this.#patience.slot < 0) {
      const { wheel, clock } = this.#mesh.home
      wheel.arm(this.#patience, clock.now() + actorLinkOpenMs)
      this.#mesh.want(this.system)
    }
    return true
  }

  #giveUpWaiting(why: string): void {
    const waiting = this.#queue
    this.#queue = []
    this.#links.clear()
    this.#mesh.home.wheel.cancel(this.#patience)
    for (const { give } of waiting) {
      if (give !== undefined) this.#undeliverable(give, unreachable(this.system, why))
    }
  }

  #refuse({ give }: Queued): void {
    if (give !== undefined) this.#undeliverable(give, linkFull(give.actor.address, give.message))
  }

  #undeliverable({ actor, message, payload, rider }: GiveUp, error: Error): void {
    this.#mesh.counters.undeliverable++
    const sender = rider?.isEnvelope === true ? rider.sender : rider
    const recipient = actor.address.node + actor.address.path
    this.#mesh.home.deadLetters.add('undeliverable-remote', message, payload, { recipient, sender })
    if (rider?.isEnvelope === true) rider.fail(error)
  }
}

/** Every answer carries the id of what it answers. */
function idOf(frame: Frame): number {
  return typeof frame[1] === 'number' ? frame[1] : 0
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
