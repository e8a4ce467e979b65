/**
 * Links: the ways of messages from one actor to another, each in order, none knowing the others.
 *
 * A direct link delivers at once. A shuffled one competes with the ready actors for the choice of
 * the scheduler; a delayed one waits in virtual time. With a seeded scheduler every legal
 * interleaving of messages therefore has a seed.
 */
import type { Cell, Duration, Kernel, Sender } from '../kernel/index.ts'
import { durationMs } from '../kernel/index.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { VirtualTime } from './virtual-time.ts'
import { WorkQueue } from './work-queue.ts'

/**
 * How local messages travel: `direct` into the mailbox; `shuffled` when the scheduler chooses
 * their link; after a random delay within bounds. Each link keeps its order in any case.
 */
export type Delivery = 'direct' | 'shuffled' | { readonly min: Duration; readonly max: Duration }

/** An end of a link; null is whoever is no actor, such as the test itself. */
export type LinkEnd = Sender | null

type Deliver = () => void

export class Links {
  readonly #delivery: Delivery
  readonly #time: VirtualTime
  readonly #random: SeededRandom
  readonly #links = new WeakMap<object, WeakMap<object, Link>>()
  readonly #outside = {}

  constructor(delivery: Delivery, time: VirtualTime, random: SeededRandom) {
    this.#delivery = delivery
    this.#time = time
    this.#random = random
  }

  carry(home: Kernel, from: LinkEnd, to: LinkEnd, deliver: Deliver): void {
    if (this.#delivery === 'direct') deliver()
    else this.#linkOf(home, from ?? this.#outside, to ?? this.#outside).carry(deliver)
  }

  #linkOf(home: Kernel, from: object, to: object): Link {
    const outgoing = this.#links.get(from) ?? new WeakMap<object, Link>()
    this.#links.set(from, outgoing)
    const known = outgoing.get(to)
    if (known !== undefined) return known
    const link = this.#open(home)
    outgoing.set(to, link)
    return link
  }

  #open(home: Kernel): Link {
    if (typeof this.#delivery === 'string') return new ShuffledLink(home)
    const { min, max } = this.#delivery
    const minMs = durationMs(min)
    const span = durationMs(max) - minMs
    return new DelayedLink(this.#time, () => minMs + this.#random.next() * span)
  }
}

interface Link {
  carry(deliver: Deliver): void
}

/** A runnable like the actors: the scheduler decides when it delivers its next message. */
class ShuffledLink implements Link {
  readonly #home: Kernel
  readonly #waiting = new WorkQueue()

  constructor(home: Kernel) {
    this.#home = home
  }

  carry(deliver: Deliver): void {
    const idle = this.#waiting.size === 0
    this.#waiting.push(deliver)
    if (idle) this.#home.dispatcher.schedule(this)
  }

  run(): boolean {
    this.#waiting.peek()?.()
    this.#waiting.shift()
    return this.#waiting.size > 0
  }
}

class DelayedLink implements Link {
  readonly #time: VirtualTime
  readonly #delayMs: () => number
  #lastAtMs = 0

  constructor(time: VirtualTime, delayMs: () => number) {
    this.#time = time
    this.#delayMs = delayMs
  }

  carry(deliver: Deliver): void {
    const atMs = this.#time.clock.now() + this.#delayMs()
    this.#lastAtMs = Math.max(this.#lastAtMs, atMs)
    this.#time.setAlarm(this.#lastAtMs, { wanted: true, ring: deliver })
  }
}

export function isCell(end: LinkEnd): end is Cell {
  return end !== null && 'mailbox' in end
}
