/**
 * Chains: call chains as they are known across systems, and the numbers the kernel knows them by.
 *
 * A chain that began here keeps its number; one from elsewhere gets a negative number for as long
 * as any of its asks is being answered here. So a cycle over several nodes closes where it began.
 */
import type { ChainMark } from '../../protocols/actor-link.ts'

interface Foreign {
  readonly mark: ChainMark
  readonly number: number
  uses: number
}

export class Chains {
  readonly #self: string
  readonly #byMark = new Map<string, Foreign>()
  readonly #byNumber = new Map<number, Foreign>()
  #numbers = 0

  constructor(self: string) {
    this.#self = self
  }

  /** The kernel's number for a chain; give it back with `release`. */
  enter(mark: ChainMark | null): number {
    if (mark === null) return 0
    const [system, chain] = mark
    if (system === this.#self) return chain
    const key = `${system} ${chain}`
    const known = this.#byMark.get(key) ?? { mark, number: --this.#numbers, uses: 0 }
    known.uses++
    this.#byMark.set(key, known)
    this.#byNumber.set(known.number, known)
    return known.number
  }

  release(number: number): void {
    const known = this.#byNumber.get(number)
    if (known === undefined || --known.uses > 0) return
    this.#byNumber.delete(number)
    this.#byMark.delete(`${known.mark[0]} ${known.mark[1]}`)
  }

  markOf(number: number): ChainMark | null {
    if (number === 0) return null
    if (number > 0) return [this.#self, number]
    return this.#byNumber.get(number)?.mark ?? null
  }
}
