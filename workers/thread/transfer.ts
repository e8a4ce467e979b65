/**
 * Transfer: buffers that change hands instead of being copied.
 *
 * A buffer leaves its sender at the call that sends it, not later when the message goes out, so a
 * second sender always meets an empty one. `transferring` marks a payload for an actor; an actor
 * of the same thread needs no copy and ignores the mark.
 */
import { EdgeError } from '../../src/kernel/index.ts'
import { isMarkedAsUntransferable, MessagePort } from 'node:worker_threads'

export type Movable = ArrayBuffer | MessagePort

const marked = new WeakMap<object, readonly Movable[]>()
/** Ports cannot be emptied at once as buffers can: who has promised one is remembered. */
const promised = new WeakSet<MessagePort>()

/** Say which buffers of a payload go over to its recipient; they are empty here afterwards. */
export function transferring<T extends object>(payload: T, movables: readonly Movable[]): T {
  checkMovables(movables)
  marked.set(payload, movables)
  return payload
}

/** What a payload was marked with; the mark is good for one send. */
export function takeMark(payload: unknown): readonly Movable[] {
  if (typeof payload !== 'object' || payload === null) return none
  const movables = marked.get(payload)
  if (movables === undefined) return none
  marked.delete(payload)
  return movables
}

const none: readonly Movable[] = []

/** Throws unless every one can still be moved, and is named once. */
export function checkMovables(movables: readonly Movable[]): void {
  if (new Set(movables).size !== movables.length) {
    throw new EdgeError(
      'transfer_refused',
      'A buffer is listed twice for transfer; list each buffer once',
    )
  }
  for (const movable of movables) {
    if (isMarkedAsUntransferable(movable)) throw pooled()
    if (movable instanceof ArrayBuffer ? movable.detached : isPromised(movable)) throw gone()
  }
}

/** Move them: the old ones are empty from now on. Call `checkMovables` first. */
export function move(movables: readonly Movable[]): ReadonlyMap<ArrayBuffer, ArrayBuffer> {
  const moved = new Map<ArrayBuffer, ArrayBuffer>()
  for (const movable of movables) {
    if (movable instanceof ArrayBuffer) moved.set(movable, movable.transfer())
    else promised.add(movable)
  }
  return moved
}

function isPromised(movable: unknown): boolean {
  if (movable instanceof MessagePort) return promised.has(movable)
  throw new EdgeError(
    'transfer_refused',
    'Only an ArrayBuffer or a MessagePort can be transferred; pass the buffer of a typed array',
  )
}

function gone(): EdgeError {
  return new EdgeError(
    'transfer_refused',
    'A buffer was transferred before and is empty here; a buffer has one owner: ' +
      'send a copy to the second recipient',
  )
}

function pooled(): EdgeError {
  return new EdgeError(
    'transfer_refused',
    'The buffer belongs to a pool that others use; send the bytes without transfer, or copy ' +
      'them into a buffer of their own',
  )
}
