/**
 * DeadLetters: every message that could not be processed, counted by reason.
 *
 * Counting is exact; the log is throttled by whoever listens. A listener that throws or has
 * stopped never makes dead letters of its own.
 */
import * as limits from './limits.ts'
import type { Sender } from './mailbox.ts'
import type { Message } from './protocol.ts'

export type DeadLetterReason =
  | 'no-such-actor'
  | 'stopped'
  | 'mailbox-full'
  | 'stash-full'
  | 'late-reply'
  | 'stale-incarnation'
  | 'undeliverable-remote'
  | 'expired'
  | 'cancelled'
  | 'unhandled'

export interface DeadLetter {
  readonly reason: DeadLetterReason
  readonly protocol: string
  readonly message: string
  readonly payload: unknown
  readonly recipient: string
  readonly sender: string | null
  readonly at: number
}

export type DeadLetterListener = (letter: DeadLetter) => void

export class DeadLetters {
  readonly #now: () => number
  readonly #counts = new Map<DeadLetterReason, number>()
  readonly #kept: DeadLetter[] = []
  readonly #listeners = new Set<DeadLetterListener>()
  #total = 0
  #publishing = false

  constructor(now: () => number) {
    this.#now = now
  }

  get total(): number {
    return this.#total
  }

  count(reason: DeadLetterReason): number {
    return this.#counts.get(reason) ?? 0
  }

  /** The latest letters, oldest first, for people who look. */
  get latest(): readonly DeadLetter[] {
    return this.#kept
  }

  listen(listener: DeadLetterListener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  add(
    reason: DeadLetterReason,
    message: Message,
    payload: unknown,
    route: { readonly recipient: string; readonly sender: Sender | null },
  ): void {
    this.#total++
    this.#counts.set(reason, this.count(reason) + 1)
    const letter: DeadLetter = {
      reason,
      protocol: message.protocol,
      message: message.name,
      payload,
      recipient: route.recipient,
      sender: route.sender?.path ?? null,
      at: this.#now(),
    }
    this.#kept.push(letter)
    if (this.#kept.length > limits.deadLettersKept) this.#kept.shift()
    this.#publish(letter)
  }

  #publish(letter: DeadLetter): void {
    if (this.#publishing || this.#listeners.size === 0) return
    this.#publishing = true
    for (const listener of this.#listeners) listener(letter)
    this.#publishing = false
  }
}
