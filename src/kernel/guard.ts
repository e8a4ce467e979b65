/**
 * ChildGuard: how a supervisor takes its children's fate out of their own hands.
 *
 * A cell with a guard decides for its children: a child whose own policy does not help it is held,
 * one that would end is parked if the guard keeps it, until the guard has it revived, released or
 * resumed. The calls come in the child's slice, so a guard notes them and acts in a turn.
 */
import type { Cell } from './cell.ts'
import type { HaltRequest } from './halt.ts'
import type { Exit } from './recipient.ts'

export interface ChildGuard {
  /** The child failed beyond what its own policy handles, and is held. */
  failed(child: Cell, error: unknown): void
  /** The state of the child is ready. */
  started(child: Cell): void
  /** An incarnation of the child is closed and waits for what the guard decides. */
  parked(child: Cell, request: HaltRequest): void
  /** The child is about to leave the tree; true parks it instead. */
  keeps(child: Cell, exit: Exit): boolean
  /** The child has left the tree. */
  released(child: Cell, exit: Exit): void
  /** The supervisor ends: stop the next of its children, unless one is stopping already. */
  stopNext(graceMs: number | undefined): void
  /** The supervisor has to end: what it waits for does not matter any more. */
  interrupt(): void
}
