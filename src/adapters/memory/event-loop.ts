/**
 * EventLoop: what a virtual runtime still needs of the real process.
 *
 * Time and randomness are virtual, promises are not: a simulation has to wait until every promise
 * that can go on has gone on, and it has to carry a turn across `await` as the real runtime does.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { setFlagsFromString } from 'node:v8'
import type { Carrier } from '../../kernel/index.ts'

const immediately = setImmediate

/** Resolves when every promise that is ready to go on has gone on. */
export function promisesSettled(): Promise<void> {
  return new Promise((resolve) => void immediately(resolve))
}

/**
 * Run work as an event of its own, with a way to let every promise go on in the midst of it: five
 * times as quick as an event per step. `drain` works only inside of that event.
 */
export function asOneEvent<T>(work: (drain: () => void) => T): Promise<T> {
  checkpoint ??= microtaskCheckpoint()
  const drain = checkpoint
  return new Promise((resolve) => {
    // What it throws becomes the rejection.
    const run = async (): Promise<T> => work(drain)
    immediately(() => resolve(run()))
  })
}

let checkpoint: (() => void) | null = null

/** V8 lets its own intrinsics be called after this flag; nothing else changes. */
function microtaskCheckpoint(): () => void {
  setFlagsFromString('--allow-natives-syntax')
  // oxlint-disable-next-line no-implied-eval -- the intrinsic is no JavaScript syntax
  const made = new Function('%PerformMicrotaskCheckpoint()') as () => void
  setFlagsFromString('--no-allow-natives-syntax')
  return made
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
