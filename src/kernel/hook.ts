/**
 * Hook: code of the actor that runs at a turning point of its life, not for a message.
 *
 * A hook may take time, but not for ever: after the grace the life cycle goes on without it. One
 * that throws is reported, and the life cycle goes on as well.
 */
import { releaseTurn, renewContext } from './abandon.ts'
import type { Cell } from './cell.ts'
import { armDeadline, clearDeadline } from './deadline.ts'
import { BUSY } from './flags.ts'
import { isPromise } from './promise.ts'
import type { Policy } from './supervision.ts'
import { current, Turn } from './turn.ts'

export interface Hook {
  readonly work: () => unknown
  readonly done: () => void
  /** The grace is over, and the hook is not. */
  readonly abandoned: () => void
}

export function runHook(cell: Cell, name: string, graceMs: number | undefined, hook: Hook): void {
  let result: unknown
  current.begin(cell, null, undefined, null)
  try {
    result = hook.work()
  } catch (error) {
    reportHook(cell, name, error)
  }
  current.end()
  if (isPromise(result)) awaitHook(cell, name, graceMs ?? cell.props.graceMs, { result, hook })
  else hook.done()
}

function awaitHook(
  cell: Cell,
  name: string,
  graceMs: number,
  { result, hook }: { readonly result: PromiseLike<unknown>; readonly hook: Hook },
): void {
  const turn = new Turn(cell, null, 0)
  cell.turn = turn
  cell.flags |= BUSY
  const finish = (): void => {
    if (turn.over) return
    turn.over = true
    releaseTurn(cell)
    clearDeadline(cell)
    hook.done()
    cell.wake()
  }
  armDeadline(cell, graceMs, () => {
    if (turn.over) return
    cell.home.events.publish('actor.abandoned', { path: cell.path, message: name })
    renewContext(cell)
    hook.abandoned()
    finish()
  })
  result.then(finish, (error: unknown) => {
    reportHook(cell, name, error)
    finish()
  })
}

/** Free what a state holds. Nobody waits for it, but a failure is heard. */
export function runDispose(cell: Cell, dispose: () => unknown): void {
  let result: unknown
  try {
    result = dispose()
  } catch (error) {
    reportHook(cell, 'dispose', error)
  }
  if (isPromise(result)) {
    result.then(undefined, (error: unknown) => reportHook(cell, 'dispose', error))
  }
}

/** What the actor's own policy says; one that throws has no opinion. */
export function askPolicy(cell: Cell, error: unknown): ReturnType<Policy> {
  try {
    const rule = cell.props.policy(error)
    if (!(rule instanceof Promise)) return rule
    return rule.then(undefined, (thrown: unknown) => {
      reportHook(cell, 'supervise', thrown)
      return null
    })
  } catch (thrown) {
    reportHook(cell, 'supervise', thrown)
    return null
  }
}

function reportHook(cell: Cell, hook: string, error: unknown): void {
  cell.home.events.publish('hook.failed', { path: cell.path, hook, error })
}
