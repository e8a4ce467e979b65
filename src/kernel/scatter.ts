/**
 * Scatter: one ask sent to several recipients, answered by the first that succeeds.
 *
 * The asker's own envelope keeps the deadline. With `firstOnly` the others are withdrawn once one
 * has answered: what is queued is dropped unprocessed, what runs sees its signal abort.
 */
import { Envelope, type Withdrawal } from './envelope.ts'
import { EdgeError } from './errors.ts'
import type { Message } from './protocol.ts'
import type { Recipient } from './recipient.ts'

export interface ScatteredAsk {
  readonly message: Message
  readonly payload: unknown
  readonly asker: Envelope
}

export interface ScatterOptions {
  readonly router: string
  /** Withdraw the others once one has answered. */
  readonly firstOnly: boolean
}

export function scatter(
  tos: readonly Recipient[],
  ask: ScatteredAsk,
  options: ScatterOptions,
): void {
  const race = new Race(ask, tos.length, options)
  const { message, payload, asker } = ask
  const legs = tos.map(() => race.leg())
  for (const [index, to] of tos.entries()) {
    const leg = legs[index] as Leg
    if (asker.chain !== 0 && to.wouldDeadlock(asker.chain, message)) {
      leg.fail(deadlockError(to, message))
    } else to.accept(message, payload, leg)
  }
}

class Race {
  readonly #ask: ScatteredAsk
  readonly #options: ScatterOptions
  readonly #legs: Leg[] = []
  readonly #failures: Error[] = []
  #open: number
  #answered = false
  /** One ask that nobody wants any more is counted once, however many legs it has. */
  #counted = false

  constructor(ask: ScatteredAsk, legs: number, options: ScatterOptions) {
    this.#ask = ask
    this.#open = legs
    this.#options = options
  }

  leg(): Leg {
    const leg = new Leg(this, this.#ask.asker)
    this.#legs.push(leg)
    return leg
  }

  withdrawn(): Withdrawal | null {
    if (this.#answered) return this.#options.firstOnly ? 'stale' : null
    const reason = this.#ask.asker.withdrawn()
    if (reason === null || !this.#counted) {
      this.#counted ||= reason !== null
      return reason
    }
    return 'stale'
  }

  succeed(winner: Leg, value: unknown): void {
    if (this.#answered) return
    this.#answered = true
    this.#ask.asker.succeed(value)
    if (!this.#options.firstOnly) return
    for (const leg of this.#legs) if (leg !== winner) leg.abortWork(lostError(this.#ask.message))
  }

  fail(error: Error): void {
    this.#failures.push(error)
    if (--this.#open === 0 && !this.#answered) {
      this.#ask.asker.fail(allFailed(this.#failures, this.#ask.message, this.#options.router))
    }
  }
}

class Leg extends Envelope {
  readonly #race: Race
  readonly #asker: Envelope
  #controller: AbortController | null = null
  #settled = false

  constructor(race: Race, asker: Envelope) {
    super(asker.sender)
    this.#race = race
    this.#asker = asker
    this.deadlineAt = asker.deadlineAt
    this.chain = asker.chain
    this.trace = asker.trace
  }

  override get expectsReply(): boolean {
    return true
  }

  override withdrawn(): Withdrawal | null {
    return this.#settled ? 'stale' : this.#race.withdrawn()
  }

  override get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    return AbortSignal.any([this.#asker.signal, this.#controller.signal])
  }

  override abortWork(why: Error): void {
    this.#controller?.abort(why)
  }

  override succeed(value: unknown): void {
    if (this.#settled) return
    this.#settled = true
    this.#race.succeed(this, value)
  }

  override fail(error: Error): void {
    if (this.#settled) return
    this.#settled = true
    this.#race.fail(error)
  }
}

function allFailed(failures: readonly Error[], message: Message, router: string): Error {
  const [first] = failures
  if (first === undefined || failures.length === 1) return first ?? new TypeError('no failure')
  const codes = new Set(failures.map((error) => (error instanceof EdgeError ? error.code : '')))
  const code = codes.size === 1 ? [...codes].join('') : ''
  return new EdgeError(
    code === '' ? 'faulted' : code,
    `None of the ${failures.length} routees of ${router} answered ${message.name}; the first ` +
      `said: ${first.message}`,
    { cause: new AggregateError(failures), detail: { path: router, message: message.name } },
  )
}

function lostError(message: Message): EdgeError {
  return new EdgeError('cancelled', `Another routee has answered ${message.name} first`)
}

function deadlockError(to: Recipient, message: Message): EdgeError {
  const { path } = to.address
  return new EdgeError(
    'deadlock',
    `${path} cannot answer ${message.name}: it waits in the same call chain`,
    { detail: { path, message: message.name } },
  )
}
