/**
 * Halt: the end of an incarnation, in order, whatever comes after it.
 *
 * A stop, a restart and a supervisor's park take the same steps: the turn under way ends or is
 * abandoned after its grace; a restart runs `preRestart` on the old state; children end; a stop
 * runs `postStop`; the incarnation is closed. Then the actor is released, revived or parked.
 */
import { forgetBehaviours, signalsOf } from './become.ts'
import type { Cell } from './cell.ts'
import { reportCrash } from './crash-report.ts'
import { EdgeError } from './errors.ts'
import { extrasOf } from './extras.ts'
import { childrenOf, disown } from './family.ts'
import { BACKING_OFF, BUSY, CLOSED, HELD, IDLE_WATCHED, ROUTED, SUSPENDED } from './flags.ts'
import { runDispose, runHook } from './hook.ts'
import { take, type Waiting } from './mailbox.ts'
import { stopPumps } from './pump.ts'
import type { Exit } from './recipient.ts'
import { abandonTurns, renewContext, reportKilled } from './abandon.ts'
import { armDeadline, clearDeadline, hastenDeadline } from './deadline.ts'
import { DRAIN, type SignalWork } from './signals.ts'
import { breakLinks, tellWatchers, unwatch, unwatchAll } from './watch.ts'

export interface HaltRequest {
  readonly next: 'release' | 'revive' | 'park'
  readonly exit: Exit
  /** The failure behind a restart; `preRestart` sees it. */
  readonly error?: unknown
  readonly delayMs?: number
  readonly graceMs?: number
  readonly keepChildren?: boolean
  /** What was queued has been processed; the routees of a router still have theirs. */
  readonly drained?: boolean
  readonly stashLimit?: number
  /** The incarnation ends because its state could not be made. */
  readonly startFailed?: boolean
  /** Many restarts in a row are logged louder. */
  readonly loud?: boolean
}

export interface StopOptions {
  readonly graceMs?: number
  readonly drain?: boolean
}

/** End the actor for good. Doing it twice changes nothing, but a shorter grace is obeyed. */
export function requestStop(cell: Cell, exit: Exit, options: StopOptions = {}): void {
  if (cell.phase === 'ended') return
  const grace = options.graceMs === undefined ? {} : { graceMs: options.graceMs }
  const request: HaltRequest = { next: 'release', exit, ...grace }
  if (options.drain !== true) {
    requestHalt(cell, request)
    return
  }
  if ((cell.flags & CLOSED) !== 0) return
  cell.flags |= CLOSED
  cell.mailbox.push(DRAIN, drainWork(request), null)
  cell.wake()
}

function drainWork(request: HaltRequest): SignalWork {
  return (cell) => requestHalt(cell, { ...request, drained: true })
}

export function requestHalt(cell: Cell, request: HaltRequest): void {
  if (cell.phase === 'ended') return
  const extras = extrasOf(cell)
  const pending = extras.request
  extras.request = pending === null ? request : stronger(pending, request)
  if (extras.request.next === 'release') cell.flags |= CLOSED
  extras.guard?.interrupt()
  if ((cell.flags & BUSY) !== 0) limitTurn(cell, request.graceMs, pending !== null)
  cell.command()
}

const strength = { revive: 0, park: 1, release: 2 }

/** An end for good outranks a restart, the first of equals stands, the shorter grace is obeyed. */
function stronger(pending: HaltRequest, request: HaltRequest): HaltRequest {
  const chosen = strength[request.next] > strength[pending.next] ? request : pending
  const graceMs = Math.min(pending.graceMs ?? Infinity, request.graceMs ?? Infinity)
  return graceMs === Infinity ? chosen : { ...chosen, graceMs }
}

/** The turn or hook under way may go on for its grace only. */
function limitTurn(cell: Cell, graceMs: number | undefined, again: boolean): void {
  if (!again) cell.turn?.envelope?.abortWork(stoppedError(cell))
  if (again || cell.phase === 'halting') {
    if (graceMs !== undefined) hastenDeadline(cell, graceMs)
    return
  }
  const limitMs = graceMs ?? cell.props.graceMs
  // A start that takes too long has a deadline of its own.
  if (limitMs === Infinity && cell.phase === 'starting') return
  if (limitMs <= 0) giveUpTurn(cell)
  else armDeadline(cell, limitMs, () => giveUpTurn(cell))
}

