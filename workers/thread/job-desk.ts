/**
 * JobDesk: takes jobs in, keeps them in order, and answers each of them exactly once.
 *
 * Whoever computes is behind an Executor: threads, or this thread in a test. The desk owns the
 * bounded queue, the deadlines and what happens to a job that is given up: it is told, and after a
 * short grace its thread is ended, unless it may be inside a native call. Then its slot stays
 * closed until the call has returned.
 */
import { EdgeError } from '../../src/kernel/index.ts'
import type { Job, JobFunction, WorkersStats } from '../../src/ports/workers.ts'
import { knownErrors, type KnownErrors } from './error-form.ts'
import { checkJob } from './job-check.ts'
import { given, type JobCall, type JobOutcome, openWords, word } from './job.ts'
import { Packer, type PayloadLimits } from './payload.ts'
import { unpack } from './revival.ts'
import type { Movable } from './transfer.ts'

export interface Task extends JobCall {
  readonly transfer: readonly Movable[]
  readonly memoryMb: number | undefined
  readonly native: boolean
}

export interface Executor {
  /** Run a task now. Rejects when its thread ended before it answered. */
  run(task: Task): Promise<JobOutcome>
  /** End the thread of a running task; its `run` rejects. */
  kill(task: Task): void
  /** End the threads; called when nothing runs that may be ended. */
  close(): Promise<void>
}

export interface DeskLimits extends PayloadLimits {
  readonly queueMax: number
  readonly deadlineMs: number
  readonly deadlineMsMax: number
  readonly cancelGraceMs: number
  readonly memoryMbMin: number
  readonly closeGraceMs: number
}

export interface DeskOptions {
  readonly slots: number
  readonly executor: Executor
  readonly limits: DeskLimits
  /** Call `ring` later; returns its own undoing. */
  readonly after: (ms: number, ring: () => void) => () => void
  readonly errors?: KnownErrors
}

interface Entry {
  readonly task: Task
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
  readonly deadlineMs: number
  signal: AbortSignal | undefined
  state: 'waiting' | 'running' | 'given-up'
  stopTimer: () => void
  onAbort: (() => void) | null
}

type Counts = { -readonly [K in keyof WorkersStats]: WorkersStats[K] }

export class JobDesk {
  readonly #options: DeskOptions
  readonly #packer: Packer
  readonly #errors: KnownErrors
  readonly #waiting: Entry[] = []
  readonly #running = new Set<Entry>()
  readonly #counts: Counts
  readonly #idle: (() => void)[] = []
  #closed = false

