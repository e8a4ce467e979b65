/**
 * Abandon: letting a turn go, so that nothing waits for it and nothing it still does counts.
 */
import type { Cell } from './cell.ts'
import { extrasOf } from './extras.ts'
import { BUSY } from './flags.ts'

/** The serial turn of the cell is over; the next message may run. */
export function releaseTurn(cell: Cell): void {
  cell.flags &= ~BUSY
  cell.turn = null
  const deadline = cell.extras?.turnDeadline
  if (deadline === undefined || deadline === null) return
  cell.home.wheel.cancel(deadline)
  extrasOf(cell).turnDeadline = null
}

/** Nobody waits for any turn of this cell any more; their askers hear why. */
export function abandonTurns(cell: Cell, why: (cell: Cell) => Error): void {
  const turns = [...(cell.extras?.openTurns ?? [])]
  if (cell.turn !== null) turns.push(cell.turn)
  for (const turn of turns) {
    turn.over = true
    turn.envelope?.refuse(why(cell))
  }
  cell.extras?.openTurns?.clear()
  if (cell.turn !== null) releaseTurn(cell)
}

/** Take the context from an abandoned turn; what the incarnation still does gets another. */
export function renewContext(cell: Cell): void {
  if (cell.context === null) return
  cell.context.revoke()
  cell.context = cell.home.openContext(cell)
}

/** What the cell stands for did not end in its grace and was ended by force. */
export function reportKilled(cell: Cell): void {
  const extras = extrasOf(cell)
  const { request } = extras
  if (request?.next !== 'release' || request.exit.reason === 'failed') return
  extras.request = { ...request, exit: { reason: 'killed' } }
}
