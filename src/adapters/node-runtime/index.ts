/**
 * NodeRuntime: the process's own clock, timers, event loop and randomness for a kernel.
 *
 * Work is scheduled in the context of the process, not of whoever woke it, so that async local
 * storage of a sender never leaks into a receiver.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import type { Alarm, Carrier, Clock, Random, Runtime, Scheduler } from '../../kernel/index.ts'

/** Node's timers overflow to 1 ms beyond this; the wheel sets the alarm again when it rings. */
const longestTimerMs = 2 ** 31 - 1

export function nodeRuntime(): Runtime {
  const inProcess = AsyncLocalStorage.snapshot()
  return {
    clock,
    random: new PooledRandom(),
    alarm: new TimeoutAlarm(inProcess),
    scheduler: schedulerIn(inProcess),
    carrier: new LocalStorageCarrier(),
  }
}

type InProcess = (work: () => void) => void

const clock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
}

function schedulerIn(inProcess: InProcess): Scheduler {
  return {
    soon: (work) => queueMicrotask(() => inProcess(work)),
    later: (work) => void setImmediate(() => inProcess(work)),
  }
}

class TimeoutAlarm implements Alarm {
  readonly #inProcess: InProcess
  #timeout: NodeJS.Timeout | null = null

  constructor(inProcess: InProcess) {
    this.#inProcess = inProcess
  }

  set(at: number, ring: () => void): void {
    this.clear()
    const afterMs = Math.min(longestTimerMs, Math.max(0, Math.ceil(at - performance.now())))
    this.#timeout = setTimeout(() => {
      this.#timeout = null
      this.#inProcess(ring)
    }, afterMs)
  }

  clear(): void {
    if (this.#timeout !== null) clearTimeout(this.#timeout)
    this.#timeout = null
  }
}

/** Cryptographic bytes, drawn a pool at a time. */
class PooledRandom implements Random {
  #pool = new Uint32Array(0)
  #at = 0

  next(): number {
    if (this.#at >= this.#pool.length) {
      const bytes = randomBytes(4_096)
      this.#pool = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
      this.#at = 0
    }
    return (this.#pool[this.#at++] as number) / 2 ** 32
  }
}

class LocalStorageCarrier implements Carrier {
  readonly #storage = new AsyncLocalStorage<object>()

  run<T>(turn: object, work: () => T): T {
    return this.#storage.run(turn, work)
  }

  current(): object | undefined {
    return this.#storage.getStore()
  }
}
