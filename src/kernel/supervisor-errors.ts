/**
 * SupervisorErrors: how a supervisor says what became of a child, with the child's own words.
 */
import type { Cell } from './cell.ts'
import { EdgeError } from './errors.ts'
import type { Exit } from './recipient.ts'
import type { CheckedChild } from './supervisor-child.ts'

export function childStartError(supervisor: Cell, { id }: CheckedChild, cause: unknown): EdgeError {
  const { path } = supervisor
  return new EdgeError(
    'child_start_failed',
    `Child ${id} of ${path} could not be started: ${textOf(cause)}`,
    { cause, detail: { path, id } },
  )
}

export function exhaustedError(
  supervisor: Cell,
  { id }: CheckedChild,
  { exit, count }: { readonly exit: Exit; readonly count: number },
): EdgeError {
  const { path } = supervisor
  return new EdgeError(
    'restarts_exhausted',
    `${path} gives up: child ${id} would need restart number ${count} in its window; look at why ` +
      `it ends (${textOf(exit.cause ?? exit.reason)}), or allow more`,
    { cause: exit.cause, detail: { path, id, count } },
  )
}

export function endedError(child: Cell, exit: Exit): EdgeError {
  const { path } = child
  return new EdgeError('stopped', `${path} ended (${exit.reason}) while it was started`, {
    detail: { path },
  })
}

function textOf(cause: unknown): string {
  if (cause instanceof Error) return cause.message
  return typeof cause === 'string' ? cause : Object.prototype.toString.call(cause)
}
