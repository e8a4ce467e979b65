/**
 * Supervision: what can be asked of a supervisor while it runs.
 */
import { ask, protocol } from './protocol.ts'
import type { AnyRef } from './ref.ts'
import type { ChildSpec, ChildType, RestartType } from './supervisor-child.ts'

export interface ChildView {
  readonly id: string
  readonly type: ChildType
  readonly restart: RestartType
  /** The running child; `restarting` between two of its lives; undefined when it has none. */
  readonly child: AnyRef | 'restarting' | undefined
}

export interface ChildCounts {
  readonly specs: number
  readonly active: number
  readonly supervisors: number
  readonly workers: number
}

export const Supervision = protocol('shoal.supervision/1', {
  /** Start one more child, after all others; null when it chose not to run. */
  startChild: ask<ChildSpec, AnyRef | null>(),
  /** End a child and keep its specification, unless it is temporary. */
  terminateChild: ask<{ readonly id: string }>(),
  /** Start a child again that has ended. */
  restartChild: ask<{ readonly id: string }, AnyRef | null>(),
  /** Forget a child that has ended. */
  deleteChild: ask<{ readonly id: string }>(),
  whichChildren: ask<void, readonly ChildView[]>(),
  countChildren: ask<void, ChildCounts>(),
})