function giveUpTurn(cell: Cell): void {
  if ((cell.flags & BUSY) === 0) return
  abandonTurns(cell, stoppedError)
  renewContext(cell)
  cell.home.events.publish('actor.abandoned', { path: cell.path, message: 'turn' })
  reportKilled(cell)
  cell.command()
}

/** Begin what was requested; the cell is between turns. */
export function beginHalt(cell: Cell): void {
  clearDeadline(cell)
  const before = cell.phase
  cell.phase = 'halting'
  cell.flags |= HELD
  cell.flags &= ~SUSPENDED & ~BACKING_OFF
  const lived = before === 'running' || before === 'failing'
  const extras = extrasOf(cell)
  extras.lived = lived
  extras.timers?.cancelAll()
  const request = extras.request as HaltRequest
  const { preRestart } = signalsOf(cell) ?? {}
  if (request.next === 'release' || !lived || preRestart === undefined) {
    stopChildren(cell)
    return
  }
  runHook(cell, 'preRestart', request.graceMs, {
    work: () => preRestart(cell.state, request.error, cell.typedContext),
    done: () => stopChildren(cell),
    abandoned: () => reportKilled(cell),
  })
}

function stopChildren(cell: Cell): void {
  const { guard, request } = extrasOf(cell)
  const { drained, graceMs, next } = request as HaltRequest
  if (keepsChildren(cell)) {
    runPostStop(cell)
    return
  }
  if (guard !== null) {
    guard.stopNext(graceMs)
    return
  }
  const drain = drained === true && (cell.flags & ROUTED) !== 0
  const grace = graceMs === undefined ? { drain } : { drain, graceMs }
  for (const child of childrenOf(cell).toReversed()) {
    // The next incarnation knows nothing of these children, and hears nothing of their end.
    if (next !== 'release') unwatch(cell, child.ref)
    requestStop(child, { reason: 'shutdown' }, grace)
  }
}

/** True when no child is in the way of the end of this incarnation. */
function keepsChildren(cell: Cell): boolean {
  if (cell.lastChild === null) return true
  const { guard, request } = extrasOf(cell)
  return guard === null && request?.keepChildren === true
}

/** A child of a halting cell is gone; called between turns. */
export function continueHalt(cell: Cell): void {
  if (keepsChildren(cell)) runPostStop(cell)
  else extrasOf(cell).guard?.stopNext(extrasOf(cell).request?.graceMs)
}

function runPostStop(cell: Cell): void {
  const request = extrasOf(cell).request as HaltRequest
  const { postStop } = signalsOf(cell) ?? {}
  const restarts = request.next !== 'release'
  if (postStop === undefined || restarts || !extrasOf(cell).lived) {
    closeIncarnation(cell)
    return
  }
  runHook(cell, 'postStop', request.graceMs, {
    work: () => postStop(cell.state, cell.typedContext),
    done: () => closeIncarnation(cell),
    abandoned: () => reportKilled(cell),
  })
}

function closeIncarnation(cell: Cell): void {
  const extras = extrasOf(cell)
  const request = extras.request as HaltRequest
  const { failedThrough, escalated } = extras
  reportCrash(cell, request)
  disposeState(cell)
  clearDeadline(cell)
  forgetBehaviours(cell)
  extras.escalated = null
  extras.failedThrough = null
  extras.holdsChildren = false
  extras.guard = null
  cell.flags &= ~IDLE_WATCHED
  abandonTurns(cell, stoppedError)
  stopPumps(cell, stoppedError)
  cell.context?.revoke()
  cell.context = null
  cell.state = undefined
  if (request.next !== 'release') restoreStash(cell)
  extras.request = null
  if (request.keepChildren === true) {
    restartHeld([failedThrough, ...(escalated ?? []).map(({ child }) => child)], cell)
  }
  afterIncarnation(cell, request)
}

/** Children that escalated live through the restart of their parent by being restarted as well. */
function restartHeld(children: readonly (Cell | null)[], parent: Cell): void {
  for (const child of children) {
    if (child === null || child === parent || child.phase !== 'failing') continue
    const error = child.extras?.lastFailure?.error
    requestHalt(child, { next: 'revive', exit: { reason: 'failed', cause: error }, error })
  }
}

