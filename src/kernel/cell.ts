/**
 * Cell: the life of one actor behind its stable ref.
 *
 * It takes messages and runs their turns one at a time; failures and turning points go to the life
 * cycle. The tell path touches only ref.ts, mailbox.ts and this file; whatever an idle or a
 * simple actor does not need hangs off `extras`, made on first use.
 */
import type { Context } from './context.ts'
import type { DeadLetterReason } from './dead-letters.ts'
import type { Envelope } from './envelope.ts'
import { EdgeError } from './errors.ts'
import { type Extras, extrasOf } from './extras.ts'
import { failCell } from './failure.ts'
import * as flag from './flags.ts'
import { requestStop, stoppedError } from './halt.ts'
import type { Kernel, Revocable } from './kernel.ts'
import { advance } from './lifecycle.ts'
import { type Mailbox, openMailbox, type Rider, type Sender } from './mailbox.ts'
import { overflow } from './overflow.ts'
import type { Props } from './props.ts'
import type { Message, Messages } from './protocol.ts'
import type { Address, Recipient, Watcher } from './recipient.ts'
import { type AnyRef, refClass } from './ref.ts'
import { finishTurn } from './settle.ts'
import { type SignalWork, STREAM } from './signals.ts'
import { chainOf, current, type Turn } from './turn.ts'
import { addWatcher, removeWatcher } from './watch.ts'

export type Phase =
  | 'new'
  | 'starting'
  | 'running'
  | 'failing'
  | 'halting'
  | 'parked'
  | 'backoff'
  | 'ended'

type Handle = Props['handlers'][number]

export class Cell implements Recipient, Sender {
  readonly isEnvelope = false
  readonly home: Kernel
  readonly parent: Cell | null
  readonly props: Props
  readonly init: unknown
  readonly uid: number
  readonly mailbox: Mailbox
  readonly ref: AnyRef
  flags: number
  phase: Phase = 'new'
  incarnation = 0
  processed = 0
  state: unknown = undefined
  handlers: Props['handlers']
  context: Revocable | null = null
  turn: Turn | null = null
  extras: Extras | null = null
  /** The longest its queue was when a slice began; only while the system measures. */
  highWater = 0
  nextSibling: Cell
  previousSibling: Cell
  lastChild: Cell | null = null

  constructor(home: Kernel, parent: Cell | null, props: Props, init: unknown) {
    this.home = home
    this.parent = parent
    this.props = props
    this.init = init
    this.uid = home.nextUid()
    this.mailbox = openMailbox(props.order)
    this.handlers = props.handlers
    const transits = home.transit !== null || props.def.transit !== undefined
    this.flags = flag.HELD | flag.COMMAND | (transits ? flag.IN_TRANSIT : 0)
    this.nextSibling = this
    this.previousSibling = this
    const Ref = refClass(props.def.protocol)
    this.ref = new Ref(this)
  }

  get name(): string {
    return this.extras?.name ?? `$${this.uid.toString(36)}`
  }

  get path(): string {
    if (this.parent === null) return '/'
    return this.parent.parent === null ? `/${this.name}` : `${this.parent.path}/${this.name}`
  }

  get address(): Address {
    return { node: this.home.name, path: this.path, uid: this.uid }
  }

  get load(): number {
    return this.mailbox.size + ((this.flags & flag.BUSY) === 0 ? 0 : 1)
  }

  get closed(): boolean {
    return (this.flags & flag.CLOSED) !== 0
  }

  /** The context as its own behaviour knows it; the definition has checked the types. */
  get typedContext(): Context<Messages, unknown> {
    return this.context as unknown as Context<Messages, unknown>
  }

