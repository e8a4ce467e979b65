/**
 * WorkQueue: pieces of work, first come first served, taken out at constant cost.
 */
type Work = () => void

/** Served slots are given back once they outnumber the waiting ones and this many. */
const servedMax = 1_024

export class WorkQueue {
  #work: Work[] = []
  #served = 0

  get size(): number {
    return this.#work.length - this.#served
  }

  peek(): Work | undefined {
    return this.#work[this.#served]
  }

  push(work: Work): void {
    this.#work.push(work)
  }

  shift(): Work | undefined {
    if (this.#served === this.#work.length) return undefined
    const work = this.#work[this.#served] as Work
    this.#served++
    if (this.#served > servedMax && this.#served * 2 > this.#work.length) this.#compact()
    return work
  }

  #compact(): void {
    this.#work = this.#work.slice(this.#served)
    this.#served = 0
  }
}
