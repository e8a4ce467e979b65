/**
 * Operator: holds an actor still, lets it go on, and replaces its state, to repair what lives.
 *
 * All three work between turns and change nothing else: queue, timers, watchers and children stay.
 * A suspended actor can still be stopped and restarted. What an operator does is published. The
 * system hands this right out once, at its start.
 */
import type { Cell } from './cell.ts'
import { EdgeError } from './errors.ts'
import { extrasOf } from './extras.ts'
import { BUSY, PAUSED } from './flags.ts'
import { type InspectHome, livingCell, type Target } from './inspect.ts'
import { Machine } from './machine-state.ts'
import { isPromise } from './promise.ts'
import { current } from './turn.ts'

export class Operator {
  readonly #home: InspectHome

  constructor(home: InspectHome) {
    this.#home = home
  }

  /** No further message is processed until `resume`; a turn under way ends as it would. */
  suspend(target: Target): void {
    const cell = livingCell(this.#home, target)
    if ((cell.flags & PAUSED) !== 0) return
    cell.flags |= PAUSED
    cell.home.events.publish('actor.suspended', { path: cell.path })
  }

  resume(target: Target): void {
    const cell = livingCell(this.#home, target)
    if ((cell.flags & PAUSED) === 0) return
    cell.flags &= ~PAUSED
    cell.home.events.publish('actor.resumed', { path: cell.path })
    cell.wake()
  }

  /** Put another state in place, after the turn under way; a `replace` that throws changes none. */
  replaceState(target: Target, replace: (state: unknown) => unknown): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const cell = livingCell(this.#home, target)
    checkAlive(cell)
    const operation = (): void => {
      // The executor turns what `replace` throws into a rejection.
      resolve(
        new Promise((done) => {
          putState(cell, replace)
          done()
        }),
      )
    }
    if ((cell.flags & BUSY) === 0 && current.cell !== cell) {
      operation()
      return promise
    }
    const extras = extrasOf(cell)
    extras.operations ??= []
    extras.operations.push(operation)
    cell.command()
    return promise
  }
}

function putState(cell: Cell, replace: (state: unknown) => unknown): void {
  checkAlive(cell)
  const state = replace(cell.state)
  if (isPromise(state)) throw refusal(cell, 'a promise is no state; compute it before')
  if (cell.state instanceof Machine && state !== cell.state) {
    throw refusal(cell, 'it is a state machine: change its data and return the machine itself')
  }
  cell.state = state
  cell.home.events.publish('actor.repaired', { path: cell.path })
}

function checkAlive(cell: Cell): void {
  if (cell.phase === 'running' || cell.phase === 'failing') return
  throw refusal(cell, `it is ${cell.phase} and has none; try again when it runs`)
}

function refusal(cell: Cell, why: string): EdgeError {
  return new EdgeError('state_not_replaced', `The state of ${cell.path} was not replaced: ${why}`, {
    detail: { path: cell.path, phase: cell.phase },
  })
}
