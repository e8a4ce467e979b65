/**
 * Event heap: what happens next in an imagined world, earliest first, equal times in order.
 *
 * A binary heap over (time, order of arrival), so that two runs with the same pushes pop alike.
 */
interface Entry<T> {
  readonly atMs: number
  readonly order: number
  readonly value: T
}

export class EventHeap<T> {
  readonly #entries: Entry<T>[] = []
  #order = 0

  get size(): number {
    return this.#entries.length
  }

  /** When the next one happens; never, in an empty heap. */
  peekMs(): number {
    return this.#entries[0]?.atMs ?? Number.POSITIVE_INFINITY
  }

  /** What happens next, without taking it out. */
  peek(): T | undefined {
    return this.#entries[0]?.value
  }

  push(atMs: number, value: T): void {
    const entry = { atMs, order: this.#order, value }
    this.#order += 1
    this.#entries.push(entry)
    this.#rise(this.#entries.length - 1, entry)
  }

  pop(): T | undefined {
    const first = this.#entries[0]
    const last = this.#entries.pop()
    if (first === undefined || last === undefined) return undefined
    if (this.#entries.length > 0) this.#sink(last)
    return first.value
  }

  #rise(from: number, entry: Entry<T>): void {
    let at = from
    while (at > 0) {
      const parentAt = (at - 1) >> 1
      const parent = this.#entries[parentAt]
      if (parent === undefined || !isBefore(entry, parent)) break
      this.#entries[at] = parent
      at = parentAt
    }
    this.#entries[at] = entry
  }

  #sink(entry: Entry<T>): void {
    let at = 0
    for (;;) {
      const childAt = this.#earlierChild(at)
      const child = this.#entries[childAt]
      if (child === undefined || !isBefore(child, entry)) break
      this.#entries[at] = child
      at = childAt
    }
    this.#entries[at] = entry
  }

  #earlierChild(at: number): number {
    const left = this.#entries[at * 2 + 1]
    const right = this.#entries[at * 2 + 2]
    if (left === undefined || right === undefined) return at * 2 + 1
    return isBefore(right, left) ? at * 2 + 2 : at * 2 + 1
  }
}

function isBefore<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}