  accept(message: Message, payload: unknown, rider: Rider): void {
    if ((this.flags & flag.special) !== 0 && !this.#admit(message, payload, rider)) return
    this.#enqueue(message, payload, rider)
  }

  /** Take a message that has come through the transit. */
  deliver(message: Message, payload: unknown, rider: Rider): void {
    if (!this.#admitHere(message, payload, rider)) return
    this.#enqueue(message, payload, rider)
  }

  #enqueue(message: Message, payload: unknown, rider: Rider): void {
    if (this.mailbox.size >= this.props.capacity && message.index >= 0) {
      if (!overflow(this, message, payload, rider)) return
    }
    this.mailbox.push(message, payload, rider)
    if ((this.flags & flag.asleep) === 0) this.schedule()
  }

  schedule(): void {
    if ((this.flags & flag.SCHEDULED) !== 0) return
    this.flags |= flag.SCHEDULED
    this.home.dispatcher.schedule(this)
  }

  /** The first time: soon after whoever spawned it. */
  scheduleNewborn(): void {
    this.flags |= flag.SCHEDULED
    this.home.dispatcher.scheduleNewborn(this)
  }

  /** Have the life cycle look at this cell before its next message. */
  command(): void {
    this.flags |= flag.COMMAND
    if ((this.flags & flag.BUSY) === 0) this.schedule()
  }

  /** Run if there is something to do and nothing in the way. */
  wake(): void {
    const due = flag.COMMAND | flag.INTERLEAVED
    if ((this.flags & due) !== 0) this.schedule()
    else if (this.mailbox.size > 0 && (this.flags & flag.asleep) === 0) this.schedule()
  }

  run(turns: number): boolean {
    const { mailbox } = this
    for (let left = turns; left > 0; left--) {
      if ((this.flags & flag.blocked) !== 0 && !advance(this)) break
      const message = mailbox.head()
      if (message === undefined) break
      const payload = mailbox.payload()
      const rider = mailbox.rider()
      mailbox.drop()
      this.take(message, payload, rider)
    }
    if (this.#hasMore()) return true
    this.flags &= ~flag.SCHEDULED
    return false
  }

  #hasMore(): boolean {
    if ((this.flags & flag.BUSY) !== 0) return false
    if ((this.flags & flag.COMMAND) !== 0) return true
    return this.mailbox.size > 0 && (this.flags & flag.still) === 0
  }

  /** One turn, unless nobody wants it any more. */
  take(message: Message, payload: unknown, rider: Rider): void {
    const envelope = rider?.isEnvelope === true ? rider : null
    if (envelope !== null && this.dropWithdrawn(message, payload, envelope)) return
    this.processed++
    current.begin(this, message, payload, rider)
    let result: unknown
    try {
      result =
        message.index < 0
          ? (payload as SignalWork)(this)
          : (this.handlers[message.index] as Handle)(this.state, payload, this.context)
    } catch (error) {
      current.end()
      failCell(this, error, { message, payload, envelope })
      return
    }
    current.end()
    if (result !== undefined || envelope !== null) {
      finishTurn(this, { message, payload, envelope }, result)
    }
    if ((this.flags & flag.IDLE_WATCHED) !== 0) this.extras?.timers?.touch(message)
  }

  /** Run the handler of a message by its name, inside the turn that is under way. */
  handle(name: string, payload: unknown): unknown {
    const message = this.props.def.protocol.table.find((candidate) => candidate.name === name)
    const handler = message === undefined ? undefined : this.handlers[message.index]
    if (handler === undefined) {
      throw new EdgeError('unknown_message', `${this.path} has no message ${JSON.stringify(name)}`)
    }
    return handler(this.state, payload, this.context)
  }

  /** True when nobody wants the message any more; it is counted, unless it was never to be seen. */
  dropWithdrawn(message: Message, payload: unknown, envelope: Envelope): boolean {
    const reason = envelope.withdrawn()
    if (reason === null) return false
    if (reason !== 'stale') this.deadLetter(reason, message, payload, envelope)
    return true
  }

  deadLetter(reason: DeadLetterReason, message: Message, payload: unknown, rider: Rider): void {
    const sender = rider?.isEnvelope === true ? rider.sender : rider
    this.home.deadLetters.add(reason, message, payload, { recipient: this.path, sender })
  }

  /** True when the message may go on into the mailbox now. */
  #admit(message: Message, payload: unknown, rider: Rider): boolean {
    const transit = this.props.def.transit ?? this.home.transit
    if (transit === null) return this.#admitHere(message, payload, rider)
    transit.send(this, message, payload, rider)
    return false
  }

