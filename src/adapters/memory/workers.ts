/**
 * MemoryWorkers: the Workers port without threads, for tests and the simulator.
 *
 * Jobs run in this thread, one macrotask apart, on clones of what they were given; time comes from
 * whoever made it. A job that never awaits cannot be ended here; one that awaits is let go.
 */
import * as limits from '../../../protocols/limits.ts'
import { runJob } from '../../../workers/job-runner.ts'
import type { KnownError } from '../../../workers/thread/error-form.ts'
import { knownErrors } from '../../../workers/thread/error-form.ts'
import type { JobOutcome } from '../../../workers/thread/job.ts'
import { type Executor, JobDesk, type Task } from '../../../workers/thread/job-desk.ts'
import { jobLimits } from '../../../workers/thread/job-limits.ts'
import { EdgeError } from '../../kernel/index.ts'
import type { Workers } from '../../ports/workers.ts'

export interface MemoryWorkersOptions {
  readonly slots?: number
  readonly queueMax?: number
  /** Call `ring` after so many milliseconds; returns its own undoing. Default: real time. */
  readonly after?: (ms: number, ring: () => void) => () => void
  /** How long a job takes, in a simulation. */
  readonly latencyMs?: (job: { readonly module: string; readonly export: string }) => number
  readonly errors?: readonly KnownError[]
}

export function memoryWorkers(options: MemoryWorkersOptions = {}): Workers {
  const after = options.after ?? realTime
  const desk = new JobDesk({
    slots: options.slots ?? 2,
    executor: new MemoryExecutor(after, options.latencyMs ?? (() => 0)),
    limits: { ...jobLimits, queueMax: options.queueMax ?? limits.jobQueueMax },
    errors: knownErrors(options.errors),
    after,
  })
  return {
    run: (job) => desk.run(job) as never,
    stats: () => desk.stats(),
    close: (how) => desk.close(how?.graceMs ?? limits.jobCloseGraceMs),
  }
}

type After = NonNullable<MemoryWorkersOptions['after']>

class MemoryExecutor implements Executor {
  readonly #after: After
  readonly #latencyMs: NonNullable<MemoryWorkersOptions['latencyMs']>
  readonly #running = new Map<Task, (why: EdgeError) => void>()

  constructor(after: After, latencyMs: NonNullable<MemoryWorkersOptions['latencyMs']>) {
    this.#after = after
    this.#latencyMs = latencyMs
  }

  run(task: Task): Promise<JobOutcome> {
    return new Promise((resolve, reject) => {
      const settle = <T>(tell: (value: T) => void) => {
        return (value: T): void => {
          if (this.#running.delete(task)) tell(value)
        }
      }
      this.#running.set(task, settle(reject))
      const { transfer } = task
      const input: unknown = structuredClone(task.input, { transfer: transfer as never })
      const start = (): void => {
        // Never rejects: a failure of the job is its outcome.
        void runJob({ ...task, input }, jobLimits).then(({ outcome, transfer: moved }) => {
          settle(resolve)(structuredClone(outcome, { transfer: moved as never }))
        })
      }
      this.#after(this.#latencyMs(task), start)
    })
  }

  kill(task: Task): void {
    const { module, export: name } = task
    this.#running.get(task)?.(
      new EdgeError('worker_exited', `Job ${name} was let go`, {
        detail: { module, export: name },
      }),
    )
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

function realTime(ms: number, ring: () => void): () => void {
  const timer = setTimeout(ring, ms)
  return () => clearTimeout(timer)
}
