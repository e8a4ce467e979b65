/**
 * Link: everything that two actor systems of one process say to each other over one port.
 *
 * Both sides are alike. Frames gather while actors run and go out in one post; order per pair of
 * actors is the order of the port. Each ask that goes out comes back exactly once, as an answer,
 * a failure or a drop; when the link is cut, all that is open ends with a named failure.
 */
import {
  type ActorSystem,
  type DeadLetterReason,
  type EdgeError,
  type Envelope,
  type Exit,
  type Message,
  PendingAsk,
  type Rider,
  type Rule,
  type StreamEnvelope,
  type Watcher,
} from '../../src/kernel/index.ts'
import { Directory, type Listed } from './directory.ts'
import type { KnownErrors } from './error-form.ts'
import type { FarRecipient } from './far-recipient.ts'
import { chainIn, chainOut, fieldsOf, frame, lodgerUid } from './frames.ts'
import { type Begun, IncomingCall, IncomingTell } from './incoming-call.ts'
import { deadlockError, goneError, uncloneable } from './link-errors.ts'
import type { LinkOptions, LodgerFailure, TracedTurn } from './link-options.ts'
import { Outbox } from './outbox.ts'
import { Packer, type Parcel } from './payload.ts'
import { ReturnPath } from './return-path.ts'
import { unpack } from './revival.ts'
import { type Movable, takeMark } from './transfer.ts'
import { WatchBook } from './watch-book.ts'

export class Link {
  readonly system: ActorSystem
  readonly directory: Directory
  readonly #options: LinkOptions
  readonly #packer: Packer
  readonly #reviver: { readonly errors: KnownErrors; readonly refOf: (form: unknown) => unknown }
  readonly #outbox: Outbox
  readonly #watches = new WatchBook((fields) => this.#push(fields))
  #ids = 0
  readonly #calls = new Map<number, Envelope>()
  readonly #returns: ReturnPath
  #cutWith: EdgeError | null = null

