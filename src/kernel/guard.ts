/**
 * ChildGuard: how a supervisor takes its children's fate out of their own hands.
 *
 * A cell with a guard decides for its children: a child that failed is held, one that ended is
 * parked, until the guard has it revived, released or resumed.
 */
import type { Cell } from './cell.ts'
import type { Exit } from './recipient.ts'

export interface ChildGuard {
  /** The child failed and is held. */
  failed(child: Cell, error: unknown): void
  started(child: Cell): void
  /** The child's state factory failed; the child is parked. */
  startFailed(child: Cell, error: unknown): void
  /** A halt asked for with `next: 'park'` is complete. */
  parked(child: Cell): void
  /** The child has ended by itself; true keeps it parked instead of releasing it. */
  ended(child: Cell, exit: Exit): boolean
  /** The child has left the tree. */
  released(child: Cell, exit: Exit): void
}
