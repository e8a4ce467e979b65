/**
 * Failure: from a thrown error to what becomes of the actor.
 *
 * The asker whose message caused it is told at once. Then the actor's own policy decides: restart,
 * resume, stop, or escalate to the parent. Where that would be its end and it has a supervisor, the
 * supervisor decides. While nobody has decided yet the actor and its children take no message.
 */
import type { Cell } from './cell.ts'
import { shapeForReport } from './crash-report.ts'
import { EdgeError } from './errors.ts'
import { extrasOf, mustEnd } from './extras.ts'
import { childrenOf } from './family.ts'
import { HELD, SUSPENDED } from './flags.ts'
import { requestHalt, requestStop } from './halt.ts'
import { askPolicy } from './hook.ts'
import type { TurnOf } from './settle.ts'
import { decideRestart, type Directive, isFatal, type Rule } from './supervision.ts'

/** What is known of a failure when it is decided. */
export interface Failure {
  readonly error: unknown
  /** The message, signal or stage of life in which it happened. */
  readonly message: string
}

export function failCell(cell: Cell, error: unknown, work: TurnOf | null): void {
  const failure = { error, message: work?.message.name ?? 'escalation' }
  work?.envelope?.fail(faultedError(cell, failure))
  if (work?.envelope?.trace !== undefined) {
    cell.home.tracer?.turnEnded(work.envelope.trace, work.message, cell.address, error)
  }
  const extras = extrasOf(cell)
  const shape = shapeForReport(cell, work)
  extras.lastFailure = { ...failure, at: cell.home.clock.wall(), shape }
  if (cell.phase !== 'running' || extras.request !== null) {
    reportFailure(cell, failure, 'none: it is already ending')
    return
  }
  cell.phase = 'failing'
  cell.flags |= HELD
  const rule = askPolicy(cell, error)
  if (rule instanceof Promise) awaitRule(cell, failure, rule)
  else applyRule(cell, failure, rule)
}

function awaitRule(cell: Cell, failure: Failure, rule: Promise<Rule | null>): void {
  const { incarnation } = cell
  holdChildren(cell)
  void rule.then((found) => {
    if (cell.phase !== 'failing' || cell.incarnation !== incarnation || mustEnd(cell)) return
    letChildrenGo(cell)
    applyRule(cell, failure, found)
  })
}

function applyRule(cell: Cell, failure: Failure, rule: Rule | null): void {
  const directive = directiveFor(rule, failure.error)
  if (directive === 'resume') {
    reportFailure(cell, failure, directive)
    resumeFailed(cell)
    return
  }
  if (directive === 'restart' && rule !== null && restartWithin(cell, failure, rule)) return
  giveUp(cell, failure, directive)
}

function directiveFor(rule: Rule | null, error: unknown): Directive {
  const directive = rule?.directive ?? 'stop'
  return directive === 'resume' && isFatal(error) ? 'stop' : directive
}

/** Nothing of its own helps the actor: its supervisor decides, or its parent fails, or it ends. */
function giveUp(cell: Cell, failure: Failure, directive: Directive): void {
  const { parent } = cell
  const guard = parent?.extras?.guard ?? null
  if (guard !== null) {
    reportFailure(cell, failure, 'left to its supervisor')
    guard.failed(cell, failure.error)
    return
  }
  reportFailure(cell, failure, directive === 'restart' ? 'stop: no restart is left' : directive)
  if (directive === 'escalate' && parent !== null) {
    holdChildren(cell)
    escalateTo(parent, cell, failure.error)
    return
  }
  requestStop(cell, { reason: 'failed', cause: failure.error })
}

/** Restart if the rule's budget allows one more; false when it does not. */
export function restartWithin(cell: Cell, failure: Failure, rule: Rule): boolean {
  const { error } = failure
  const extras = extrasOf(cell)
  extras.histories ??= new Map()
  const decision = decideRestart(rule, extras.histories.get(rule) ?? [], {
    nowMs: cell.home.clock.now(),
    random: rule.backoff === null ? 0 : cell.home.random.next(),
  })
  if (decision.action === 'give-up') return false
  extras.histories.set(rule, decision.history)
  reportFailure(cell, failure, 'restart')
  requestHalt(cell, {
    next: 'revive',
    exit: { reason: 'failed', cause: error },
    error,
    delayMs: decision.delayMs,
    keepChildren: rule.keepChildren,
    stashLimit: rule.backoff?.stash ?? Infinity,
    loud: decision.history.length >= rule.loudAfter,
  })
  return true
}

/** Supervise the cell, between its turns, as if a turn had thrown this error. */
export function failFromOutside(cell: Cell, error: unknown): void {
  escalateTo(cell, cell, error)
}

/** The parent fails with its child's cause; the child is held until the parent's fate is known. */
export function escalateTo(parent: Cell, child: Cell, error: unknown): void {
  const extras = extrasOf(parent)
  extras.escalated ??= []
  extras.escalated.push({ child, error })
  parent.command()
}

/** Called between the parent's turns; each escalated failure is decided by itself. */
export function takeEscalated(cell: Cell): void {
  if (cell.phase !== 'running') return
  const next = cell.extras?.escalated?.shift()
  if (next === undefined) return
  extrasOf(cell).failedThrough = next.child
  failCell(cell, next.error, null)
}

/** The failed cell goes on with the state it has. */
export function resumeFailed(cell: Cell): void {
  if (cell.phase !== 'failing' || mustEnd(cell)) return
  const extras = extrasOf(cell)
  const { failedThrough } = extras
  extras.failedThrough = null
  cell.phase = 'running'
  cell.flags &= ~HELD
  letChildrenGo(cell)
  if (failedThrough !== null && failedThrough !== cell) resumeFailed(failedThrough)
  if (extras.escalated !== null && extras.escalated.length > 0) cell.command()
  cell.wake()
}

/** No descendant takes a message until somebody has decided about this cell. */
function holdChildren(cell: Cell): void {
  const extras = extrasOf(cell)
  if (extras.holdsChildren) return
  extras.holdsChildren = true
  suspendChildren(cell, true)
}

function letChildrenGo(cell: Cell): void {
  const extras = extrasOf(cell)
  if (!extras.holdsChildren) return
  extras.holdsChildren = false
  suspendChildren(cell, false)
}

/** Those below a child that itself waits for a decision stay suspended. */
function suspendChildren(cell: Cell, suspended: boolean): void {
  for (const child of childrenOf(cell)) {
    if (suspended) child.flags |= SUSPENDED
    else child.flags &= ~SUSPENDED
    if (child.extras?.holdsChildren !== true) suspendChildren(child, suspended)
    if (!suspended) child.wake()
  }
}

export function reportFailure(cell: Cell, failure: Failure, directive: string): void {
  const { path, incarnation } = cell
  extrasOf(cell).failures++
  cell.home.events.publish('actor.failed', { path, incarnation, ...failure, directive })
}

function faultedError(cell: Cell, { error, message }: Failure): EdgeError {
  const why = error instanceof Error ? error.message : describe(error)
  return new EdgeError('faulted', `${cell.path} failed while it handled ${message}: ${why}`, {
    cause: error,
    detail: { path: cell.path, message },
  })
}

/** Anything can be thrown, also what has no text. */
function describe(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown
  return typeof thrown === 'symbol' ? thrown.toString() : Object.prototype.toString.call(thrown)
}
