/**
 * Stream: many answers to one question, at the pace of whoever reads them.
 *
 * The reader grants credit for a window of items and renews it as it consumes, so nothing is ever
 * buffered beyond the window. Leaving the loop cancels the source. Only the opening has a deadline:
 * how long a reader waits for an item is its own affair.
 */
import { type AskOptions, budgetOf, refuseAsk } from './ask.ts'
import { Envelope, type Withdrawal } from './envelope.ts'
import { EdgeError } from './errors.ts'
import * as limits from './limits.ts'
import type { Sender } from './mailbox.ts'
import type { Message } from './protocol.ts'
import type { Sink, Tap } from './pump.ts'
import type { Recipient } from './recipient.ts'
import { activeTurn, chainOf } from './turn.ts'

type Step = IteratorResult<unknown, undefined>

interface Taker {
  readonly promise: Promise<Step>
  readonly resolve: (step: Step) => void
  readonly reject: (error: Error) => void
}

export class StreamReader extends Envelope implements Sink, AsyncIterableIterator<unknown> {
  readonly #to: Recipient
  readonly #message: Message
  readonly #budgetMs: number
  readonly #signal: AbortSignal | undefined
  #pump: Tap | null = null
  #buffer: unknown[] = []
  readonly #takers: Taker[] = []
  #outcome: { readonly error: Error | null } | null = null
  #consumed = 0
  #controller: AbortController | null = null
  #late = false

  constructor(
    to: Recipient,
    message: Message,
    sender: Sender | null,
    how: { readonly budgetMs: number; readonly signal: AbortSignal | undefined },
  ) {
    super(sender)
    this.#to = to
    this.#message = message
    this.#budgetMs = how.budgetMs
    this.#signal = how.signal
    this.#signal?.addEventListener('abort', this.#abort)
  }

  /** Aborted when the reader has left or was told that the stream is over. */
  override get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#outcome !== null) this.#controller.abort()
    return this.#controller.signal
  }

  override abortWork(why: Error): void {
    this.#controller?.abort(why)
  }

  override get expectsReply(): boolean {
    return true
  }

  override withdrawn(): Withdrawal | null {
    if (this.#outcome === null) return null
    return this.#late ? 'expired' : 'cancelled'
  }

  /** The source exists: from now on there is no deadline but the reader's own. */
  opened(pump: Tap): void {
    this.#to.home.wheel.cancel(this)
    this.deadlineAt = Infinity
    if (this.#outcome !== null) {
      pump.cancel()
      return
    }
    this.#pump = pump
    pump.grant(limits.streamWindow)
  }

  item(value: unknown): void {
    if (this.#outcome !== null) return
    const taker = this.#takers.shift()
    if (taker === undefined) this.#buffer.push(value)
    else this.#hand(taker, value)
  }

  end(): void {
    this.#settle(null)
  }

  override fail(error: Error): void {
    this.#settle(error)
  }

  /** The handler answered with something that has no items. */
  override succeed(): void {
    this.#settle(refuseStream(this.#to, this.#message))
  }

  /** The source was not opened in time. */
  override fire(): void {
    this.#late = true
    this.#settle(refuseAsk.timeout(this.#to, this.#message, this.#budgetMs))
  }

  next(): Promise<Step> {
    if (this.#buffer.length > 0) {
      const value = this.#buffer.shift()
      this.#renewCredit()
      return Promise.resolve({ done: false, value })
    }
    const outcome = this.#outcome
    if (outcome !== null) {
      if (outcome.error !== null) return rejected(Promise.reject(outcome.error))
      return Promise.resolve({ done: true, value: undefined })
    }
    const taker = Promise.withResolvers<Step>()
    this.#takers.push(taker)
    return taker.promise
  }

  return(): Promise<Step> {
    this.#leave(null)
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  #hand(taker: Taker, value: unknown): void {
    this.#renewCredit()
    taker.resolve({ done: false, value })
  }

  /** Half a window at a time keeps the source busy without a grant per item. */
  #renewCredit(): void {
    if (++this.#consumed < limits.streamWindow / 2) return
    this.#pump?.grant(this.#consumed)
    this.#consumed = 0
  }

  #settle(error: Error | null): void {
    if (this.#outcome !== null) return
    this.#outcome = { error }
    this.#controller?.abort(error ?? undefined)
    this.#to.home.wheel.cancel(this)
    this.#signal?.removeEventListener('abort', this.#abort)
    for (const taker of this.#takers.splice(0)) {
      if (error === null) taker.resolve({ done: true, value: undefined })
      else {
        taker.reject(error)
        void rejected(taker.promise)
      }
    }
  }

  /** What is still buffered is not wanted any more either. */
  #leave(error: Error | null): void {
    this.#settle(error)
    this.#buffer = []
    this.#pump?.cancel()
  }

  readonly #abort = (): void => {
    if (this.#outcome !== null) return
    this.#leave(refuseAsk.cancelled(this.#to, this.#message, this.#signal?.reason))
  }
}

export function openStream(
  to: Recipient,
  message: Message,
  payload: unknown,
  options: AskOptions | undefined,
): StreamReader {
  const { home } = to
  const turn = activeTurn(home.carrier)
  const now = home.clock.now()
  const budgetMs = budgetOf(home, turn, options, now)
  const how = { budgetMs, signal: options?.signal }
  const reader = new StreamReader(to, message, turn === null ? null : turn.cell, how)
  if (!(budgetMs > 0)) reader.fail(refuseAsk.noBudget(to, message, options, budgetMs))
  else if (options?.signal?.aborted === true) {
    reader.fail(refuseAsk.cancelled(to, message, options.signal.reason))
  } else {
    if (turn !== null) {
      reader.chain = chainOf(turn)
      if (to.wouldDeadlock(reader.chain, message)) {
        reader.fail(refuseAsk.deadlock(to, message, turn))
        return reader
      }
    }
    if (home.tracer !== null) reader.trace = home.tracer.inject(turn?.envelope?.trace, message, to)
    reader.deadlineAt = now + budgetMs
    home.wheel.arm(reader, reader.deadlineAt)
    to.accept(message, payload, reader)
  }
  return reader
}

/** A reader who no longer listens must not bring the process down. */
function rejected(promise: Promise<Step>): Promise<Step> {
  promise.then(undefined, () => {})
  return promise
}

function refuseStream(to: Recipient, message: Message): EdgeError {
  const { path } = to.address
  return new EdgeError(
    'faulted',
    `${path} answered stream ${message.name} with nothing that has items; its handler must ` +
      'return an iterable',
    { detail: { path, message: message.name } },
  )
}
