/**
 * Become: an actor's behaviours, one on top of the other, the latest in force.
 *
 * Handlers and signals that a behaviour does not name stay as they were; signals of the life cycle
 * therefore go to the latest behaviour too. A new incarnation begins with the first one again.
 */
import { compileHandlers, type Signals } from './actor.ts'
import type { Cell } from './cell.ts'
import { extrasOf } from './extras.ts'
import type { Messages } from './protocol.ts'
import { carrySignals } from './turn.ts'

export type AnySignals = Signals<Messages, unknown>

/** What `unbecome` goes back to. */
export interface Earlier {
  readonly handlers: Cell['handlers']
  readonly signals: AnySignals | null
}

export function signalsOf(cell: Cell): AnySignals | undefined {
  return cell.extras?.signals ?? cell.props.def.behaviour.signals
}

export function become(cell: Cell, handlers: object, signals: AnySignals | null): void {
  const extras = extrasOf(cell)
  const { protocol } = cell.props.def
  extras.behaviours ??= []
  extras.behaviours.push({ handlers: cell.handlers, signals: extras.signals })
  const before = Object.fromEntries(
    protocol.table.map(({ name, index }) => [name, cell.handlers[index]]),
  )
  cell.handlers = compileHandlers(protocol, { ...before, ...handlers })
  if (signals !== null) extras.signals = { ...signalsOf(cell), ...carrySignals(signals) }
}

export function unbecome(cell: Cell): void {
  const earlier = cell.extras?.behaviours?.pop()
  if (earlier === undefined) return
  cell.handlers = earlier.handlers
  extrasOf(cell).signals = earlier.signals
}

/** The incarnation has ended. */
export function forgetBehaviours(cell: Cell): void {
  const extras = extrasOf(cell)
  extras.behaviours = null
  extras.signals = null
  cell.handlers = cell.props.handlers
}
