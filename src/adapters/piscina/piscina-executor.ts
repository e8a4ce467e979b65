/**
 * PiscinaExecutor: runs the tasks of a desk on Piscina, one task per thread at a time.
 *
 * A pool for each heap size, and pools of their own for native jobs, so that ending a thread never
 * meets a native call. Piscina's own queue stays empty: the desk hands over what can start now.
 */
import { Piscina } from 'piscina'
import { EdgeError } from '../../kernel/index.ts'
import type { JobOutcome } from '../../../workers/thread/job.ts'
import { word } from '../../../workers/thread/job.ts'
import type { Executor, Task } from '../../../workers/thread/job-desk.ts'

export interface PiscinaExecutorOptions {
  readonly slots: number
  readonly idleMs: number
}

interface Running {
  readonly controller: AbortController
  readonly fail: (error: EdgeError) => void
}

const entry = new URL('./thread-side.ts', import.meta.url).href

export class PiscinaExecutor implements Executor {
  readonly #options: PiscinaExecutorOptions
  readonly #pools = new Map<string, Piscina>()
  readonly #running = new Map<Task, Running>()

  constructor(options: PiscinaExecutorOptions) {
    this.#options = options
  }

  run(task: Task): Promise<JobOutcome> {
    const pool = this.#poolFor(task)
    const controller = new AbortController()
    const { module, export: name, input, carried, words } = task
    return new Promise((resolve, reject) => {
      const settle = (): void => void this.#running.delete(task)
      this.#running.set(task, {
        controller,
        fail: (error) => {
          settle()
          reject(error)
        },
      })
      const result: Promise<unknown> = pool.run(
        { module, export: name, input, carried, words },
        {
          transferList: task.transfer as never,
          // A thread that must not be ended gets no signal that would end it.
          signal: task.native ? null : controller.signal,
        },
      )
      result.then(
        (outcome) => {
          settle()
          resolve(outcome as JobOutcome)
        },
        (error: unknown) => {
          settle()
          reject(lostError(task, error))
        },
      )
    })
  }

  kill(task: Task): void {
    this.#running.get(task)?.controller.abort()
  }

  async close(): Promise<void> {
    const busy = new Set([...this.#running.keys()].map(keyOf))
    const pools = [...this.#pools].filter(([key]) => !busy.has(key))
    this.#pools.clear()
    await Promise.all(pools.map(([, pool]) => pool.destroy()))
  }

  #poolFor(task: Task): Piscina {
    const key = keyOf(task)
    const known = this.#pools.get(key)
    if (known !== undefined) return known
    const pool = new Piscina({
      filename: siblingOf(entry),
      name: 'run',
      minThreads: 0,
      maxThreads: this.#options.slots,
      concurrentTasksPerWorker: 1,
      idleTimeout: task.native ? Infinity : this.#options.idleMs,
      recordTiming: false,
      ...(task.memoryMb !== undefined && {
        resourceLimits: { maxOldGenerationSizeMb: task.memoryMb },
      }),
    })
    pool.on('error', (error: unknown) => this.#threadFailed(key, error))
    this.#pools.set(key, pool)
    return pool
  }

  /** A thread died before it had a task: what waits for one would wait for ever. */
  #threadFailed(key: string, error: unknown): void {
    for (const [task, { fail }] of this.#running) {
      if (keyOf(task) === key && task.words[word.begun] === 0) fail(lostError(task, error))
    }
  }
}

function keyOf(task: Task): string {
  return `${task.native ? 'native' : 'pure'} ${task.memoryMb ?? 'default'}`
}

function siblingOf(address: string): string {
  return import.meta.url.endsWith('.js') ? address.replace(/\.ts$/, '.js') : address
}

function lostError(task: Task, cause: unknown): EdgeError {
  const { module, memoryMb } = task
  const detail = { module, export: task.export }
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : ''
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return new EdgeError(
      'worker_out_of_memory',
      `Job ${task.export} used more heap than ${memoryMb ?? 'the default number of'} MiB; give ` +
        'more memoryMb, or do less at a time',
      { cause, detail },
    )
  }
  return new EdgeError(
    'worker_exited',
    `The thread of job ${task.export} ended before it answered; whether the work was done is ` +
      'unknown',
    { cause, detail },
  )
}
