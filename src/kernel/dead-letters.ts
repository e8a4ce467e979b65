/**
 * DeadLetters: every message that could not be processed, counted by reason.
 *
 * Counting is exact; the log is throttled by whoever listens. Letters that come of telling
 * somebody about a letter are counted but never told, so that a listener that throws, is full or
 * has stopped cannot make them breed.
 */
import * as limits from './limits.ts'
import type { Sender } from './mailbox.ts'
import type { Message } from './protocol.ts'
import type { AnyRef } from './ref.ts'
import { Subscription, type TellsTaking } from './subscription.ts'

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
  | 'no-routee'

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

export interface DeadLetterHome {
  readonly now: () => number
  /** Run a listener so that what it throws harms nobody. */
  readonly guarded: (label: string, listener: () => void) => void
}

export class DeadLetters {
  readonly #home: DeadLetterHome
  readonly #counts = new Map<DeadLetterReason, number>()
  readonly #kept: DeadLetter[] = []
  readonly #listeners = new Set<DeadLetterListener>()
  readonly #actors = new Map<string, Subscription>()
  #total = 0
  #publishing = false

  constructor(home: DeadLetterHome) {
    this.#home = home
  }

  get total(): number {
    return this.#total
  }

  count(reason: DeadLetterReason): number {
    return this.#counts.get(reason) ?? 0
  }

  /** A copy: how many of each reason there were. */
  get counts(): Readonly<Partial<Record<DeadLetterReason, number>>> {
    return Object.fromEntries(this.#counts)
  }

  /** The latest letters, oldest first, for people who look. */
  get latest(): readonly DeadLetter[] {
    return this.#kept
  }

  listen(listener: DeadLetterListener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Tell an actor of each letter by a message of its own, until it ends. */
  subscribeActor<R extends AnyRef>(ref: R, name: TellsTaking<R, DeadLetter>): () => void {
    const id = `${String(ref)} ${name}`
    const known = this.#actors.get(id)
    if (known !== undefined) return () => known.cancel()
    const subscription = new Subscription(ref, name, () => void this.#actors.delete(id))
    this.#actors.set(id, subscription)
    subscription.watch()
    return () => subscription.cancel()
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
      at: this.#home.now(),
    }
    this.#kept.push(letter)
    if (this.#kept.length > limits.deadLettersKept) this.#kept.shift()
    this.#publish(letter)
  }

  #publish(letter: DeadLetter): void {
    if (this.#publishing || this.#listeners.size + this.#actors.size === 0) return
    const actors = [...this.#actors.values()]
    if (actors.some((subscription) => subscription.sent(letter))) return
    this.#publishing = true
    for (const listener of this.#listeners) {
      this.#home.guarded('dead-letter', () => listener(letter))
    }
    for (const subscription of actors) subscription.send(letter)
    this.#publishing = false
  }
}
