/**
 * Settle: how a turn ends, at once or when its promise does.
 *
 * An answer goes to the asker, a failure goes to supervision, and the next message waits until
 * the turn is over. What an abandoned turn still does changes nothing.
 */
import { releaseTurn, renewContext } from './abandon.ts'
import { stopped } from './actor.ts'
import type { Cell } from './cell.ts'
import { Deadline } from './deadline.ts'
import type { Envelope } from './envelope.ts'
import { EdgeError } from './errors.ts'
import { extrasOf } from './extras.ts'
import { failCell } from './failure.ts'
import { BUSY, IDLE_WATCHED } from './flags.ts'
import { requestStop } from './halt.ts'
import { isPromise } from './promise.ts'
import type { Message } from './protocol.ts'
import { isIterable, openPump } from './pump.ts'
import { Refusal } from './refusal.ts'
import { current, type Turn } from './turn.ts'

/** A handler's promise that somebody else will answer; see `ctx.replyLater`. */
export const answeredLater: unique symbol = Symbol('answeredLater')

export interface TurnOf {
  readonly message: Message
  readonly payload: unknown
  readonly envelope: Envelope | null
}

export function finishTurn(cell: Cell, work: TurnOf, result: unknown): void {
  if (isPromise(result)) {
    beginAsync(cell, work, result)
    return
  }
  complete(cell, work, result)
}

function complete(cell: Cell, { envelope, message }: TurnOf, result: unknown): void {
  if (result === stopped) requestStop(cell, { reason: 'normal' })
  if (envelope === null) return
  if (envelope.trace !== undefined) {
    cell.home.tracer?.turnEnded(envelope.trace, message, cell.address, null)
  }
  if (result === answeredLater) return
  if (message.kind === 'stream' && isIterable(result)) openPump(cell, envelope, result)
  else if (result instanceof Refusal) envelope.fail(result.error)
  else envelope.succeed(result)
}

function beginAsync(cell: Cell, work: TurnOf, promise: PromiseLike<unknown>): void {
  const turn = current.keep()
  turn.cell = cell
  const serial = work.message.options.interleave !== true
  if (serial) {
    cell.flags |= BUSY
    cell.turn = turn
    if (cell.props.turnDeadlineMs !== Infinity) armTurnDeadline(cell, turn, work)
  } else {
    const extras = extrasOf(cell)
    extras.openTurns ??= new Set()
    extras.openTurns.add(turn)
  }
  promise.then(
    (result) => {
      if (endAsync(cell, turn)) complete(cell, work, result)
      cell.wake()
    },
    (error: unknown) => {
      if (endAsync(cell, turn)) failCell(cell, error, work)
      cell.wake()
    },
  )
}

/** False when the turn was abandoned meanwhile. */
function endAsync(cell: Cell, turn: Turn): boolean {
  if (turn.over) return false
  turn.over = true
  if (cell.turn === turn) releaseTurn(cell)
  else cell.extras?.openTurns?.delete(turn)
  const idleWatched = (cell.flags & IDLE_WATCHED) !== 0
  if (idleWatched && turn.message !== null) cell.extras?.timers?.touch(turn.message)
  return true
}

function armTurnDeadline(cell: Cell, turn: Turn, work: TurnOf): void {
  const afterMs = cell.props.turnDeadlineMs
  const entry = new Deadline(() => {
    if (turn.over) return
    cell.home.events.publish('actor.stuck', {
      path: cell.path,
      message: work.message.name,
      afterMs,
    })
    const error = stuckError(cell, work.message, afterMs)
    turn.over = true
    releaseTurn(cell)
    renewContext(cell)
    failCell(cell, error, work)
    cell.wake()
  })
  extrasOf(cell).turnDeadline = entry
  cell.home.wheel.arm(entry, cell.home.clock.now() + afterMs)
}

function stuckError(cell: Cell, message: Message, afterMs: number): EdgeError {
  return new EdgeError(
    'turn_stuck',
    `${cell.path} was still busy with ${message.name} after ${afterMs} ms; the turn is abandoned`,
    { detail: { path: cell.path, message: message.name, afterMs } },
  )
}