function afterIncarnation(cell: Cell, request: HaltRequest): void {
  const guard = cell.parent?.extras?.guard ?? null
  switch (request.next) {
    case 'release':
      if (guard === null || !guard.keeps(cell, request.exit)) {
        release(cell, request.exit)
        return
      }
      cell.flags &= ~CLOSED
      tellStopped(cell)
      park(cell, request)
      return
    case 'park':
      park(cell, request)
      return
    case 'revive':
      revive(cell, request)
      return
  }
}

function park(cell: Cell, request: HaltRequest): void {
  cell.phase = 'parked'
  cell.parent?.extras?.guard?.parked(cell, request)
}

/** Those who asked for the stop hear that what they wanted stopped has. */
function tellStopped(cell: Cell): void {
  const extras = extrasOf(cell)
  const listeners = extras.onTerminated ?? []
  extras.onTerminated = null
  for (const listener of listeners) listener()
}

/** Start the next incarnation, after a delay if the policy says so. */
export function revive(cell: Cell, request: Partial<HaltRequest> = {}): void {
  const extras = extrasOf(cell)
  extras.restarts++
  const { error, loud } = request
  cell.home.events.publish('actor.restarted', {
    path: cell.path,
    incarnation: cell.incarnation + 1,
    error,
    level: loud === true ? 'error' : 'warn',
  })
  const delayMs = request.delayMs ?? 0
  if (delayMs <= 0) {
    startAgain(cell)
    return
  }
  cell.phase = 'backoff'
  cell.flags |= BACKING_OFF
  extras.stashLimit = request.stashLimit ?? Infinity
  armDeadline(cell, delayMs, () => {
    if (cell.phase !== 'backoff') return
    cell.flags &= ~BACKING_OFF
    startAgain(cell)
  })
}

function startAgain(cell: Cell): void {
  cell.phase = 'new'
  cell.command()
}

/** Leave the tree: name first, then what waited, then those who watched. */
export function release(cell: Cell, exit: Exit): void {
  if (cell.phase === 'ended') return
  const extras = extrasOf(cell)
  cell.phase = 'ended'
  cell.flags |= CLOSED | HELD
  extras.exit = exit
  unwatchAll(cell)
  const { parent } = cell
  if (parent !== null) disown(parent, cell)
  cell.home.forget(cell)
  discardWaiting(cell)
  if (cell.home.events.wanted('actor.stopped')) {
    cell.home.events.publish('actor.stopped', { path: cell.path, reason: exit.reason })
  }
  tellWatchers(cell, exit)
  breakLinks(cell, exit)
  tellStopped(cell)
  if (parent === null) cell.home.rootEnded(exit)
  else childGone(parent, cell, exit)
}

function childGone(parent: Cell, child: Cell, exit: Exit): void {
  parent.extras?.guard?.released(child, exit)
  if (parent.phase === 'halting') parent.command()
}

function discardWaiting(cell: Cell): void {
  const waiting: Waiting[] = [...(cell.extras?.stash ?? []), ...(cell.extras?.interleaved ?? [])]
  while (cell.mailbox.size > 0) waiting.push(take(cell.mailbox))
  const extras = extrasOf(cell)
  extras.stash = null
  extras.interleaved = []
  for (const { message, payload, rider } of waiting) {
    if (message.index < 0) continue
    if (rider?.isEnvelope === true) {
      if (cell.dropWithdrawn(message, payload, rider)) continue
      rider.fail(stoppedError(cell))
    }
    cell.deadLetter('stopped', message, payload, rider)
  }
}

/** What was set aside is delivered to the next incarnation, before what came later. */
function restoreStash(cell: Cell): void {
  const extras = extrasOf(cell)
  if (extras.stash === null) return
  const { stash } = extras
  extras.stash = null
  putBack(cell, stash)
}

/** Queue these messages before all that wait. */
export function putBack(cell: Cell, first: readonly Waiting[]): void {
  for (const { message, payload, rider } of first.toReversed()) {
    cell.mailbox.pushFront(message, payload, rider)
  }
}

function disposeState(cell: Cell): void {
  const { dispose } = signalsOf(cell) ?? {}
  if (dispose === undefined || cell.extras?.lived !== true) return
  runDispose(cell, () => dispose(cell.state))
}

export function stoppedError(cell: Cell): EdgeError {
  return new EdgeError('stopped', `${cell.path} stopped before it could answer`, {
    detail: { path: cell.path },
  })
}
