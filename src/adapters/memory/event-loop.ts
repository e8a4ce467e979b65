/**
 * EventLoop: what a virtual runtime still needs of the real process.
 *
 * Time and randomness are virtual, promises are not: a simulation has to wait until every promise
 * that can go on has gone on, and it has to carry a turn across `await` as the real runtime does.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Carrier } from '../../kernel/index.ts'

const immediately = setImmediate

/** Resolves when every promise that is ready to go on has gone on. */
export function promisesSettled(): Promise<void> {
  return new Promise((resolve) => void immediately(resolve))
}

/** Runs work in the async context that was current when this was made, not in the caller's. */
export function ownContext(): (work: () => void) => void {
  return AsyncLocalStorage.snapshot()
}

export class AsyncCarrier implements Carrier {
  readonly #storage = new AsyncLocalStorage<object>()

  run<T>(turn: object, work: () => T): T {
    return this.#storage.run(turn, work)
  }

  current(): object | undefined {
    return this.#storage.getStore()
  }
}
