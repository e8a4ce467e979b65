/**
 * Ask: a message that ends in exactly one answer or one named failure.
 *
 * The envelope of the ask is its own deadline entry on the timer wheel. Deadlines are budgets: an
 * ask made while another is being answered never waits longer than what remains of that one.
 */
import { Envelope, type Withdrawal } from './envelope.ts'
import { EdgeError } from './errors.ts'
import * as limits from './limits.ts'
import type { Sender } from './mailbox.ts'
import type { Message } from './protocol.ts'
import type { Home, Recipient } from './recipient.ts'
import { activeTurn, chainOf, type Turn } from './turn.ts'

export interface AskOptions {
  /** Milliseconds the answer may take; capped by what remains of the asking turn's own budget. */
  readonly deadline?: number
  /** Gives the ask up: it is not sent, not processed, or its handler's `ctx.signal` fires. */
  readonly signal?: AbortSignal
  /** Abort the handler's `ctx.signal` also when the deadline passes. Default false. */
  readonly cancelOnTimeout?: boolean
}

const waiting = 0
const settled = 1
const cancelled = 2
const expired = 3

export class PendingAsk extends Envelope {
  readonly message: Message
  readonly to: Recipient
  #state: number = waiting
  #resolve!: (value: unknown) => void
  #reject!: (error: Error) => void
  readonly promise: Promise<unknown>
  #controller: AbortController | null = null
  #options: AskOptions | undefined
  readonly #budgetMs: number
  /** Told when the asker gives up and what must then end; a recipient elsewhere forwards it. */
  onAbandon: ((reason: 'cancelled' | 'timeout') => void) | null = null

  constructor(to: Recipient, message: Message, sender: Sender | null, budgetMs: number) {
    super(sender)
    this.to = to
    this.message = message
    this.#budgetMs = budgetMs
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  override get expectsReply(): boolean {
    return true
  }

  override withdrawn(): Withdrawal | null {
    if (this.#state === waiting) {
      if (this.to.home.clock.now() < this.deadlineAt) return null
      // The deadline has passed, only the wheel has not turned yet.
      this.fire()
    }
    return this.#state === cancelled ? 'cancelled' : 'expired'
  }

  override get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#state === cancelled) this.#controller.abort(this.#cancelledError())
    if (this.#state === expired && this.#options?.cancelOnTimeout === true) {
      this.#controller.abort(this.#timeoutError())
    }
    return this.#controller.signal
  }

