/**
 * PeerLink: the two channels to one peer, and what arrives on them.
 *
 * The peer with the lower id opens both, so two peers that meet at once still have one link. Each
 * side says which system it is before anything else. Whatever does not parse ends the link.
 */
import { kind, linkVersion, parseFrame } from '../../protocols/actor-link.ts'
import type {
  AskFrame,
  Frame,
  LinkFrame,
  StreamFrame,
  TellFrame,
} from '../../protocols/actor-link.ts'
import { actorBindingsMax, actorHeldFrames } from '../../protocols/limits.ts'
import { StreamReader, TracedTell } from '../kernel/index.ts'
import type { ActorSystem, Cell, Message, Sender } from '../kernel/index.ts'
import type { Channel } from '../ports/net.ts'
import type { Association, OpenLink } from './association.ts'
import type { Inbound } from './inbound.ts'
import { InboundAsk, InboundStream } from './inbound.ts'
import type { AnswerRoute } from './inbound.ts'
import { Assembler, sendOn } from './lanes.ts'
import type { LaneName } from './lanes.ts'
import { LinkIn } from './link-in.ts'
import type { PeerProtocol } from './link-in.ts'
import type { Mesh } from './mesh.ts'
import { remoteDeadlock } from './mesh-errors.ts'
import { WatchesIn } from './watches.ts'

