/**
 * Buggify: rare but legal misbehaviour of single places, switched on by a simulation.
 *
 * A seed activates a third of the sites, and an active site misbehaves with its probability.
 * How often each did is counted, because a site that never fires tests nothing.
 */
import type { SeededRandom } from './seeded-random.ts'

const activeShare = 0.34

export class Buggify {
  readonly fired = new Map<string, number>()
  readonly #random: SeededRandom
  readonly #on: boolean
  readonly #active = new Map<string, boolean>()
  calm = false

  constructor(random: SeededRandom, on: boolean) {
    this.#random = random
    this.#on = on
  }

  happens(name: string, probability: number): boolean {
    if (!this.#on || this.calm || !this.#isActive(name)) return false
    if (this.#random.next() >= probability) return false
    this.fired.set(name, (this.fired.get(name) ?? 0) + 1)
    return true
  }

  #isActive(name: string): boolean {
    const known = this.#active.get(name)
    if (known !== undefined) return known
    const active = this.#random.fork(name).next() < activeShare
    this.#active.set(name, active)
    return active
  }
}
