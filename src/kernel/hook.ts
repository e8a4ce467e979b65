/**
 * Hook: code of the actor that runs at a turning point of its life, not for a message.
 *
 * A hook may take time, but not for ever: after the grace the life cycle goes on without it. One
 * that throws is reported, and the life cycle goes on as well.
 */
import { releaseTurn } from './abandon.ts'
import type { Cell } from './cell.ts'
import { armDeadline, clearDeadline } from './deadline.ts'
import { BUSY } from './flags.ts'
import { isPromise } from './promise.ts'
import { current, Turn } from './turn.ts'

export interface Hook {
  readonly work: () => unknown
  readonly done: () => void
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
  if (isPromise(result)) awaitHook(cell, name, graceMs ?? cell.props.graceMs, result, hook.done)
  else hook.done()
}

function awaitHook(
  cell: Cell,
  name: string,
  graceMs: number,
  promise: PromiseLike<unknown>,
  done: () => void,
): void {
  const turn = new Turn(cell, null, 0)
  cell.turn = turn
  cell.flags |= BUSY
  const finish = (): void => {
    if (turn.over) return
    turn.over = true
    releaseTurn(cell)
    clearDeadline(cell)
    done()
    cell.wake()
  }
  if (graceMs !== Infinity) {
    armDeadline(cell, graceMs, () => {
      if (!turn.over)
        cell.home.events.publish('actor.abandoned', { path: cell.path, message: name })
      finish()
    })
  }
  promise.then(finish, (error: unknown) => {
    reportHook(cell, name, error)
    finish()
  })
}

function reportHook(cell: Cell, hook: string, error: unknown): void {
  cell.home.events.publish('hook.failed', { path: cell.path, hook, error })
}
