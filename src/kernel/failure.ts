/**
 * Failure: from a thrown error to what becomes of the actor.
 *
 * The asker whose message caused it is told at once. Then the guard of a supervisor decides, or
 * the actor's own policy: restart, resume, stop, or escalate to the parent. While nobody has
 * decided yet the actor and its children take no message.
 */
import type { Cell } from './cell.ts'
import { EdgeError } from './errors.ts'
import { extrasOf } from './extras.ts'
import { childrenOf } from './family.ts'
import { CLOSED, HELD, SUSPENDED } from './flags.ts'
import { requestHalt, requestStop } from './halt.ts'
import type { TurnOf } from './settle.ts'
import { decideRestart, type Directive, isFatal, type Rule } from './supervision.ts'

const stopRule: Pick<Rule, 'directive'> = { directive: 'stop' }

export function failCell(cell: Cell, error: unknown, work: TurnOf | null): void {
  const messageName = work?.message.name ?? 'state'
  work?.envelope?.fail(faultedError(cell, messageName, error))
  if (work?.envelope?.trace !== undefined) {
    cell.home.tracer?.turnEnded(work.envelope.trace, work.message, cell.address, error)
  }
  const extras = extrasOf(cell)
  extras.lastFailure = { error, message: messageName, at: cell.home.clock.wall() }
  if (cell.phase !== 'running' || (cell.flags & CLOSED) !== 0) {
    report(cell, error, messageName, 'none: it is already ending')
    return
  }
  cell.phase = 'failing'
  cell.flags |= HELD
  const guard = cell.parent?.extras?.guard ?? null
  if (guard !== null) {
    report(cell, error, messageName, 'left to its supervisor')
    guard.failed(cell, error)
    return
  }
  const rule = cell.props.policy(error)
  if (!(rule instanceof Promise)) {
    applyRule(cell, error, rule ?? stopRule, messageName)
    return
  }
  awaitRule(cell, error, rule, messageName)
}

function awaitRule(
  cell: Cell,
  error: unknown,
  rule: Promise<Rule | null>,
  messageName: string,
): void {
  const { incarnation } = cell
  suspendChildren(cell, true)
  const settle = (found: Pick<Rule, 'directive'>): void => {
    if (cell.phase !== 'failing' || cell.incarnation !== incarnation) return
    suspendChildren(cell, false)
    applyRule(cell, error, found, messageName)
  }
  rule.then(
    (found) => settle(found ?? stopRule),
    () => settle(stopRule),
  )
}

function applyRule(
  cell: Cell,
  error: unknown,
  rule: Pick<Rule, 'directive'> | Rule,
  messageName: string,
): void {
  let directive: Directive = rule.directive
  if (directive === 'resume' && isFatal(error)) directive = 'stop'
  report(cell, error, messageName, directive)
  if (directive === 'resume') resumeFailed(cell)
  else if (directive === 'escalate') escalate(cell, error)
  else if (directive === 'restart') restartOrStop(cell, error, rule as Rule)
  else requestStop(cell, { reason: 'failed', cause: error })
}

/** Restart within the rule's budget; beyond it the actor ends. */
export function restartOrStop(cell: Cell, error: unknown, rule: Rule): void {
  const extras = extrasOf(cell)
  extras.histories ??= new Map()
  const decision = decideRestart(rule, extras.histories.get(rule) ?? [], {
    nowMs: cell.home.clock.now(),
    random: rule.backoff === null ? 0 : cell.home.random.next(),
  })
  if (decision.action === 'give-up') {
    requestStop(cell, { reason: 'failed', cause: error })
    return
  }
  extras.histories.set(rule, decision.history)
  requestHalt(cell, {
    next: 'revive',
    exit: { reason: 'failed', cause: error },
    error,
    delayMs: decision.delayMs,
    keepChildren: rule.keepChildren,
    stashLimit: rule.backoff?.stash ?? Infinity,
    loud: decision.history.length >= rule.loudAfter,
  })
}

/** Supervise the cell, between its turns, as if a turn had thrown this error. */
export function failFromOutside(cell: Cell, error: unknown): void {
  const extras = extrasOf(cell)
  extras.escalated ??= []
  extras.escalated.push({ child: cell, error })
  cell.command()
}

/** The failed cell goes on with the state it has. */
export function resumeFailed(cell: Cell): void {
  if (cell.phase !== 'failing') return
  cell.phase = 'running'
  cell.flags &= ~HELD
  const { escalated } = extrasOf(cell)
  extrasOf(cell).escalated = null
  for (const { child } of escalated ?? []) if (child !== cell) resumeFailed(child)
  cell.wake()
}

/** The parent fails with its child's cause; the child is held until the parent's fate is known. */
function escalate(cell: Cell, error: unknown): void {
  const { parent } = cell
  if (parent === null) {
    requestStop(cell, { reason: 'failed', cause: error })
    return
  }
  suspendChildren(cell, true)
  const extras = extrasOf(parent)
  extras.escalated ??= []
  extras.escalated.push({ child: cell, error })
  parent.command()
}

/** Called between the parent's turns. */
export function takeEscalated(cell: Cell): void {
  const next = cell.extras?.escalated?.[0]
  if (next === undefined || cell.phase !== 'running') return
  failCell(cell, next.error, null)
}

export function suspendChildren(cell: Cell, suspended: boolean): void {
  for (const child of childrenOf(cell)) {
    if (suspended) child.flags |= SUSPENDED
    else child.flags &= ~SUSPENDED
    suspendChildren(child, suspended)
    if (!suspended) child.wake()
  }
}

function report(cell: Cell, error: unknown, message: string, directive: string): void {
  const { path, incarnation } = cell
  cell.home.events.publish('actor.failed', { path, incarnation, message, error, directive })
}

function faultedError(cell: Cell, message: string, error: unknown): EdgeError {
  const why = error instanceof Error ? error.message : String(error)
  return new EdgeError('faulted', `${cell.path} failed while it handled ${message}: ${why}`, {
    cause: error,
    detail: { path: cell.path, message },
  })
}
