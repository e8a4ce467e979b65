/**
 * Inbound: the envelopes of asks and streams that came from another system.
 *
 * They answer over the association they came by, or over another one when the ask was forwarded,
 * and they are withdrawn when their asker has given up or their budget is spent.
 */
import { kind } from '../../protocols/actor-link.ts'
import type { ChainMark, Frame } from '../../protocols/actor-link.ts'
import { EdgeError, Envelope } from '../kernel/index.ts'
import type { Clock, Sender, StreamEnvelope, Tap, Withdrawal } from '../kernel/index.ts'

/** Sends frames back to whoever waits. */
export interface AnswerRoute {
  /** The system that waits. */
  readonly system: string
  answer(frame: Frame): void
  /** The envelope is done with; its id may be forgotten. */
  done(id: number): void
}

export abstract class Inbound extends Envelope {
  readonly id: number
  readonly route: AnswerRoute
  readonly #clock: Clock
  #controller: AbortController | null = null
  #cancelled = false
  #settled = false

  constructor(sender: Sender, id: number, route: AnswerRoute, clock: Clock) {
    super(sender)
    this.id = id
    this.route = route
    this.#clock = clock
  }

  get over(): boolean {
    return this.#settled
  }

  override get expectsReply(): boolean {
    return true
  }

  override withdrawn(): Withdrawal | null {
    if (this.#cancelled) return 'cancelled'
    return this.#clock.now() >= this.deadlineAt ? 'expired' : null
  }

  override get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#cancelled) this.#controller.abort(cancelledError())
    return this.#controller.signal
  }

  override abortWork(why: Error): void {
    this.#controller?.abort(why)
  }

  override fail(error: Error): void {
    if (this.settle()) this.route.answer([kind.fail, this.id, error])
  }

  /** The asker has given up. */
  cancel(): void {
    if (this.#settled) return
    this.#cancelled = true
    this.#controller?.abort(cancelledError())
  }

  /** True for whoever ends it; it ends once. */
  settle(): boolean {
    if (this.#settled) return false
    this.#settled = true
    this.route.done(this.id)
    return true
  }
}

export class InboundAsk extends Inbound {
  /** The call chain as it is known across systems. */
  readonly mark: ChainMark | null

  constructor(
    sender: Sender,
    id: number,
    route: AnswerRoute,
    about: { readonly clock: Clock; readonly mark: ChainMark | null },
  ) {
    super(sender, id, route, about.clock)
    this.mark = about.mark
  }

  override succeed(value: unknown): void {
    if (this.settle()) this.route.answer([kind.reply, this.id, value])
  }

  /** Somebody else will answer. */
  handedOn(to: string): void {
    if (this.settle()) this.route.answer([kind.moved, this.id, to])
  }
}

/** The sending end of a stream to a reader elsewhere. */
export class InboundStream extends Inbound implements StreamEnvelope {
  #tap: Tap | null = null
  #items = 0
  /** Credit that came before the source was opened. */
  #early = 0

  opened(tap: Tap): void {
    this.deadlineAt = Infinity
    if (this.withdrawn() !== null) {
      tap.cancel()
      this.settle()
      return
    }
    this.#tap = tap
    this.route.answer([kind.opened, this.id])
    if (this.#early > 0) tap.grant(this.#early)
  }

  grant(items: number): void {
    if (this.#tap === null) this.#early += items
    else this.#tap.grant(items)
  }

  item(value: unknown): void {
    if (!this.over) this.route.answer([kind.item, this.id, this.#items++, value])
  }

  end(): void {
    if (this.settle()) this.route.answer([kind.end, this.id, this.#items])
  }

  override cancel(): void {
    super.cancel()
    this.#tap?.cancel()
    this.settle()
  }
}

function cancelledError(): EdgeError {
  return new EdgeError('cancelled', 'The asker on another node has given up')
}
