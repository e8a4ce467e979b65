/**
 * Mailbox: the messages that wait for one actor, in order.
 *
 * A message takes three slots of one ring (message, payload, envelope), so waiting costs no
 * object. Overflow is a named policy, and every message it drops is handed back to be counted.
 * Signals such as `terminated` ride in the same order but are never refused and never evicted.
 */
import type { Envelope } from './envelope.ts'
import type { Message } from './protocol.ts'

/** What rides with a message: an envelope, the plain sender of a tell, or nothing. */
export type Rider = Envelope | Sender | null
/** A sender is known by where it lives; only dead letters ever read it. */
export interface Sender {
  readonly isEnvelope: false
  readonly path: string
}

export type OnFull = 'reject' | 'drop-new' | 'drop-old' | 'drop-all' | 'fail'

export interface MailboxOptions {
  /** Messages that may wait; the one being processed does not count. */
  readonly capacity?: number
  /**
   * `reject` and `drop-new` refuse the newcomer, `drop-old` gives up the oldest, `drop-all` every
   * waiting one, `fail` makes the actor fail. Each dropped message becomes a dead letter, and an
   * asker among them hears `overloaded` at once.
   */
  readonly onFull?: OnFull
  /** `priority` sorts by the message's declared priority, `control` lets control messages overtake. */
  readonly order?: 'arrival' | 'priority' | 'control'
}

export interface Mailbox {
  readonly size: number
  push(message: Message, payload: unknown, rider: Rider): void
  /** The next message, or undefined when none waits; payload and rider of the same one follow. */
  head(): Message | undefined
  payload(): unknown
  rider(): Rider
  drop(): void
  /** Take out the oldest message that is not a signal, to make room. */
  evict(): Waiting | undefined
}

export interface Waiting {
  readonly message: Message
  readonly payload: unknown
  readonly rider: Rider
}

const stride = 3
const firstCapacity = 4 * stride
/** Rings larger than this are given back once they are empty. */
const keptCapacity = 1_024 * stride
const none: readonly unknown[] = []

export class FifoMailbox implements Mailbox {
  /** Flat ring of message, payload, rider; its length is a power of two times the stride. */
  #ring: unknown[] = none as unknown[]
  #first = 0
  size = 0

  push(message: Message, payload: unknown, rider: Rider): void {
    let ring = this.#ring
    if (this.size * stride === ring.length) ring = this.#grow()
    let at = this.#first + this.size * stride
    if (at >= ring.length) at -= ring.length
    ring[at] = message
    ring[at + 1] = payload
    ring[at + 2] = rider
    this.size++
  }

  head(): Message | undefined {
    return this.size === 0 ? undefined : (this.#ring[this.#first] as Message)
  }

  payload(): unknown {
    return this.#ring[this.#first + 1]
  }

  rider(): Rider {
    return this.#ring[this.#first + 2] as Rider
  }

  drop(): void {
    const ring = this.#ring
    const at = this.#first
    ring[at + 1] = undefined
    ring[at + 2] = null
    this.#first = at + stride === ring.length ? 0 : at + stride
    if (--this.size === 0 && ring.length > keptCapacity) this.#release()
  }

  evict(): Waiting | undefined {
    const kept: Waiting[] = []
    let victim: Waiting | undefined
    while (this.size > 0) {
      const waiting = take(this)
      if (victim === undefined && waiting.message.index >= 0) victim = waiting
      else kept.push(waiting)
      if (victim !== undefined && kept.length === 0) return victim
    }
    for (const { message, payload, rider } of kept) this.push(message, payload, rider)
    return victim
  }

  /** A burst must not pin its memory for ever. */
  #release(): void {
    this.#ring = none as unknown[]
    this.#first = 0
  }

  #grow(): unknown[] {
    const old = this.#ring
    const ring = Array.from<unknown>({ length: Math.max(firstCapacity, old.length * 2) })
    for (let i = 0; i < old.length; i++) ring[i] = old[(this.#first + i) % old.length]
    this.#ring = ring
    this.#first = 0
    return ring
  }
}

/** Several queues served highest first; equal priorities keep arrival order. */
export class PriorityMailbox implements Mailbox {
  readonly #priorityOf: (message: Message) => number
  /** Highest priority first. */
  readonly #queues: { readonly priority: number; readonly queue: FifoMailbox }[] = []
  #top: FifoMailbox = new FifoMailbox()
  size = 0

  constructor(priorityOf: (message: Message) => number) {
    this.#priorityOf = priorityOf
  }

  push(message: Message, payload: unknown, rider: Rider): void {
    this.#queueFor(this.#priorityOf(message)).push(message, payload, rider)
    this.size++
  }

  head(): Message | undefined {
    for (const { queue } of this.#queues) {
      if (queue.size === 0) continue
      this.#top = queue
      return queue.head()
    }
    return undefined
  }

  payload(): unknown {
    return this.#top.payload()
  }

  rider(): Rider {
    return this.#top.rider()
  }

  drop(): void {
    this.#top.drop()
    this.size--
  }

  /** The lowest priority gives way first. */
  evict(): Waiting | undefined {
    for (const { queue } of this.#queues.toReversed()) {
      const victim = queue.evict()
      if (victim === undefined) continue
      this.size--
      return victim
    }
    return undefined
  }

  #queueFor(priority: number): FifoMailbox {
    const found = this.#queues.find((entry) => entry.priority === priority)
    if (found !== undefined) return found.queue
    const entry = { priority, queue: new FifoMailbox() }
    this.#queues.push(entry)
    this.#queues.sort((a, b) => b.priority - a.priority)
    return entry.queue
  }
}

export function openMailbox(order: MailboxOptions['order']): Mailbox {
  if (order === 'priority') return new PriorityMailbox((message) => message.options.priority ?? 0)
  if (order === 'control') {
    return new PriorityMailbox((message) => (message.options.control === true ? 1 : 0))
  }
  return new FifoMailbox()
}

/** Take the next message out; only for a mailbox that has one. */
export function take(mailbox: Mailbox): Waiting {
  const message = mailbox.head() as Message
  const waiting = { message, payload: mailbox.payload(), rider: mailbox.rider() }
  mailbox.drop()
  return waiting
}
