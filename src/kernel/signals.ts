/**
 * Signals: messages of the kernel itself, which ride in an actor's queue with the others.
 *
 * Their index is negative, their payload is the work to do in the actor's turn. They are never
 * refused for lack of room, and a turn that runs them is supervised like any other.
 */
import type { Cell } from './cell.ts'
import type { Message } from './protocol.ts'

/** Work that runs as a turn of the actor; what it returns is treated as a handler's result. */
export type SignalWork = (cell: Cell) => unknown

function signal(name: string, index: number, quiet: boolean): Message {
  const options = { quiet, priority: name === 'drain' ? -Infinity : 0 }
  return { protocol: 'shoal.signal/1', name, kind: 'tell', index, options }
}

export const TERMINATED = signal('terminated', -1, false)
export const CONTINUE = signal('continue', -2, false)
/** Everything queued before it is processed, then the actor stops. */
export const DRAIN = signal('drain', -3, true)
export const RECEIVE_TIMEOUT = signal('receiveTimeout', -4, true)
export const LINK_BROKEN = signal('linkBroken', -5, false)
/** Stands for the iteration of a stream in reports. */
export const STREAM = signal('stream', -8, true)
/** A supervisor looks at what became of a child. */
export const SUPERVISE = signal('supervise', -9, true)