  constructor(options: DeskOptions) {
    this.#options = options
    this.#packer = new Packer(options.limits, null)
    this.#errors = options.errors ?? knownErrors()
    this.#counts = {
      slots: options.slots,
      runningNow: 0,
      waitingNow: 0,
      quarantinedNow: 0,
      completed: 0,
      failed: 0,
      refused: 0,
      terminated: 0,
    }
  }

  stats(): WorkersStats {
    return {
      ...this.#counts,
      runningNow: this.#running.size,
      waitingNow: this.#waiting.length,
    }
  }

  run<F extends JobFunction>(job: Job<F>): Promise<unknown> {
    try {
      this.#admit(job)
      return this.#enqueue(job)
    } catch (refusal) {
      this.#counts.refused++
      return Promise.reject(refusal instanceof Error ? refusal : new Error(String(refusal)))
    }
  }

  async close(graceMs: number): Promise<void> {
    this.#closed = true
    for (const entry of this.#waiting.splice(0)) this.#answer(entry, closedError())
    await this.#whenIdle(graceMs)
    for (const entry of this.#running) this.#giveUp(entry, closedError())
    await this.#whenIdle(this.#options.limits.closeGraceMs)
    await this.#options.executor.close()
  }

  #admit<F extends JobFunction>(job: Job<F>): void {
    const { limits } = this.#options
    if (this.#closed) throw closedError()
    checkJob(job, limits)
    const free = this.#options.slots - this.#running.size
    if (free <= 0 && this.#waiting.length >= limits.queueMax) throw fullError(limits.queueMax)
  }

  #enqueue<F extends JobFunction>(job: Job<F>): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const { limits, after } = this.#options
    const parcel = this.#packer.pack(job.input, 'input', job.transfer)
    const deadlineMs = Math.min(job.deadlineMs ?? limits.deadlineMs, limits.deadlineMsMax)
    const entry: Entry = {
      task: {
        module: String(job.module),
        export: job.export,
        input: parcel.value,
        carried: parcel.carried,
        transfer: parcel.transfer,
        words: openWords(),
        memoryMb: job.memoryMb,
        native: job.native === true,
      },
      resolve,
      reject,
      deadlineMs,
      signal: job.signal,
      state: 'waiting',
      stopTimer: after(deadlineMs, () => this.#giveUp(entry, timeoutError(entry))),
      onAbort: null,
    }
    if (job.signal !== undefined) {
      entry.onAbort = () => this.#giveUp(entry, cancelledError(entry, job.signal?.reason))
      job.signal.addEventListener('abort', entry.onAbort, { once: true })
    }
    this.#waiting.push(entry)
    this.#pump()
    return promise
  }

  #pump(): void {
    while (this.#running.size < this.#options.slots) {
      const entry = this.#waiting.shift()
      if (entry === undefined) return
      entry.state = 'running'
      this.#running.add(entry)
      void this.#execute(entry)
    }
  }

  /** Never rejects: whatever the executor comes to is the answer of the entry. */
  async #execute(entry: Entry): Promise<void> {
    let answer: unknown
    let failure: Error | null = null
    try {
      const outcome = await this.#options.executor.run(entry.task)
      if (!outcome.ok) failure = this.#revive(outcome.error) as Error
      else answer = outcome.carried ? this.#revive(outcome.value) : outcome.value
    } catch (error) {
      failure = error as Error
    }
    this.#running.delete(entry)
    if (entry.state === 'given-up' && entry.task.native) this.#counts.quarantinedNow--
    if (entry.state === 'running') this.#answer(entry, failure, answer)
    this.#pump()
    if (this.#running.size === 0) for (const idle of this.#idle.splice(0)) idle()
  }

  #revive(value: unknown): unknown {
    return unpack(value, { errors: this.#errors, refOf: (form) => form })
  }

  #answer(entry: Entry, failure: Error | null, answer?: unknown): void {
    entry.stopTimer()
    if (entry.onAbort !== null) entry.signal?.removeEventListener('abort', entry.onAbort)
    if (failure === null) {
      this.#counts.completed++
      entry.resolve(answer)
    } else {
      this.#counts.failed++
      entry.reject(failure)
    }
  }

  /** Nobody waits for it any more: its caller hears now, its thread in good time. */
  #giveUp(entry: Entry, why: EdgeError): void {
    if (entry.state === 'given-up') return
    const running = entry.state === 'running'
    entry.state = 'given-up'
    this.#answer(entry, why)
    if (!running) {
      const at = this.#waiting.indexOf(entry)
      if (at >= 0) this.#waiting.splice(at, 1)
      return
    }
    const { words, native } = entry.task
    Atomics.store(words, word.given, given.up)
    Atomics.notify(words, word.given)
    if (native) this.#counts.quarantinedNow++
    else this.#options.after(this.#options.limits.cancelGraceMs, () => this.#kill(entry))
  }

  #kill(entry: Entry): void {
    if (!this.#running.has(entry)) return
    this.#counts.terminated++
    this.#options.executor.kill(entry.task)
  }

  #whenIdle(withinMs: number): Promise<void> {
    if (this.#running.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const stop = this.#options.after(withinMs, resolve)
      this.#idle.push(() => {
        stop()
        resolve()
      })
    })
  }
}

function fullError(queueMax: number): EdgeError {
  return new EdgeError(
    'overloaded',
    `All threads are busy, ${queueMax} jobs wait; try later or run fewer at once`,
    { detail: { queueMax } },
  )
}

function closedError(): EdgeError {
  return new EdgeError('stopped', 'The workers are closed and take no more jobs')
}

function timeoutError({ task, deadlineMs }: Entry): EdgeError {
  return new EdgeError(
    'timeout',
    `Job ${task.export} had no result within ${deadlineMs} ms; ` +
      'give it more time with deadlineMs, or let it do less',
    { detail: { module: task.module, export: task.export, deadlineMs } },
  )
}

function cancelledError({ task }: Entry, cause: unknown): EdgeError {
  return new EdgeError('cancelled', `Job ${task.export} was cancelled by its caller`, {
    cause,
    detail: { module: task.module, export: task.export },
  })
}
