/**
 * Reentry: answers, promises and messages that come back to an actor as turns of their own.
 */
import type { Context } from './context.ts'
import type { Cell } from './cell.ts'
import { Envelope, type Withdrawal } from './envelope.ts'
import { EdgeError } from './errors.ts'
import type { Messages } from './protocol.ts'
import { AnyRef } from './ref.ts'
import { answeredLater } from './settle.ts'
import { CONTINUE, type SignalWork } from './signals.ts'
import { activeTurn, carryTurn, type Turn } from './turn.ts'

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown }

/** Answers one ask, once; a second answer is a dead letter. */
export interface Replier<O> {
  succeed(value: O): void
  fail(error: Error): void
}

/**
 * Queued work of one incarnation; a later one never sees it. While the ask that it began with is
 * open, it works on that ask's budget and in its call chain.
 */
class OfIncarnation extends Envelope {
  readonly #cell: Cell
  readonly #incarnation: number
  readonly #origin: Envelope | null

  constructor(cell: Cell, origin: Envelope | null) {
    super(null)
    this.#cell = cell
    this.#incarnation = cell.incarnation
    this.#origin = origin
    this.trace = origin?.trace
  }

  /** The promise has settled. */
  inherit(): void {
    const origin = this.#origin
    if (origin === null || !origin.expectsReply || origin.withdrawn() !== null) return
    this.deadlineAt = origin.deadlineAt
    this.chain = origin.chain
  }

  override get signal(): AbortSignal {
    return this.#origin?.expectsReply === true ? this.#origin.signal : super.signal
  }

  override withdrawn(): Withdrawal | null {
    return this.#cell.incarnation === this.#incarnation ? null : 'stale'
  }
}

export function replyLater<O>(cell: Cell, turn: Turn): Replier<O> {
  const { envelope } = turn
  if (envelope === null || !envelope.expectsReply) {
    throw new EdgeError(
      'no_message',
      `${cell.path} has no ask to answer later: the message of this turn was told`,
    )
  }
  return {
    succeed: (value) => envelope.succeed(value),
    fail: (error) => envelope.fail(error),
  }
}
replyLater.marker = answeredLater as unknown

export function forward(cell: Cell, turn: Turn, to: AnyRef): void {
  const { message, payload, rider } = turn
  if (message === null || message.index < 0) {
    throw new EdgeError('no_message', `${cell.path} has no message to forward at this point`)
  }
  AnyRef.recipientOf(to).accept(message, payload, rider)
}

export type Continuation = (
  state: unknown,
  outcome: Outcome<unknown>,
  ctx: Context<Messages, unknown>,
) => unknown

export function reenter(cell: Cell, promise: PromiseLike<unknown>, go: Continuation): void {
  const ticket = new OfIncarnation(cell, activeTurn(cell.home.carrier)?.envelope ?? null)
  const carried = carryTurn(go as Parameters<typeof carryTurn>[0])
  const queue = (outcome: Outcome<unknown>): void => {
    const work: SignalWork = (self) => carried(self.state, outcome, self.typedContext)
    ticket.inherit()
    cell.accept(CONTINUE, work, ticket)
  }
  promise.then(
    (value) => queue({ ok: true, value }),
    (error: unknown) => queue({ ok: false, error }),
  )
}

export function pipe(
  cell: Cell,
  promise: PromiseLike<unknown>,
  name: string,
  map: (outcome: Outcome<unknown>) => unknown,
): void {
  reenter(cell, promise, (_state, outcome) => cell.handle(name, map(outcome)))
}
