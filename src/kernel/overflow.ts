/**
 * Overflow: what a full mailbox gives up, as its named policy says.
 *
 * Each dropped message is a dead letter of its own, and an asker among them hears at once.
 */
import type { Cell } from './cell.ts'
import { EdgeError } from './errors.ts'
import { failFromOutside } from './failure.ts'
import { take, type Rider, type Waiting } from './mailbox.ts'
import type { Message } from './protocol.ts'

/** True when the newcomer may be queued after all. */
export function overflow(cell: Cell, message: Message, payload: unknown, rider: Rider): boolean {
  const newcomer = { message, payload, rider }
  switch (cell.props.onFull) {
    case 'drop-old': {
      const oldest = cell.mailbox.evict()
      giveUp(cell, oldest ?? newcomer)
      return oldest !== undefined
    }
    case 'drop-all':
      dropWaiting(cell)
      return true
    case 'fail':
      giveUp(cell, newcomer)
      failFromOutside(cell, fullError(cell, message))
      return false
    case 'reject':
    case 'drop-new':
      giveUp(cell, newcomer)
      return false
  }
}

/** Signals stay; everything else goes. */
function dropWaiting(cell: Cell): void {
  const signals: Waiting[] = []
  while (cell.mailbox.size > 0) {
    const waiting = take(cell.mailbox)
    if (waiting.message.index < 0) signals.push(waiting)
    else giveUp(cell, waiting)
  }
  for (const { message, payload, rider } of signals) cell.mailbox.push(message, payload, rider)
}

function giveUp(cell: Cell, { message, payload, rider }: Waiting): void {
  cell.deadLetter('mailbox-full', message, payload, rider)
  if (rider?.isEnvelope === true) rider.refuse(fullError(cell, message))
}

function fullError(cell: Cell, message: Message): EdgeError {
  return new EdgeError(
    'overloaded',
    `${cell.path} did not take ${message.name}: ${cell.props.capacity} messages already wait; ` +
      'ask later, or send less at a time',
    { detail: { path: cell.path, message: message.name, capacity: cell.props.capacity } },
  )
}
