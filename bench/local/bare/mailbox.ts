/**
 * BareMailbox: a mailbox and a run queue and nothing else, the practical limit in this engine.
 *
 * No supervision, names, deadlines, metrics, bounds or types of messages; what a runtime costs
 * is the distance from here. It is fair in the least way: 64 messages per turn of a cell, and
 * the event loop gets its turn after 32,768 cells.
 */
const turnsPerCell = 64
const cellsPerPump = 32_768

/** A queue in a circular array whose length is a power of two. */
class Ring<T> {
  #slots: (T | undefined)[] = [undefined, undefined, undefined, undefined]
  #mask = 3
  #head = 0
  #tail = 0

  push(item: T): void {
    const tail = this.#tail
    this.#slots[tail] = item
    this.#tail = (tail + 1) & this.#mask
    if (this.#tail === this.#head) this.grow()
  }

  shift(): T | undefined {
    const head = this.#head
    if (head === this.#tail) return undefined
    const item = this.#slots[head]
    this.#slots[head] = undefined
    this.#head = (head + 1) & this.#mask
    return item
  }

  /** Called when every slot is taken: head and tail meet. */
  grow(): void {
    const size = this.#mask + 1
    // oxlint-disable-next-line unicorn/no-new-array -- Array.from would write each slot twice.
    const slots = new Array<T | undefined>(size * 2)
    for (let index = 0; index < size; index++) {
      slots[index] = this.#slots[(this.#head + index) & this.#mask]
    }
    this.#slots = slots
    this.#mask = size * 2 - 1
    this.#head = 0
    this.#tail = size
  }
}

/** The cells that have messages: a list through the cells themselves. */
let first: Runnable | undefined
let last: Runnable | undefined
let scheduled = false

interface Runnable {
  next: Runnable | undefined
  run(): void
}

function enqueue(cell: Runnable): void {
  if (last === undefined) first = cell
  else last.next = cell
  last = cell
}

export class Cell<M> implements Runnable {
  next: Runnable | undefined = undefined
  readonly #queue = new Ring<M>()
  readonly #behave: (message: M, self: Cell<M>) => void
  #queued = false

  constructor(behave: (message: M, self: Cell<M>) => void) {
    this.#behave = behave
  }

  tell(message: M): void {
    this.#queue.push(message)
    if (this.#queued) return
    this.#queued = true
    enqueue(this)
    if (scheduled) return
    scheduled = true
    queueMicrotask(pump)
  }

  run(): void {
    const queue = this.#queue
    for (let turns = turnsPerCell; turns > 0; turns--) {
      const message = queue.shift()
      if (message === undefined) {
        this.#queued = false
        return
      }
      this.#behave(message, this)
    }
    enqueue(this)
  }
}

function pump(): void {
  for (let cells = cellsPerPump; cells > 0; cells--) {
    const cell = first
    if (cell === undefined) {
      scheduled = false
      return
    }
    first = cell.next
    if (first === undefined) last = undefined
    cell.next = undefined
    cell.run()
  }
  setImmediate(pump)
}
