/**
 * Deadline: one call to come, on the system's wheel.
 */
import type { Cell } from './cell.ts'
import { extrasOf } from './extras.ts'
import { WheelEntry } from './timer-wheel.ts'

export class Deadline extends WheelEntry {
  readonly #expire: () => void

  constructor(expire: () => void) {
    super()
    this.#expire = expire
  }

  fire(): void {
    this.#expire()
  }
}

/** The cell's life cycle waits for one thing at a time: a start, a grace, or a back-off. */
export function armDeadline(cell: Cell, afterMs: number, expire: () => void): void {
  clearDeadline(cell)
  const deadline = new Deadline(expire)
  extrasOf(cell).deadline = deadline
  if (afterMs !== Infinity) cell.home.wheel.arm(deadline, cell.home.clock.now() + afterMs)
}

/** Let what is waited for have only so long from now on; never longer than it had. */
export function hastenDeadline(cell: Cell, afterMs: number): void {
  const deadline = cell.extras?.deadline ?? null
  if (deadline === null || afterMs === Infinity) return
  const dueAt = cell.home.clock.now() + afterMs
  if (deadline.slot < 0 || dueAt < deadline.dueAt) cell.home.wheel.arm(deadline, dueAt)
}

export function clearDeadline(cell: Cell): void {
  const deadline = cell.extras?.deadline
  if (deadline === undefined || deadline === null) return
  cell.home.wheel.cancel(deadline)
  extrasOf(cell).deadline = null
}