export class PeerLink implements OpenLink {
  readonly #mesh: Mesh
  readonly #system: ActorSystem
  readonly #onEnd: (link: PeerLink) => void
  readonly #channels: Partial<Record<LaneName, Channel>> = {}
  readonly #assembler: Assembler
  readonly #protocols = new Map<number, PeerProtocol>()
  readonly #links = new Map<number, LinkIn>()
  readonly #inbound = new Map<number, Inbound>()
  readonly #watches = new WatchesIn((id, reason) =>
    this.#association?.signal([kind.ended, id, reason]),
  )
  /** Large messages to actors whose introduction is still on the other lane. */
  readonly #unintroduced = new Map<number, LinkFrame[]>()
  #unintroducedCount = 0
  /** What arrived after the hello and before the second channel. */
  #early: { readonly lane: LaneName; readonly frame: Frame }[] = []
  /** How asks that came by this link are answered. */
  readonly route = this.#openRoute()
  #association: Association | null = null
  #remote: string | null = null
  /** Stands for whoever speaks over there; made once the other side has said who it is. */
  #sender: Sender = { isEnvelope: false, path: 'shoal://' }
  #ended = false

  constructor(mesh: Mesh, onEnd: (link: PeerLink) => void) {
    this.#mesh = mesh
    this.#system = mesh.system
    this.#onEnd = onEnd
    this.#assembler = new Assembler(mesh.codec.limits.bytesMax)
  }

  get ended(): boolean {
    return this.#ended
  }

  /** A channel of this link is open. */
  add(lane: LaneName, channel: Channel): void {
    if (this.#ended || this.#channels[lane] !== undefined) {
      channel.abort('this link has such a channel already')
      return
    }
    this.#channels[lane] = channel
    channel.onEnd(() => this.end())
    if (lane === 'small') {
      const hello: Frame = [kind.hello, this.#mesh.self, linkVersion]
      channel.send(this.#mesh.codec.encode(hello, 'hello'))
      channel.onFrame((bytes) => this.#arrived('small', bytes))
    } else {
      channel.onFrame((piece) => this.#pieceArrived(piece))
    }
    this.#perhapsOpen()
  }

  send(lane: LaneName, bytes: Uint8Array): boolean {
    const channel = this.#channels[lane]
    return channel !== undefined && sendOn(channel, lane, bytes)
  }

  quarantine(reason: string): void {
    const peerId = this.#channels.small?.peerId
    this.#refuse(reason)
    if (peerId !== undefined) this.#mesh.net.disconnect(peerId)
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    for (const channel of Object.values(this.#channels))
      if (channel.open) channel.abort('link ended')
    for (const inbound of this.#inbound.values()) inbound.cancel()
    this.#inbound.clear()
    this.#watches.clear()
    this.#association?.detach(this)
    this.#onEnd(this)
  }

  #perhapsOpen(): void {
    const { small, bulk } = this.#channels
    if (small === undefined || bulk === undefined || this.#remote === null) return
    this.#association = this.#mesh.associationWith(this.#remote)
    if (this.#association.gone) {
      this.#refuse('that incarnation was declared gone')
      return
    }
    this.#association.attach(this)
    const early = this.#early
    this.#early = []
    for (const { lane, frame } of early) this.#take(lane, frame)
  }

  /** The other side may have the whole link before we do: what it asks must be answerable. */
  #keepEarly(lane: LaneName, frame: Frame): void {
    this.#early.push({ lane, frame })
    if (this.#early.length > actorHeldFrames) this.#refuse('too many frames before the link opened')
  }

  #pieceArrived(piece: Uint8Array): void {
    const whole = this.#assembler.add(piece)
    if (whole === 'refused') this.#refuse('a large frame beyond the limit')
    else if (whole !== 'more') this.#arrived('bulk', whole)
  }

  #arrived(lane: LaneName, bytes: Uint8Array): void {
    if (this.#ended) return
    const frame = this.#decode(bytes)
    if (frame === undefined) {
      this.#refuse('a frame that does not parse')
      return
    }
    this.#mesh.counters.framesReceived++
    if (this.#remote === null && lane === 'small') this.#greet(lane, frame)
    else if (this.#association === null) this.#keepEarly(lane, frame)
    else this.#take(lane, frame)
  }

  #decode(bytes: Uint8Array): Frame | undefined {
    try {
      return parseFrame(this.#mesh.codec.decode(bytes))
    } catch {
      return undefined
    }
  }

  #refuse(reason: string): void {
    this.#mesh.counters.framesRefused++
    this.#channels.small?.abort(reason)
    this.end()
  }

  #greet(lane: LaneName, frame: Frame): void {
    const peerId = this.#channels.small?.peerId
    const valid = frame[0] === kind.hello && lane === 'small' && frame[2] === linkVersion
    if (!valid || this.#mesh.peerOf(frame[1]) !== peerId) {
      this.#refuse('a link that does not begin with a hello of its own peer')
      return
    }
    this.#remote = frame[1]
    this.#sender = { isEnvelope: false, path: `shoal://${frame[1]}` }
    this.#mesh.systemSeen(frame[1])
    this.#perhapsOpen()
  }

  /** Frames by kind; each is handled in one line or one method. */
  #take(lane: LaneName, frame: Frame): void {
    const remote = this.#remote as string
    const { outbound } = this.#mesh
    switch (frame[0]) {
      case kind.tell:
      case kind.ask:
      case kind.stream:
        return this.#message(lane, frame)
      case kind.reply: {
        const [, id, value] = frame
        return outbound.settle(id, remote, ({ envelope }) => envelope.succeed(value))
      }
      case kind.fail: {
        const [, id, error] = frame
        return outbound.settle(id, remote, ({ envelope }) => envelope.fail(error))
      }
      case kind.define:
        return void this.#protocols.set(frame[1], { id: frame[2], names: frame[3] })
      case kind.bind:
        return this.#bind(frame[1], { path: frame[2], uid: frame[3] }, frame[4])
      case kind.unbound:
        return this.#association?.unbound(frame[1])
      case kind.cancel:
        return this.#inbound.get(frame[1])?.cancel()
      case kind.moved:
        return outbound.move(frame[1], remote, frame[2])
      case kind.watch:
        return this.#watches.add(frame[1], this.#find(frame[2], frame[3]))
      case kind.unwatch:
        return this.#watches.remove(frame[1])
      case kind.ended:
        return this.#association?.watchEnded(frame[1], frame[2])
      case kind.hello:
        return this.#refuse('a second hello')
      default:
        return this.#takeStream(frame)
    }
  }

  #takeStream(frame: Extract<Frame, readonly [11 | 12 | 13 | 14, ...(readonly unknown[])]>): void {
    const remote = this.#remote as string
    const id = frame[1]
    if (frame[0] === kind.credit) {
      const source = this.#inbound.get(id)
      if (source instanceof InboundStream) source.grant(Math.min(frame[2], 1_000))
      return
    }
    const waiting = this.#mesh.outbound.get(id, remote)
    const reader = waiting?.reader ?? null
    if (waiting === undefined || reader === null) return
    if (frame[0] === kind.item) reader.item(frame[2], frame[3])
    else if (frame[0] === kind.opened && waiting.envelope instanceof StreamReader) {
      waiting.envelope.opened({
        grant: (items) => this.#association?.signal([kind.credit, id, items]),
        cancel: () => this.#mesh.giveUp(id, 'saying so'),
      })
    } else if (frame[0] === kind.end && reader.end(frame[2])) {
      this.#mesh.outbound.abandon(id)
    }
  }

  #bind(number: number, at: { path: string; uid: number }, protocol: number): void {
    const spoken = this.#protocols.get(protocol)
    if (spoken === undefined || this.#links.size >= actorBindingsMax) {
      this.#refuse('a link to an actor in a protocol that was not introduced')
      return
    }
    const cell = this.#find(at.path, at.uid)
    const link = new LinkIn(cell, at.path, spoken)
    this.#links.set(number, link)
    cell?.addWatcher({ ended: () => this.#unbind(number, link) })
    const early = this.#unintroduced.get(number) ?? []
    this.#unintroduced.delete(number)
    this.#unintroducedCount -= early.length
    for (const frame of early) this.#inOrder(link, 'bulk', frame)
    if (cell === null) this.#association?.signal([kind.unbound, number])
  }

  #unbind(number: number, link: LinkIn): void {
    if (this.#ended || this.#links.get(number) !== link) return
    this.#links.delete(number)
    this.#association?.signal([kind.unbound, number])
  }

  #find(path: string, uid: number): Cell | null {
    const cell = this.#system.findCell(path)
    return cell !== null && (uid === 0 || cell.uid === uid) ? cell : null
  }

  #message(lane: LaneName, frame: LinkFrame): void {
    const link = this.#links.get(frame[1])
    if (link !== undefined) {
      this.#inOrder(link, lane, frame)
      return
    }
    if (lane === 'small') {
      this.#deliver(nobody, frame)
      return
    }
    const early = this.#unintroduced.get(frame[1]) ?? []
    early.push(frame)
    this.#unintroduced.set(frame[1], early)
    if (++this.#unintroducedCount > actorHeldFrames) this.#refuse('too many frames out of order')
  }

  #inOrder(link: LinkIn, lane: LaneName, frame: LinkFrame): void {
    if (link.takes(lane, frame)) {
      this.#deliver(link, frame)
      return
    }
    link.hold(lane, frame, (due) => this.#deliver(link, due))
    if (link.held > actorHeldFrames) this.#refuse('too many frames out of order')
  }

  #deliver(link: LinkIn, frame: LinkFrame): void {
    const message = link.message(frame[3])
    const { cell } = link
    const sender = this.#sender
    if (message instanceof Error || cell === null) {
      const error = message instanceof Error ? message : null
      if (frame[0] !== kind.tell && error !== null)
        this.#inboundFor(frame, sender, null).fail(error)
      else this.#lost(link, frame)
      return
    }
    if (message.kind !== kindOf(frame)) {
      this.#refuse(`a ${kindOf(frame)} of what is a ${message.kind}`)
      return
    }
    this.#accept(cell, message, frame, sender)
  }

  #accept(cell: Cell, message: Message, frame: LinkFrame, sender: Sender): void {
    if (frame[0] === kind.tell) {
      const rider = frame[5] === undefined ? sender : new TracedTell(sender, frame[5])
      cell.accept(message, frame[4], rider)
      return
    }
    const inbound = this.#inboundFor(frame, sender, cell)
    const { chain } = inbound
    if (chain !== 0 && cell.wouldDeadlock(chain, message)) {
      inbound.fail(remoteDeadlock(cell.path, message.name))
      return
    }
    cell.accept(message, frame[4], inbound)
  }

  #inboundFor(frame: AskFrame | StreamFrame, sender: Sender, cell: Cell | null): Inbound {
    const { clock } = this.#system
    const [route, id] = this.#routeFor(frame)
    let inbound: Inbound
    if (frame[0] === kind.stream) inbound = new InboundStream(sender, id, route, clock)
    else {
      const mark = frame[8]
      inbound = new InboundAsk(sender, id, route, { clock, mark })
      if (cell !== null) inbound.chain = this.#mesh.chains.enter(mark)
    }
    inbound.deadlineAt = clock.now() + frame[6]
    if (frame[7] !== null) inbound.trace = frame[7]
    route.register(inbound)
    return inbound
  }

  #routeFor(frame: AskFrame | StreamFrame): readonly [InboundRoute, number] {
    const answerTo = frame[0] === kind.ask ? frame[9] : undefined
    if (answerTo === undefined) return [this.route, frame[5]]
    return [this.#mesh.routeTo(answerTo[0]), answerTo[1]]
  }

  #openRoute(): InboundRoute {
    const remote = (): string => this.#remote ?? ''
    return {
      get system() {
        return remote()
      },
      register: (inbound) => void this.#inbound.set(inbound.id, inbound),
      answer: (frame) => this.#association?.answer(frame),
      done: (id) => {
        const inbound = this.#inbound.get(id)
        this.#inbound.delete(id)
        if (inbound !== undefined) this.#mesh.chains.release(inbound.chain)
      },
    }
  }

  #lost(link: LinkIn, frame: TellFrame | AskFrame | StreamFrame): void {
    this.#mesh.counters.undeliverable++
    const message: Message = {
      protocol: 'unknown',
      name: String(frame[3]),
      kind: kindOf(frame),
      index: 0,
      options: {},
    }
    this.#system.deadLetters.add('no-such-actor', message, frame[4], {
      recipient: link.path,
      sender: this.#sender,
    })
  }
}

export interface InboundRoute extends AnswerRoute {
  /** So that a cancel finds the work. */
  register(inbound: Inbound): void
}

const nobody = new LinkIn(null, '(an actor that is gone)', { id: 'unknown', names: [] })

function kindOf(frame: LinkFrame): Message['kind'] {
  if (frame[0] === kind.tell) return 'tell'
  return frame[0] === kind.ask ? 'ask' : 'stream'
}