  constructor(options: LinkOptions) {
    this.#options = options
    this.system = options.system
    this.directory = new Directory(this)
    this.#outbox = new Outbox({
      framesPerPost: options.limits.framesPerPost,
      post: options.post,
      unfit: (fields, cause) => this.#failFrame(fields, cause),
    })
    this.#returns = new ReturnPath({
      system: options.system,
      push: (fields, transfer) => this.#push(fields, transfer),
      pack: (value, subject) => this.#addressed(this.pack(value, subject)),
      packOrName: (value) => this.#packOrName(value),
    })
    this.#packer = new Packer(options.limits, (ref) => this.directory.fits(ref))
    this.#reviver = {
      errors: options.errors,
      refOf: (form) => this.directory.refOf(form),
    }
  }

  /** Answers that are still to come over this link. */
  get open(): number {
    return this.#calls.size
  }

  get cut(): boolean {
    return this.#cutWith !== null
  }

  pack(payload: unknown, subject: string): Parcel {
    return this.#packer.pack(payload, subject, takeMark(payload))
  }

  /** Bring a value to life that came over by another way. */
  revive(value: unknown): unknown {
    return unpack(value, this.#reviver)
  }

  /** These calls never reached the other side: whoever closes the link goes on with them. */
  release(calls: ReadonlySet<Envelope>): void {
    for (const [id, call] of this.#calls) if (calls.has(call)) this.#calls.delete(id)
  }

  send(to: FarRecipient, message: Message, parcel: Parcel, rider: Rider): void {
    const { value, carried } = parcel
    const envelope = rider?.isEnvelope === true ? rider : null
    if (this.#cutWith !== null) {
      this.#refuse(to, message, value, rider)
      return
    }
    this.#addressed(parcel)
    if (envelope === null || !envelope.expectsReply) {
      const trace = envelope === null ? undefined : envelope.trace
      this.#push([frame.tell, to.uid, message.index, value, carried, trace], parcel.transfer)
      return
    }
    const id = this.#open(envelope)
    const kind = message.kind === 'stream' ? frame.stream : frame.ask
    const deadline = envelope.deadlineAt + this.#options.clockOffsetMs
    const chain = chainOut(envelope.chain, this.#options.thread)
    const { trace } = envelope
    this.#push(
      [kind, to.uid, message.index, value, carried, id, deadline, chain, trace],
      parcel.transfer,
    )
  }

  watch(to: FarRecipient, watcher: Watcher): void {
    if (this.#cutWith !== null || to.uid === -Infinity) {
      watcher.ended(to, { reason: 'no-such-actor' })
      return
    }
    this.#watches.watch(to, to.uid, watcher)
  }

  unwatch(watcher: Watcher): void {
    this.#watches.unwatch(watcher)
  }

  taken(count: number): void {
    this.#push([frame.taken, count])
  }

  /** A message that reached nobody there is counted here. */
  letter(
    reason: DeadLetterReason,
    message: Pick<Message, 'protocol' | 'name'>,
    payload: unknown,
    recipient: string,
  ): void {
    const { value, carried } = this.#packOrName(payload)
    const { protocol, name } = message
    this.#push([frame.letter, reason, protocol, name, value, carried, recipient])
  }

  failed({ error, rule, starting }: LodgerFailure): void {
    this.#push([frame.failed, this.#packOrName(error).value, rule, starting])
  }

  traced({ trace, protocol, message, path, error }: TracedTurn): void {
    const thrown = error === null ? null : this.#packOrName(error).value
    this.#push([frame.traced, trace, protocol, message, path, thrown])
  }

  exited(exit: Exit): void {
    const cause = exit.cause === undefined ? null : this.#packOrName(exit.cause).value
    this.#push([frame.exit, exit.reason, cause])
  }

  /** Say that nothing follows, and send at once all that waits. */
  bye(): void {
    this.#push([frame.bye])
    this.flush()
  }

  flush(): void {
    this.#outbox.flush()
  }

  receive(frames: readonly unknown[]): void {
    for (let at = 0; at < frames.length;) {
      const kind = frames[at] as number
      this.#take(kind, frames, at + 1)
      at += 1 + (fieldsOf[kind] as number)
    }
  }

  /** The other side is gone: whatever is open ends now, with this error. */
  close(why: EdgeError): void {
    if (this.#cutWith !== null) return
    this.#cutWith = why
    const calls = [...this.#calls.values()]
    this.#calls.clear()
    for (const call of calls) call.fail(why)
    this.#returns.close()
    this.#watches.close()
    this.directory.close()
  }

  #open(envelope: Envelope): number {
    const id = ++this.#ids
    this.#calls.set(id, envelope)
    if (envelope instanceof PendingAsk) {
      envelope.onAbandon = (reason) => {
        if (reason === 'cancelled' && this.#calls.has(id)) this.#push([frame.abandon, id])
      }
    }
    return id
  }

  #refuse(to: FarRecipient, message: Message, payload: unknown, rider: Rider): void {
    const envelope = rider?.isEnvelope === true ? rider : null
    envelope?.fail(this.#cutWith ?? goneError(to.address.path))
    const sender = envelope === null ? (rider as Exclude<Rider, Envelope>) : envelope.sender
    const route = { recipient: to.address.path, sender }
    this.system.deadLetters.add('no-such-actor', message, payload, route)
  }

  #push(fields: readonly unknown[], transfer?: readonly Movable[]): void {
    if (this.#cutWith !== null) return
    this.#outbox.push(fields, transfer)
  }

  /** What goes out in place of a frame that cannot be cloned; who waits for it here is told. */
  #failFrame(fields: readonly unknown[], cause: unknown): readonly unknown[] | null {
    const kind = fields[0]
    if (kind === frame.reply || kind === frame.item) {
      return [frame.fail, fields[1], this.#packOrName(uncloneable(cause)).value]
    }
    if (kind === frame.ask || kind === frame.stream) {
      this.#takeCall(fields[5] as number)?.fail(uncloneable(cause))
    }
    return null
  }

  #addressed(parcel: Parcel): Parcel {
    parcel.address((ref) => this.directory.formOf(ref))
    return parcel
  }

  #packOrName(payload: unknown): Parcel {
    try {
      return this.#addressed(this.#packer.pack(payload, 'payload'))
    } catch {
      return this.#packer.pack(`[${typeof payload}]`, 'payload')
    }
  }

  #take(kind: number, frames: readonly unknown[], at: number): void {
    const id = frames[at] as number
    switch (kind) {
      case frame.tell:
      case frame.ask:
      case frame.stream:
        this.#deliver(kind, frames, at)
        return
      case frame.reply: {
        const call = this.#takeCall(id)
        call?.succeed(this.#contents(frames[at + 1], frames[at + 2]))
        return
      }
      case frame.fail:
        this.#takeCall(id)?.fail(unpack(frames[at + 1], this.#reviver) as Error)
        return
      case frame.dropped:
        this.#takeCall(id)
        return
      case frame.letter:
        this.#bury(frames, at)
        return
      case frame.taken:
        this.#options.hear.taken?.(id)
        return
      case frame.bye:
        this.#options.hear.bye?.()
        return
      case frame.failed:
        this.#options.hear.failed?.({
          error: unpack(frames[at], this.#reviver),
          rule: frames[at + 1] as Rule | null,
          starting: frames[at + 2] as boolean,
        })
        return
      case frame.traced:
        this.#options.hear.traced?.({
          trace: frames[at],
          protocol: frames[at + 1] as string,
          message: frames[at + 2] as string,
          path: frames[at + 3] as string,
          error: unpack(frames[at + 4], this.#reviver),
        })
        return
      case frame.exit:
        this.#options.hear.exited?.(exitOf(frames[at], unpack(frames[at + 1], this.#reviver)))
        return
      default:
        this.#takeStreamOrWatch(kind, id, frames, at)
    }
  }

  #takeStreamOrWatch(kind: number, id: number, frames: readonly unknown[], at: number): void {
    switch (kind) {
      case frame.abandon:
      case frame.leave:
        this.#returns.call(id)?.abandon()
        return
      case frame.credit:
        this.#returns.call(id)?.grant(frames[at + 1] as number)
        return
      case frame.opened:
        this.#streamOf(id)?.opened({
          grant: (items) => this.#push([frame.credit, id, items]),
          cancel: () => this.#push([frame.leave, id]),
        })
        return
      case frame.item:
        this.#streamOf(id)?.item(this.#contents(frames[at + 1], frames[at + 2]))
        return
      case frame.end:
        this.#streamOf(id)?.end()
        this.#calls.delete(id)
        return
      case frame.watch:
        this.#watches.asked(id, this.directory.listed(frames[at + 1] as number)?.to)
        return
      case frame.unwatch:
        this.#watches.unasked(id)
        return
      case frame.ended:
        this.#watches.told(id, frames[at + 1] as Exit['reason'])
    }
  }

  #deliver(kind: number, frames: readonly unknown[], at: number): void {
    const uid = frames[at] as number
    const listed = this.directory.listed(uid)
    const payload = this.#contents(frames[at + 2], frames[at + 3])
    const begun: Begun = uid === lodgerUid ? (this.#options.hear.begun ?? null) : null
    if (kind === frame.tell) {
      const rider = new IncomingTell(begun, frames[at + 4])
      this.#handOver(listed, frames[at + 1] as number, payload, rider)
      return
    }
    const call = new IncomingCall(frames[at + 4] as number, this.#returns, {
      deadlineAt: (frames[at + 5] as number) - this.#options.clockOffsetMs,
      chain: chainIn(frames[at + 6] as number, this.#options.thread),
      trace: frames[at + 7],
      begun,
    })
    this.#returns.add(call)
    this.#handOver(listed, frames[at + 1] as number, payload, call)
  }

  #handOver(
    listed: Listed | undefined,
    index: number,
    payload: unknown,
    rider: IncomingCall | IncomingTell,
  ): void {
    const message = listed?.table[index]
    if (listed === undefined || message === undefined) {
      rider.fail(goneError('that was there'))
      const unknown = { protocol: 'unknown', name: `#${index}` } as Message
      const route = { recipient: '/ended', sender: null }
      this.system.deadLetters.add('no-such-actor', unknown, payload, route)
      return
    }
    if (rider.chain !== 0 && listed.to.wouldDeadlock(rider.chain, message)) {
      rider.fail(deadlockError(listed, message))
      return
    }
    try {
      listed.to.accept(message, payload, rider)
    } catch {
      const route = { recipient: listed.to.address.path, sender: null }
      this.system.deadLetters.add('undeliverable-remote', message, payload, route)
    }
  }

  #contents(value: unknown, carried: unknown): unknown {
    return carried === true ? unpack(value, this.#reviver) : value
  }

  #takeCall(id: number): Envelope | undefined {
    const call = this.#calls.get(id)
    this.#calls.delete(id)
    return call
  }

  #streamOf(id: number): StreamEnvelope | undefined {
    return this.#calls.get(id) as StreamEnvelope | undefined
  }

  #bury(frames: readonly unknown[], at: number): void {
    const [reason, protocol, name] = frames.slice(at, at + 3)
    const payload = this.#contents(frames[at + 3], frames[at + 4])
    const message = { protocol, name } as Message
    const route = { recipient: frames[at + 5] as string, sender: null }
    this.system.deadLetters.add(reason as DeadLetterReason, message, payload, route)
  }
}

function exitOf(reason: unknown, cause: unknown): Exit {
  return { reason: reason as Exit['reason'], ...(cause !== null && { cause }) }
}
