/**
 * Stream: many answers to one question, at the pace of whoever reads them.
 *
 * The reader grants credit for a window of items and renews it as it consumes, so nothing is ever
 * buffered beyond the window. Leaving the loop cancels the source.
 */
import { type AskOptions, budgetOf, refuseAsk } from './ask.ts'
import { Envelope, type Withdrawal } from './envelope.ts'
import * as limits from './limits.ts'
import type { Sender } from './mailbox.ts'
import type { Message } from './protocol.ts'
import type { Sink, Tap } from './pump.ts'
import type { Recipient } from './recipient.ts'
import { activeTurn, chainOf } from './turn.ts'

type Step = IteratorResult<unknown, undefined>

interface Taker {
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
  #takers: Taker[] = []
  #outcome: { readonly error: Error | null } | null = null
  #consumed = 0

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

  override get expectsReply(): boolean {
    return true
  }

  override withdrawn(): Withdrawal | null {
    return this.#outcome === null ? null : 'cancelled'
  }

  /** The source exists: from now on there is no deadline but the reader's own. */
  opened(pump: Tap): void {
    this.#to.home.wheel.cancel(this)
    if (this.#outcome !== null) {
      pump.cancel()
      return
    }
    this.#pump = pump
    pump.grant(limits.streamWindow)
  }

  item(value: unknown): void {
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

  /** The source was not opened in time. */
  override fire(): void {
    this.#settle(refuseAsk.timeout(this.#to, this.#message, this.#budgetMs))
  }

  next(): Promise<Step> {
    if (this.#buffer.length > 0) {
      const value = this.#buffer.shift()
      this.#renewCredit()
      return Promise.resolve({ done: false, value })
    }
    const outcome = this.#outcome
    if (outcome?.error != null) return Promise.reject(outcome.error)
    if (outcome !== null) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve, reject) => this.#takers.push({ resolve, reject }))
  }

  return(): Promise<Step> {
    this.#buffer = []
    this.#pump?.cancel()
    this.#settle(null)
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
    this.#to.home.wheel.cancel(this)
    this.#signal?.removeEventListener('abort', this.#abort)
    for (const taker of this.#takers.splice(0)) {
      if (error === null) taker.resolve({ done: true, value: undefined })
      else taker.reject(error)
    }
  }

  readonly #abort = (): void => {
    this.#pump?.cancel()
    this.#settle(refuseAsk.cancelled(this.#to, this.#message, this.#signal?.reason))
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
    if (turn !== null) reader.chain = chainOf(turn)
    if (home.tracer !== null) reader.trace = home.tracer.inject(turn?.envelope?.trace, message, to)
    home.wheel.arm(reader, now + budgetMs)
    to.accept(message, payload, reader)
  }
  return reader
}
