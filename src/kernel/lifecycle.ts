/**
 * Lifecycle: what a cell does between messages when something other than a message is due.
 *
 * A start, a halt step, an escalation and the messages that may interleave are all taken care of
 * here, on the cell's own slice, so that no life-cycle code ever runs inside somebody's handler.
 */
import { stopped } from './actor.ts'
import type { Cell } from './cell.ts'
import { armDeadline, clearDeadline } from './deadline.ts'
import { EdgeError } from './errors.ts'
import { extrasOf, mustEnd } from './extras.ts'
import { escalateTo, type Failure, reportFailure, restartWithin, takeEscalated } from './failure.ts'
import { blocked, BUSY, COMMAND, HELD, INTERLEAVED, still } from './flags.ts'
import { beginHalt, continueHalt, requestHalt, requestStop } from './halt.ts'
import { askPolicy, runDispose } from './hook.ts'
import { runOperations } from './inspect-operations.ts'
import { isPromise } from './promise.ts'
import type { Rule } from './supervision.ts'
import { current, Turn } from './turn.ts'
import { releaseTurn } from './abandon.ts'

/** Take the next step; true when the next message may run. */
export function advance(cell: Cell): boolean {
  if ((cell.flags & BUSY) === 0 && (cell.flags & COMMAND) !== 0) {
    cell.flags &= ~COMMAND
    step(cell)
  }
  if ((cell.flags & (INTERLEAVED | inTheWay)) === INTERLEAVED) runInterleaved(cell)
  return (cell.flags & blocked) === 0
}

/** Messages that may interleave wait for these, but not for a turn under way. */
const inTheWay = still | COMMAND

function step(cell: Cell): void {
  if ((cell.extras?.operations ?? null) !== null) runOperations(cell)
  const request = cell.extras?.request ?? null
  if (cell.phase === 'halting') continueHalt(cell)
  else if (request !== null) beginHalt(cell)
  else if (cell.phase === 'new') start(cell)
  else takeEscalated(cell)
}

/** A failure or a stop leaves the rest waiting: for the next incarnation, or for its end. */
function runInterleaved(cell: Cell): void {
  cell.flags &= ~INTERLEAVED
  const extras = extrasOf(cell)
  const waiting = extras.interleaved
  extras.interleaved = []
  for (const [index, { message, payload, rider }] of waiting.entries()) {
    if ((cell.flags & inTheWay) !== 0) {
      extras.interleaved = [...waiting.slice(index), ...extras.interleaved]
      cell.flags |= INTERLEAVED
      return
    }
    cell.take(message, payload, rider)
  }
}

function start(cell: Cell): void {
  cell.phase = 'starting'
  cell.incarnation++
  const context = cell.home.openContext(cell)
  cell.context = context
  let state: unknown
  current.begin(cell, null, undefined, null)
  try {
    state = cell.props.def.behaviour.state(cell.init, cell.typedContext)
  } catch (error) {
    current.end()
    startFailed(cell, error)
    return
  }
  current.end()
  if (isPromise(state)) awaitState(cell, state)
  else started(cell, state)
}

function awaitState(cell: Cell, promise: PromiseLike<unknown>): void {
  const turn = new Turn(cell, null, 0)
  cell.turn = turn
  cell.flags |= BUSY
  const settle = (then: () => void): void => {
    if (turn.over) return
    turn.over = true
    releaseTurn(cell)
    clearDeadline(cell)
    then()
    cell.wake()
  }
  promise.then(
    (state) => {
      if (turn.over) disposeLate(cell, state)
      else settle(() => started(cell, state))
    },
    (error: unknown) => settle(() => startFailed(cell, error)),
  )
  const { startTimeoutMs } = cell.props
  if (startTimeoutMs === Infinity) return
  armDeadline(cell, startTimeoutMs, () => {
    settle(() => startFailed(cell, startTimeoutError(cell, startTimeoutMs)))
  })
}

/** A state that came too late is nobody's; what it holds is freed. */
function disposeLate(cell: Cell, state: unknown): void {
  const { dispose } = cell.props.def.behaviour.signals ?? {}
  if (dispose !== undefined && state !== stopped) runDispose(cell, () => dispose(state))
}

function started(cell: Cell, state: unknown): void {
  if (state === stopped) {
    requestStop(cell, { reason: 'normal' })
    return
  }
  cell.state = state
  cell.phase = 'running'
  if (mustEnd(cell)) {
    // Asked to end while it started: it lives just long enough to end properly.
    cell.command()
    return
  }
  cell.flags &= ~HELD
  if ((cell.extras?.escalated?.length ?? 0) > 0) cell.command()
  if (cell.home.events.wanted('actor.started')) {
    cell.home.events.publish('actor.started', { path: cell.path, incarnation: cell.incarnation })
  }
  cell.parent?.extras?.guard?.started(cell)
}

/** A first start is retried only within a budget; a restart that fails counts in its budget. */
function startFailed(cell: Cell, error: unknown): void {
  const failure = { error, message: 'state' }
  const extras = extrasOf(cell)
  extras.lastFailure = { ...failure, at: cell.home.clock.wall() }
  if (extras.request !== null) {
    reportFailure(cell, failure, 'none: it is already ending')
    return
  }
  const rule = askPolicy(cell, error)
  if (rule instanceof Promise) void rule.then((found) => decideStart(cell, failure, found))
  else decideStart(cell, failure, rule)
}

function decideStart(cell: Cell, failure: Failure, rule: Rule | null): void {
  if (cell.phase !== 'starting' || mustEnd(cell)) return
  const bounded = rule !== null && (rule.max !== Infinity || rule.backoff !== null)
  const again = rule?.directive === 'restart' && (bounded || cell.incarnation > 1)
  if (again && rule !== null && restartWithin(cell, failure, rule)) return
  const { error } = failure
  const exit = { reason: 'failed', cause: error } as const
  const { parent } = cell
  if ((parent?.extras?.guard ?? null) !== null) {
    reportFailure(cell, failure, 'left to its supervisor')
    requestHalt(cell, { next: 'park', exit, error, startFailed: true })
    return
  }
  const escalates = rule?.directive === 'escalate'
  reportFailure(cell, failure, escalates ? 'escalate' : 'stop')
  requestStop(cell, exit)
  if (escalates && parent !== null) escalateTo(parent, cell, error)
}

function startTimeoutError(cell: Cell, startTimeoutMs: number): EdgeError {
  return new EdgeError(
    'start_timeout',
    `The state of ${cell.path} was not ready after ${startTimeoutMs} ms; ` +
      'look for what it waits for, or allow more with startTimeoutMs',
    { detail: { path: cell.path, startTimeoutMs } },
  )
}
