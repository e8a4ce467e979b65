/**
 * Stash: messages an actor sets aside until it can deal with them.
 *
 * They come back in order, before everything that arrived later. Setting one aside again while
 * they come back appends it; a failure keeps those not yet handled for the next incarnation.
 */
import type { Cell } from './cell.ts'
import { EdgeError } from './errors.ts'
import { extrasOf } from './extras.ts'
import { putBack } from './halt.ts'
import type { Waiting } from './mailbox.ts'

export function stash(cell: Cell, waiting: Waiting): void {
  const extras = extrasOf(cell)
  extras.stash ??= []
  if (extras.stash.length >= cell.props.stashCapacity) {
    throw new EdgeError(
      'stash_full',
      `${cell.path} has set aside ${cell.props.stashCapacity} messages and may not keep more; ` +
        'raise stashCapacity or refuse earlier',
      { detail: { path: cell.path, capacity: cell.props.stashCapacity } },
    )
  }
  extras.stash.push(waiting)
}

export function unstashAll(cell: Cell): void {
  const { stash: waiting } = extrasOf(cell)
  if (waiting === null || waiting.length === 0) return
  extrasOf(cell).stash = null
  putBack(cell, waiting)
}
