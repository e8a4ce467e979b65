/**
 * LiveTimer: a time-out that does not count the time in which this process stood still.
 *
 * After a stall timers ring before the socket is read, so that a peer whose answer already lies
 * there would be taken for silent. The time is cut into steps; a stall costs one of them.
 */

const steps = 8

export class LiveTimer {
  readonly #stepMs: number
  readonly #ring: () => void
  #left = steps
  #timer: NodeJS.Timeout

  constructor(ms: number, ring: () => void) {
    this.#stepMs = ms / steps
    this.#ring = ring
    this.#timer = setTimeout(() => this.#step(), this.#stepMs)
  }

  clear(): void {
    clearTimeout(this.#timer)
  }

  #step(): void {
    this.#left -= 1
    if (this.#left === 0) this.#ring()
    else this.#timer = setTimeout(() => this.#step(), this.#stepMs)
  }
}
