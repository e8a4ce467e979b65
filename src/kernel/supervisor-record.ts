/**
 * ChildRecord: what a supervisor knows of one child at one time.
 *
 * The supervisor waits for at most one thing of a child; whoever brings the news settles it.
 */
import type { Cell } from './cell.ts'
import type { Exit } from './recipient.ts'
import { RestartLedger } from './supervisor-budget.ts'
import type { CheckedChild } from './supervisor-child.ts'

export type ChildStatus =
  | 'starting'
  | 'running'
  /** Held or parked; the supervisor has yet to look at it. */
  | 'failed'
  /** On its way back, alone. */
  | 'restarting'
  /** Being parked together with its group. */
  | 'halting'
  /** Parked or ended; a restart is due. */
  | 'waiting'
  | 'stopping'
  /** Ended by itself; a restart of its group brings it back. */
  | 'ended'
  /** Ended on request; only a request brings it back. */
  | 'stopped'

/** What became of something the supervisor asked of a child. */
export type Outcome =
  | { readonly kind: 'started' }
  | { readonly kind: 'parked' }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'gone'; readonly exit: Exit }
  /** The supervisor itself has to end. */
  | { readonly kind: 'interrupted' }

export class ChildRecord {
  readonly spec: CheckedChild
  readonly ledger = new RestartLedger()
  cell: Cell | null = null
  status: ChildStatus = 'stopped'
  /** A first start that fails is not tried again. */
  first = true
  /** Clock time before which it is not restarted. */
  dueAt = 0
  /** Why it is restarted. */
  error: unknown = undefined
  #settle: ((outcome: Outcome) => void) | null = null

  constructor(spec: CheckedChild) {
    this.spec = spec
  }

  outcome(): Promise<Outcome> {
    return new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  settle(outcome: Outcome): void {
    this.#settle?.(outcome)
    this.#settle = null
  }
}