  #admitHere(message: Message, payload: unknown, rider: Rider): boolean {
    if ((this.flags & flag.CLOSED) !== 0) return this.#refuse(message, payload, rider)
    if ((this.flags & flag.BACKING_OFF) !== 0) return this.#keep(message, payload, rider)
    if ((this.flags & flag.ROUTED) !== 0 && this.#passOn(message, payload, rider)) return false
    if ((this.flags & flag.BUSY) === 0 || message.options.interleave !== true) return true
    extrasOf(this).interleaved.push({ message, payload, rider })
    this.flags |= flag.INTERLEAVED
    this.schedule()
    return false
  }

  /** A router's message goes straight to a routee, unless others already wait here: order first. */
  #passOn(message: Message, payload: unknown, rider: Rider): boolean {
    const router = this.extras?.router ?? null
    if (router === null || message.index < 0 || this.mailbox.size > 0) return false
    // In a transit every hop is a link of its own, and a second way could overtake the first.
    if (this.home.transit !== null) return false
    if ((this.flags & flag.blocked) !== 0) return false
    try {
      return router.route(message, payload, rider)
    } catch {
      // The message is queued; its own turn fails in the same way and is supervised.
      return false
    }
  }

  /** The actor takes no more: tells become dead letters, askers hear at once. */
  #refuse(message: Message, payload: unknown, rider: Rider): boolean {
    const ended = this.phase === 'ended'
    if (rider?.isEnvelope === true) {
      if (this.dropWithdrawn(message, payload, rider)) return false
      rider.fail(this.#refusal())
    }
    if (message.index >= 0) {
      this.deadLetter(ended ? 'no-such-actor' : 'stopped', message, payload, rider)
    }
    return false
  }

  #refusal(): EdgeError {
    if (this.home.terminated) return terminatedError(this.home.name)
    return this.phase === 'ended' ? noSuchActorError(this) : stoppedError(this)
  }

  /** Waiting for a restart: only so many messages are kept. */
  #keep(message: Message, payload: unknown, rider: Rider): boolean {
    if (message.index < 0 || this.mailbox.size < (this.extras?.stashLimit ?? Infinity)) return true
    this.deadLetter('stash-full', message, payload, rider)
    if (rider?.isEnvelope === true) rider.refuse(restartingError(this))
    return false
  }

  wouldDeadlock(chain: number, message: Message): boolean {
    if (message.options.interleave === true) return false
    if (current.cell === this && current.message?.options.interleave !== true) return true
    return this.turn !== null && (this.flags & flag.BUSY) !== 0 && chainOf(this.turn) === chain
  }

  /** A stream of this actor failed: its reader hears, and the failure is supervised. */
  failStream(error: unknown, envelope: Envelope): void {
    failCell(this, error, { message: STREAM, payload: undefined, envelope })
    this.wake()
  }

  /** A linked actor ended badly: this one ends too. */
  endLinked(error: unknown): void {
    requestStop(this, { reason: 'failed', cause: error })
  }

  addWatcher(watcher: Watcher): void {
    addWatcher(this, watcher)
  }

  removeWatcher(watcher: Watcher): void {
    removeWatcher(this, watcher)
  }
}

export function noSuchActorError(at: { readonly path: string }): EdgeError {
  return new EdgeError(
    'no_such_actor',
    `There is no actor ${at.path} any more; look it up again or spawn it`,
    { detail: { path: at.path } },
  )
}

function restartingError(cell: Cell): EdgeError {
  return new EdgeError('overloaded', `${cell.path} is restarting and keeps no more messages`, {
    detail: { path: cell.path },
  })
}

export function terminatedError(system: string): EdgeError {
  return new EdgeError('system_terminated', `System ${system} has terminated; start a new one`, {
    detail: { system },
  })
}
