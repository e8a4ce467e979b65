/**
 * RunQueue: ready actors in a ring, first come, first served, with a way in at the front.
 */
import type { Runnable } from './dispatcher.ts'

const firstCapacity = 64

export class RunQueue {
  /** Its length is a power of two. */
  #ring: (Runnable | undefined)[] = empty(firstCapacity)
  #first = 0
  size = 0

  push(runnable: Runnable): void {
    if (this.size === this.#ring.length) this.#grow()
    this.#ring[(this.#first + this.size) & (this.#ring.length - 1)] = runnable
    this.size++
  }

  pushFront(runnable: Runnable): void {
    if (this.size === this.#ring.length) this.#grow()
    this.#first = (this.#first - 1) & (this.#ring.length - 1)
    this.#ring[this.#first] = runnable
    this.size++
  }

  /** Only for a queue that is not empty. */
  take(): Runnable {
    const at = this.#first
    const runnable = this.#ring[at] as Runnable
    this.#ring[at] = undefined
    this.#first = (at + 1) & (this.#ring.length - 1)
    this.size--
    return runnable
  }

  /** Have the one at this offset go next; the others keep their order. */
  bringForward(offset: number): void {
    const ring = this.#ring
    const mask = ring.length - 1
    const chosen = ring[(this.#first + offset) & mask]
    for (let i = offset; i > 0; i--) {
      ring[(this.#first + i) & mask] = ring[(this.#first + i - 1) & mask]
    }
    ring[this.#first] = chosen
  }

  #grow(): void {
    const old = this.#ring
    const wider = empty(old.length * 2)
    for (let i = 0; i < this.size; i++) wider[i] = old[(this.#first + i) & (old.length - 1)]
    this.#ring = wider
    this.#first = 0
  }
}

function empty(length: number): (Runnable | undefined)[] {
  return Array.from({ length }, () => undefined)
}
