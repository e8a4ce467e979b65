/**
 * Extras: what only some cells need, kept apart so that an idle actor stays small.
 */
import type { AnySignals, Earlier } from './become.ts'
import type { Cell } from './cell.ts'
import type { ChildGuard } from './guard.ts'
import type { HaltRequest } from './halt.ts'
import type { Waiting } from './mailbox.ts'
import type { Pump } from './pump.ts'
import type { Exit, Recipient, Watcher } from './recipient.ts'
import type { Router } from './router.ts'
import type { RestartHistory, Rule } from './supervision.ts'
import type { Timers } from './timers.ts'
import type { WheelEntry } from './timer-wheel.ts'
import type { Turn } from './turn.ts'
import type { WatchRecord } from './watch.ts'

export interface LastFailure {
  readonly error: unknown
  readonly message: string
  readonly at: number
  /** What the message was made of, when somebody wants crash reports. */
  readonly shape?: unknown
}

export class Extras {
  name: string | null = null
  /** Children that were given a name. */
  childNames: Map<string, Cell> | null = null
  /** Makes unique names from prefixes. */
  prefixCount = 0
  guard: ChildGuard | null = null
  /** Set while this cell is a running router. */
  router: Router | null = null
  request: HaltRequest | null = null
  /** The incarnation that is being halted had a state. */
  lived = false
  /** Set once the cell has ended. */
  exit: Exit | null = null
  watchers: Set<Watcher> | null = null
  watching: Map<Recipient, WatchRecord> | null = null
  links: Set<Cell> | null = null
  timers: Timers | null = null
  stash: Waiting[] | null = null
  /** Behaviours below the current one, for `unbecome`. */
  behaviours: Earlier[] | null = null
  /** Signals of the latest behaviour, when it brought any. */
  signals: AnySignals | null = null
  interleaved: Waiting[] = []
  /** Turns that run beside the serial one. */
  openTurns: Set<Turn> | null = null
  /** Streams this incarnation feeds. */
  pumps: Set<Pump> | null = null
  histories: Map<Rule, RestartHistory> | null = null
  lastFailure: LastFailure | null = null
  /** What operators want done between two turns. */
  operations: (() => void)[] | null = null
  restarts = 0
  failures = 0
  /** Failed children that escalated and wait for this cell's own fate. */
  escalated: { readonly child: Cell; readonly error: unknown }[] | null = null
  /** The child whose failure this cell fails with; the cell itself when it came from outside. */
  failedThrough: Cell | null = null
  /** The children are suspended until somebody has decided about this cell. */
  holdsChildren = false
  /** The one deadline of the life cycle: start, grace or back-off. */
  deadline: WheelEntry | null = null
  turnDeadline: WheelEntry | null = null
  /** Messages that the back-off keeps; beyond it they are dead letters. */
  stashLimit = Infinity
  /** Called once when the cell has ended. */
  onTerminated: (() => void)[] | null = null
}

/** Whether something has asked for the end of this incarnation. */
export function mustEnd({ extras }: Cell): boolean {
  return extras !== null && extras.request !== null
}

export function extrasOf(cell: Cell): Extras {
  cell.extras ??= new Extras()
  return cell.extras
}
