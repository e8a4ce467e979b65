/**
 * Mailbox: the messages that wait for one actor, in order.
 *
 * What is in front may be decided by arrival, by priority or by control. Overflow is a named
 * policy, and every message it drops is handed back to be counted. Signals such as `terminated`
 * ride in the same order but are never refused and never evicted.
 */
import type { Envelope } from './envelope.ts'
import { FifoMailbox } from './fifo-mailbox.ts'
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
  /** `priority` sorts by a message's declared priority; `control` lets control overtake. */
  readonly order?: 'arrival' | 'priority' | 'control'
}

export interface Mailbox {
  readonly size: number
  push(message: Message, payload: unknown, rider: Rider): void
  /** Queue before all that wait; in a sorted mailbox, before its equals. */
  pushFront(message: Message, payload: unknown, rider: Rider): void
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

  pushFront(message: Message, payload: unknown, rider: Rider): void {
    this.#queueFor(this.#priorityOf(message)).pushFront(message, payload, rider)
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
