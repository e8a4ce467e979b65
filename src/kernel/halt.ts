/**
 * Halt: the end of an incarnation, in order, whatever comes after it.
 *
 * A stop, a restart and a supervisor's park take the same steps: the turn under way ends or is
 * abandoned after its grace; a restart runs `preRestart` on the old state; children end; a stop
 * runs `postStop`; the incarnation is closed. Then the actor is released, revived or parked.
 */
import type { Cell } from './cell.ts'
import { EdgeError } from './errors.ts'
import { extrasOf } from './extras.ts'
import { childrenOf, disown } from './family.ts'
import { BACKING_OFF, BUSY, CLOSED, HELD, IDLE_WATCHED, SUSPENDED } from './flags.ts'
import { runHook } from './hook.ts'
import { take, type Waiting } from './mailbox.ts'
import { stopPumps } from './pump.ts'
import type { Exit } from './recipient.ts'
import { abandonTurns } from './abandon.ts'
import { armDeadline, clearDeadline } from './deadline.ts'
import { DRAIN } from './signals.ts'
import { breakLinks, tellWatchers, unwatchAll } from './watch.ts'

export interface HaltRequest {
  readonly next: 'release' | 'revive' | 'park'
  readonly exit: Exit
  /** The failure behind a restart; `preRestart` sees it. */
  readonly error?: unknown
  readonly delayMs?: number
  readonly graceMs?: number
  readonly keepChildren?: boolean
  readonly stashLimit?: number
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
  if (options.drain === true && (cell.flags & CLOSED) === 0) {
    cell.flags |= CLOSED
    cell.mailbox.push(DRAIN, drainWork(exit), null)
    cell.wake()
    return
  }
  const grace = options.graceMs === undefined ? {} : { graceMs: options.graceMs }
  requestHalt(cell, { next: 'release', exit, ...grace })
}

function drainWork(exit: Exit): (cell: Cell) => void {
  return (cell) => requestHalt(cell, { next: 'release', exit })
}

export function requestHalt(cell: Cell, request: HaltRequest): void {
  if (cell.phase === 'ended') return
  const extras = extrasOf(cell)
  const pending = extras.request
  if (pending !== null && pending.next === 'release' && request.graceMs === undefined) return
  extras.request = request
  if (request.next === 'release') cell.flags |= CLOSED
  if ((cell.flags & BUSY) !== 0) armGrace(cell, request)
  cell.command()
}

function armGrace(cell: Cell, request: HaltRequest): void {
  const graceMs = request.graceMs ?? cell.props.graceMs
  cell.turn?.envelope?.abortWork(stoppedError(cell))
  if (graceMs === Infinity) return
  armDeadline(cell, graceMs, () => {
    if ((cell.flags & BUSY) === 0) return
    abandonTurns(cell, stoppedError(cell))
    cell.home.events.publish('actor.abandoned', { path: cell.path, message: 'turn' })
    const { request: still } = extrasOf(cell)
    if (still?.next === 'release') extrasOf(cell).request = { ...still, exit: { reason: 'killed' } }
    cell.command()
  })
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
  const { preRestart } = cell.props.def.behaviour.signals ?? {}
  if (request.next === 'release' || !lived || preRestart === undefined) {
    stopChildren(cell)
    return
  }
  runHook(cell, 'preRestart', request.graceMs, {
    work: () => preRestart(cell.state, request.error, cell.typedContext),
    done: () => stopChildren(cell),
  })
}

function stopChildren(cell: Cell): void {
  const request = extrasOf(cell).request as HaltRequest
  if (cell.lastChild === null || request.keepChildren === true) {
    runPostStop(cell)
    return
  }
  if (extrasOf(cell).guard !== null) {
    stopLastChild(cell)
    return
  }
  for (const child of childrenOf(cell).toReversed()) requestStop(child, { reason: 'shutdown' })
}

/** A supervisor's children end one after the other, the youngest first. */
function stopLastChild(cell: Cell): void {
  if (cell.lastChild !== null) requestStop(cell.lastChild, { reason: 'shutdown' })
}

/** A child of a halting cell is gone; called between turns. */
export function continueHalt(cell: Cell): void {
  const request = extrasOf(cell).request as HaltRequest
  if (cell.lastChild !== null && request.keepChildren !== true) {
    if (extrasOf(cell).guard !== null) stopLastChild(cell)
    return
  }
  runPostStop(cell)
}

function runPostStop(cell: Cell): void {
  const request = extrasOf(cell).request as HaltRequest
  const { postStop } = cell.props.def.behaviour.signals ?? {}
  const restarts = request.next !== 'release' && request.error !== undefined
  if (postStop === undefined || restarts || extrasOf(cell).lived === false) {
    closeIncarnation(cell)
    return
  }
  runHook(cell, 'postStop', request.graceMs, {
    work: () => postStop(cell.state, cell.typedContext),
    done: () => closeIncarnation(cell),
  })
}

function closeIncarnation(cell: Cell): void {
  const extras = extrasOf(cell)
  const request = extras.request as HaltRequest
  disposeState(cell)
  clearDeadline(cell)
  extras.behaviours = null
  extras.escalated = null
  cell.flags &= ~IDLE_WATCHED
  cell.handlers = cell.props.handlers
  abandonTurns(cell, stoppedError(cell))
  stopPumps(cell, stoppedError(cell))
  cell.context?.revoke()
  cell.context = null
  cell.state = undefined
  if (request.next !== 'release') restoreStash(cell)
  extras.request = null
  afterIncarnation(cell, request)
}

function afterIncarnation(cell: Cell, request: HaltRequest): void {
  const guard = cell.parent?.extras?.guard ?? null
  switch (request.next) {
    case 'release':
      if (guard !== null && !cell.home.stopping && guard.ended(cell, request.exit)) park(cell)
      else release(cell, request.exit)
      return
    case 'park':
      park(cell)
      guard?.parked(cell)
      return
    case 'revive':
      revive(cell, request)
      return
  }
}

function park(cell: Cell): void {
  cell.phase = 'parked'
  cell.flags &= ~CLOSED
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
  for (const listener of extras.onTerminated ?? []) listener()
  extras.onTerminated = null
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
    if (rider !== null && rider.isEnvelope) {
      if (rider.withdrawn() === 'stale') continue
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
  const later: Waiting[] = []
  while (cell.mailbox.size > 0) later.push(take(cell.mailbox))
  for (const { message, payload, rider } of [...first, ...later]) {
    cell.mailbox.push(message, payload, rider)
  }
}

function disposeState(cell: Cell): void {
  const { dispose } = cell.props.def.behaviour.signals ?? {}
  if (dispose === undefined || cell.extras?.lived !== true) return
  runHook(cell, 'dispose', 0, { work: () => dispose(cell.state), done: () => {} })
}

export function stoppedError(cell: Cell): EdgeError {
  return new EdgeError('stopped', `${cell.path} stopped before it could answer`, {
    detail: { path: cell.path },
  })
}
