/**
 * LinkErrors: the refusals that a link itself makes, in the words of the kernel's own.
 */
import { EdgeError, type Message } from '../../src/kernel/index.ts'
import type { Listed } from './directory.ts'

export function goneError(path: string): EdgeError {
  return new EdgeError(
    'no_such_actor',
    `There is no actor ${path} any more; look it up again or spawn it`,
    { detail: { path } },
  )
}

export function deadlockError(listed: Listed, message: Message): EdgeError {
  const { path } = listed.to.address
  return new EdgeError(
    'deadlock',
    `Ask ${message.name} to ${path} could never be answered: that actor is itself waiting in ` +
      'this call chain; tell it instead, or declare the message with { interleave: true }',
    { detail: { path, message: message.name } },
  )
}

export function uncloneable(cause: unknown): EdgeError {
  return new EdgeError(
    'payload_not_cloneable',
    `The message cannot cross to another thread: ${String(cause)}`,
    { cause },
  )
}
