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
import { extrasOf } from './extras.ts'
import { restartOrStop, takeEscalated } from './failure.ts'
import { blocked, BUSY, COMMAND, HELD, INTERLEAVED, SUSPENDED } from './flags.ts'
import { beginHalt, continueHalt, requestHalt, requestStop } from './halt.ts'
import { isPromise } from './promise.ts'
import type { Rule } from './supervision.ts'
import { current, Turn } from './turn.ts'
import { releaseTurn } from './abandon.ts'

/** Take the next step; true when the next message may run. */
export function advance(cell: Cell): boolean {
  if ((cell.flags & INTERLEAVED) !== 0) runInterleaved(cell)
  if ((cell.flags & BUSY) !== 0) return false
  if ((cell.flags & COMMAND) !== 0) {
    cell.flags &= ~COMMAND
    step(cell)
  }
  return (cell.flags & blocked) === 0
}

function step(cell: Cell): void {
  const request = cell.extras?.request ?? null
  if (cell.phase === 'halting') continueHalt(cell)
  else if (request !== null) beginHalt(cell)
  else if (cell.phase === 'new') start(cell)
  else takeEscalated(cell)
}

function runInterleaved(cell: Cell): void {
  cell.flags &= ~INTERLEAVED
  const { interleaved } = extrasOf(cell)
  if (interleaved.length === 0 || (cell.flags & (HELD | SUSPENDED)) !== 0) return
  extrasOf(cell).interleaved = []
  for (const { message, payload, rider } of interleaved) cell.take(message, payload, rider)
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
    (state) => settle(() => started(cell, state)),
    (error: unknown) => settle(() => startFailed(cell, error)),
  )
  const { startTimeoutMs } = cell.props
  if (startTimeoutMs === Infinity) return
  armDeadline(cell, startTimeoutMs, () => {
    settle(() => startFailed(cell, startTimeoutError(cell, startTimeoutMs)))
  })
}

function started(cell: Cell, state: unknown): void {
  if (cell.extras?.request != null) {
    // Asked to end while it started: it lives just long enough to end properly.
    cell.state = state
    cell.phase = 'running'
    cell.command()
    return
  }
  if (state === stopped) {
    requestStop(cell, { reason: 'normal' })
    return
  }
  cell.state = state
  cell.phase = 'running'
  cell.flags &= ~HELD
  if (cell.home.events.wanted('actor.started')) {
    cell.home.events.publish('actor.started', { path: cell.path, incarnation: cell.incarnation })
  }
  cell.parent?.extras?.guard?.started(cell)
}

/** A first start is retried only within a budget; a restart that fails counts in its budget. */
function startFailed(cell: Cell, error: unknown): void {
  extrasOf(cell).lastFailure = { error, message: 'state', at: cell.home.clock.wall() }
  const { path, incarnation } = cell
  const failed = { path, incarnation, message: 'state', error }
  const guard = cell.parent?.extras?.guard ?? null
  if (guard !== null) {
    cell.home.events.publish('actor.failed', { ...failed, directive: 'left to its supervisor' })
    requestHalt(cell, { next: 'park', exit: { reason: 'failed', cause: error }, error })
    guard.startFailed(cell, error)
    return
  }
  const rule = cell.props.policy(error)
  if (rule instanceof Promise) {
    rule.then(
      (found) => decideStart(cell, failed, found),
      () => decideStart(cell, failed, null),
    )
    return
  }
  decideStart(cell, failed, rule)
}

function decideStart(
  cell: Cell,
  failed: { path: string; incarnation: number; message: string; error: unknown },
  rule: Rule | null,
): void {
  if (cell.phase !== 'starting') return
  const bounded = rule !== null && (rule.max !== Infinity || rule.backoff !== null)
  const again = rule?.directive === 'restart' && (bounded || cell.incarnation > 1)
  cell.home.events.publish('actor.failed', { ...failed, directive: again ? 'restart' : 'stop' })
  if (again && rule !== null) restartOrStop(cell, failed.error, rule)
  else requestStop(cell, { reason: 'failed', cause: failed.error })
}

function startTimeoutError(cell: Cell, startTimeoutMs: number): EdgeError {
  return new EdgeError(
    'start_timeout',
    `The state of ${cell.path} was not ready after ${startTimeoutMs} ms; ` +
      'look for what it waits for, or allow more with startTimeoutMs',
    { detail: { path: cell.path, startTimeoutMs } },
  )
}