  override succeed(value: unknown): void {
    if (!this.#settle(settled)) this.#lateReply(value)
    else this.#resolve(value)
  }

  override fail(error: Error): void {
    if (!this.#settle(settled)) this.#lateReply(error)
    else this.#refuse(error)
  }

  override abortWork(why: Error): void {
    this.#controller?.abort(why)
  }

  /** Whether the handler's signal fires also when the deadline passes. */
  get cancelsOnTimeout(): boolean {
    return this.#options?.cancelOnTimeout === true
  }

  /** Listen to the caller's own signal; called once, before sending. */
  obey(options: AskOptions): void {
    this.#options = options
    options.signal?.addEventListener('abort', this.#abort)
  }

  /** The deadline has passed. */
  override fire(): void {
    if (!this.#settle(expired)) return
    const cancels = this.#options?.cancelOnTimeout === true
    if (cancels) this.#controller?.abort(this.#timeoutError())
    this.onAbandon?.(cancels ? 'cancelled' : 'timeout')
    this.#refuse(this.#timeoutError())
  }

  readonly #abort = (): void => {
    if (!this.#settle(cancelled)) return
    this.#controller?.abort(this.#cancelledError())
    this.onAbandon?.('cancelled')
    this.#refuse(this.#cancelledError())
  }

  #settle(state: number): boolean {
    if (this.#state !== waiting) return false
    this.#state = state
    this.to.home.wheel.cancel(this)
    this.#options?.signal?.removeEventListener('abort', this.#abort)
    return true
  }

  /** An asker who no longer listens must not bring the process down. */
  #refuse(error: Error): void {
    this.promise.catch(ignore)
    this.#reject(error)
  }

  #lateReply(value: unknown): void {
    const recipient = this.sender?.path ?? '/outside'
    const sender: Sender = { isEnvelope: false, path: this.to.address.path }
    this.to.home.deadLetters.add('late-reply', this.message, value, { recipient, sender })
  }

  #timeoutError(): EdgeError {
    return timeoutError(this.to, this.message, this.#budgetMs)
  }

  #cancelledError(): EdgeError {
    return cancelledError(this.to, this.message, this.#options?.signal?.reason)
  }
}

function ignore(): void {}

/** Send an ask and promise its answer. A refusal at the call site is a rejected promise. */
export function sendAsk(
  to: Recipient,
  message: Message,
  payload: unknown,
  options: AskOptions | undefined,
): Promise<unknown> {
  const home = to.home
  const turn = activeTurn(home.carrier)
  const now = home.clock.now()
  const budget = budgetOf(home, turn, options, now)
  if (!(budget > 0)) return refused(noBudgetError(to, message, options, budget))
  if (options?.signal?.aborted === true) return refused(abortedError(to, message, options.signal))
  const ask = new PendingAsk(to, message, turn === null ? null : turn.cell, budget)
  if (turn !== null) {
    ask.chain = chainOf(turn)
    if (turn.envelope !== null) ask.trace = turn.envelope.trace
    if (to.wouldDeadlock(ask.chain, message)) return refused(deadlockError(to, message, turn))
  }
  if (home.tracer !== null) ask.trace = home.tracer.inject(ask.trace, message, to)
  if (options !== undefined) ask.obey(options)
  ask.deadlineAt = now + budget
  home.wheel.arm(ask, ask.deadlineAt)
  to.accept(message, payload, ask)
  return ask.promise
}

/** Milliseconds an ask may take: its own deadline, or what remains of the asking turn's. */
export function budgetOf(
  home: Home,
  turn: Turn | null,
  options: AskOptions | undefined,
  now: number,
): number {
  const own = options?.deadline ?? home.askDeadlineMs
  const capped = own > limits.askDeadlineMsMax ? limits.askDeadlineMsMax : own
  const envelope = turn?.envelope ?? null
  if (envelope === null) return capped
  const remaining = envelope.deadlineAt - now
  return remaining < capped ? remaining : capped
}

function refused(error: EdgeError): Promise<never> {
  const promise = Promise.reject(error)
  promise.catch(ignore)
  return promise
}

function describe(to: Recipient, message: Message): Readonly<Record<string, unknown>> {
  return { path: to.address.path, protocol: message.protocol, message: message.name }
}

function timeoutError(to: Recipient, message: Message, budget: number): EdgeError {
  return new EdgeError(
    'timeout',
    `Ask ${message.name} to ${to.address.path} had no answer within ${Math.round(budget)} ms; ` +
      'its outcome is unknown: ask again only if it may be done twice',
    { detail: { ...describe(to, message), deadlineMs: budget } },
  )
}

function noBudgetError(
  to: Recipient,
  message: Message,
  options: AskOptions | undefined,
  budget: number,
): EdgeError {
  const given = options?.deadline
  if (given !== undefined && !(given > 0)) {
    return new EdgeError(
      'invalid_deadline',
      `Ask ${message.name} to ${to.address.path} has a deadline of ${String(given)} ms; ` +
        'give a number of milliseconds above 0',
      { detail: describe(to, message) },
    )
  }
  return timeoutError(to, message, Math.max(0, budget))
}

function abortedError(to: Recipient, message: Message, signal: AbortSignal): EdgeError {
  return new EdgeError(
    'cancelled',
    `Ask ${message.name} to ${to.address.path} was not sent: its signal was already aborted`,
    { cause: signal.reason as unknown, detail: describe(to, message) },
  )
}

function deadlockError(to: Recipient, message: Message, turn: Turn): EdgeError {
  return new EdgeError(
    'deadlock',
    `Ask ${message.name} from ${turn.cell?.path ?? '?'} to ${to.address.path} could never be ` +
      'answered: that actor is itself waiting in this call chain; tell it instead, or declare ' +
      'the message with { interleave: true }',
    { detail: describe(to, message) },
  )
}

function cancelledError(to: Recipient, message: Message, reason: unknown): EdgeError {
  return new EdgeError(
    'cancelled',
    `Ask ${message.name} to ${to.address.path} was cancelled by its caller`,
    { cause: reason, detail: describe(to, message) },
  )
}

/** The refusals of asks, for streams and for other ways of asking. */
export const refuseAsk = {
  timeout: timeoutError,
  cancelled: cancelledError,
  noBudget: noBudgetError,
  deadlock: deadlockError,
}
