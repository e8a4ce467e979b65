/**
 * SeededRandom: random numbers that one seed decides.
 *
 * The generator is sfc32 (Chris Doty-Humphrey, PractRand): four words of state and a dozen integer
 * operations a number. `fork` derives an independent stream from a label, so that a new consumer
 * does not shift what the others draw.
 */
import type { Random } from '../kernel/index.ts'

const wordSize = 2 ** 32
/** Numbers drawn and thrown away until the state no longer resembles its seed. */
const warmUpRounds = 15

export class SeededRandom implements Random {
  readonly seed: number
  readonly #label: string
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number, label = '') {
    this.seed = seed
    this.#label = label
    this.#a = Math.trunc(seed) | 0
    this.#b = Math.floor(seed / wordSize) | 0
    this.#c = hashOf(label)
    for (let round = 0; round < warmUpRounds; round++) this.word()
  }

  /** A stream of its own: the same seed and label give the same numbers, whatever others draw. */
  fork(label: string): SeededRandom {
    return new SeededRandom(this.seed, `${this.#label}/${label}`)
  }

  /** 32 random bits, as a number of at least 0. */
  word(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  next(): number {
    return this.word() / wordSize
  }

  /** A whole number of at least 0 and less than `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  /** At least `min`, less than `max`. */
  between(min: number, max: number): number {
    return min + this.next() * (max - min)
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('nothing to pick from an empty list')
    return items[this.below(items.length)] as T
  }

  /** A new list in random order (Fisher and Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items]
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = this.below(last + 1)
      const moved = shuffled[last] as T
      shuffled[last] = shuffled[other] as T
      shuffled[other] = moved
    }
    return shuffled
  }
}

/** FNV-1a over UTF-16 units: spreads labels, proves nothing. */
function hashOf(label: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < label.length; at++) {
    hash = Math.imul(hash ^ label.charCodeAt(at), 0x01000193)
  }
  return hash
}
