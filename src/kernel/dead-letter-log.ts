/**
 * DeadLetterLog: dead letters for people to read, a few per interval and then one summary.
 *
 * Only the log is throttled; what is counted stays exact. A timer runs only while letters have
 * been held back, so a system without dead letters has none.
 */
import type { DeadLetter, DeadLetterReason, DeadLetters } from './dead-letters.ts'
import { Deadline } from './deadline.ts'
import { durationMs, type Duration } from './duration.ts'
import { EdgeError } from './errors.ts'
import * as limits from './limits.ts'
import type { Home } from './recipient.ts'

export type DeadLetterEntry =
  | { readonly kind: 'letter'; readonly letter: DeadLetter }
  | {
      readonly kind: 'summary'
      /** Letters of the interval that were not written one by one. */
      readonly heldBack: number
      readonly byReason: Readonly<Partial<Record<DeadLetterReason, number>>>
    }

export interface DeadLetterLogOptions {
  readonly write: (entry: DeadLetterEntry) => void
  /** Letters written one by one in each interval. Default 10. */
  readonly perInterval?: number
  /** Default one minute. */
  readonly interval?: Duration
}

/** Write the dead letters of a system from now on. Returns its own undoing. */
export function logDeadLetters(home: Home, options: DeadLetterLogOptions): () => void {
  const log = new DeadLetterLog(home, options)
  return () => log.close()
}

class DeadLetterLog {
  readonly #home: Home
  readonly #write: (entry: DeadLetterEntry) => void
  readonly #perInterval: number
  readonly #intervalMs: number
  readonly #leave: () => void
  readonly #timer = new Deadline(() => this.#summarise())
  #endsAt = -Infinity
  #written = 0
  #heldBack = 0
  #byReason: Partial<Record<DeadLetterReason, number>> = {}

  constructor(home: Home, options: DeadLetterLogOptions) {
    this.#home = home
    this.#write = options.write
    this.#perInterval = options.perInterval ?? limits.deadLettersLogged
    this.#intervalMs = durationMs(options.interval ?? limits.deadLetterLogEveryMs)
    if (!(this.#perInterval >= 0) || !(this.#intervalMs > 0)) {
      throw new EdgeError(
        'invalid_option',
        `A dead letter log of ${this.#perInterval} letters in ${this.#intervalMs} ms cannot be; ` +
          'give at least 0 letters and a time above 0',
      )
    }
    const { deadLetters }: { readonly deadLetters: DeadLetters } = home
    this.#leave = deadLetters.listen((letter) => this.#take(letter))
  }

  close(): void {
    this.#leave()
    this.#home.wheel.cancel(this.#timer)
    this.#summarise()
  }

  #take(letter: DeadLetter): void {
    const now = this.#home.clock.now()
    if (now >= this.#endsAt) this.#beginInterval(now)
    if (this.#written < this.#perInterval) {
      this.#written++
      this.#write({ kind: 'letter', letter })
      return
    }
    this.#heldBack++
    this.#byReason[letter.reason] = (this.#byReason[letter.reason] ?? 0) + 1
    if (this.#timer.slot < 0) this.#home.wheel.arm(this.#timer, this.#endsAt)
  }

  #beginInterval(now: number): void {
    this.#endsAt = now + this.#intervalMs
    this.#written = 0
  }

  #summarise(): void {
    if (this.#heldBack === 0) return
    const summary = { heldBack: this.#heldBack, byReason: this.#byReason }
    this.#heldBack = 0
    this.#byReason = {}
    this.#write({ kind: 'summary', ...summary })
  }
}
