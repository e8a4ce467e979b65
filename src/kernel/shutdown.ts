/**
 * CoordinatedShutdown: how a system goes down in good order, once.
 *
 * Phases run one after the other, the tasks of a phase side by side. A phase that takes too long
 * is left behind, a task that fails is reported, and the whole has a deadline: nothing that ends
 * can hang. Asking twice gives the same promise. A task may add tasks to phases still to come.
 */
import { Deadline } from './deadline.ts'
import { durationMs, type Duration } from './duration.ts'
import { EdgeError } from './errors.ts'
import type { Events } from './events.ts'
import * as limits from './limits.ts'
import { isPromise } from './promise.ts'
import type { Exit, Home } from './recipient.ts'
import { actorsPhase, type Phase, type PhaseOptions, phasesOf } from './shutdown-phases.ts'

export interface ShutdownOptions {
  /** Changes the usual phases, or adds to them. */
  readonly phases?: Readonly<Record<string, PhaseOptions>>
  /** What the whole may take; then it ends whatever is still going on. */
  readonly deadline?: Duration
}

/** `signal` is aborted when the phase does not wait for the task any longer. */
export type ShutdownTask = (signal: AbortSignal, reason: string) => unknown

export interface PhaseReport {
  readonly phase: string
  readonly outcome: 'done' | 'failed' | 'timed-out' | 'skipped'
  readonly tookMs: number
  /** Tasks that threw, with what they threw, and those still running when time was over. */
  readonly failed: readonly { readonly task: string; readonly error: unknown }[]
  readonly unfinished: readonly string[]
}

export interface ShutdownReport {
  readonly reason: string
  readonly tookMs: number
  /** The deadline of the whole has passed. */
  readonly overdue: boolean
  readonly phases: readonly PhaseReport[]
}

/** What a shutdown needs of its system. */
export interface ShutdownHome extends Home {
  readonly events: Events
  readonly whenTerminated: Promise<Exit>
  /** Ask all actors to end; with a grace, whatever theirs would be. */
  stopActors(graceMs?: number): void
  /** Declare the system ended although actors are left. */
  abandonActors(): void
}

interface Task {
  readonly name: string
  readonly work: ShutdownTask
}

interface Running {
  readonly phase: Phase
  readonly startedAt: number
  readonly tasks: Set<Task>
  readonly failed: { readonly task: string; readonly error: unknown }[]
  readonly controller: AbortController
  readonly end: () => void
  outcome: PhaseReport['outcome']
}

export class CoordinatedShutdown {
  readonly #home: ShutdownHome
  readonly #phases: readonly Phase[]
  readonly #deadlineMs: number
  readonly #tasks = new Map<string, Set<Task>>()
  readonly #waiting: Set<string>
  readonly #phaseTimer = new Deadline(() => this.#phaseOver())
  readonly #timer = new Deadline(() => this.#overdueNow())
  readonly #reports: PhaseReport[] = []
  #promise: Promise<ShutdownReport> | null = null
  #running: Running | null = null
  #reason = ''
  #overdue = false
  /** The actors were told to end without any grace. */
  #forced = false
  #over = false

  constructor(home: ShutdownHome, options: ShutdownOptions = {}) {
    this.#home = home
    this.#phases = phasesOf(options.phases)
    this.#waiting = new Set(this.#phases.map(({ name }) => name))
    this.#deadlineMs = durationMs(options.deadline ?? limits.shutdownDeadlineMs)
    if (!(this.#deadlineMs > 0)) throw invalidDeadline(this.#deadlineMs)
  }

  /** The phases in the order in which they run. */
  get phases(): readonly string[] {
    return this.#phases.map(({ name }) => name)
  }

  get started(): boolean {
    return this.#promise !== null
  }

  /** Have something done in a phase. Returns its undoing: false when the task has begun. */
  add(phase: string, name: string, work: ShutdownTask): () => boolean {
    if (!this.#phases.some((known) => known.name === phase)) throw this.#unknownPhase(phase)
    if (!this.#waiting.has(phase)) throw phaseOver(phase, name)
    const tasks = this.#tasks.get(phase) ?? new Set()
    this.#tasks.set(phase, tasks)
    const task = { name, work }
    tasks.add(task)
    return () => this.#waiting.has(phase) && tasks.delete(task)
  }

  /** Go down. The promise is the same every time; it rejects only for a phase with no recovery. */
  run(reason = 'asked to'): Promise<ShutdownReport> {
    if (this.#promise !== null) return this.#promise
    this.#reason = reason
    const { promise, resolve } = Promise.withResolvers<ShutdownReport>()
    this.#promise = promise
    resolve(this.#runAll())
    return promise
  }

  /** Without tasks the actors are asked to end at once, before this returns. */
  async #runAll(): Promise<ShutdownReport> {
    const { clock, whenTerminated } = this.#home
    const startedAt = clock.now()
    this.#armAll(startedAt + this.#deadlineMs)
    void whenTerminated.then(() => this.#armAll(startedAt + this.#deadlineMs))
    for (const phase of this.#phases) {
      this.#waiting.delete(phase.name)
      const begun = this.#skips(phase) ? skipped(phase) : this.#begin(phase)
      const report = begun instanceof Promise ? await begun : begun
      this.#reports.push(report)
      if (phase.name === actorsPhase && !this.#home.terminated) this.#home.abandonActors()
      if (!phase.recover) this.#checkRecovery(report)
    }
    this.#end()
    const tookMs = clock.now() - startedAt
    return { reason: this.#reason, tookMs, overdue: this.#overdue, phases: this.#reports }
  }

  /** When there is no time left, only the actors still end. */
  #skips(phase: Phase): boolean {
    return this.#overdue && (phase.name !== actorsPhase || this.#home.terminated)
  }

  #end(): void {
    this.#over = true
    this.#home.wheel.cancel(this.#timer)
    this.#home.wheel.rest()
  }

  #begin(phase: Phase): PhaseReport | Promise<PhaseReport> {
    const tasks = new Set(this.#tasks.get(phase.name))
    this.#tasks.delete(phase.name)
    if (phase.name === actorsPhase) tasks.add({ name: 'actors', work: () => this.#endActors() })
    const { promise, resolve } = Promise.withResolvers<void>()
    const running: Running = {
      phase,
      startedAt: this.#home.clock.now(),
      tasks,
      failed: [],
      controller: new AbortController(),
      end: resolve,
      outcome: 'done',
    }
    if (tasks.size === 0) return this.#reportOf(running)
    this.#running = running
    for (const task of tasks) this.#start(running, task)
    if (tasks.size === 0) return this.#reportOf(running)
    this.#arm(this.#phaseTimer, this.#phaseEndsAt(running))
    return promise.then(() => this.#reportOf(running))
  }

  #start(running: Running, task: Task): void {
    const ended = (): void => {
      running.tasks.delete(task)
      if (running.tasks.size === 0) running.end()
    }
    const failed = (error: unknown): void => {
      if (this.#running === running) {
        running.failed.push({ task: task.name, error })
        if (running.outcome === 'done') running.outcome = 'failed'
      }
      const phase = running.phase.name
      this.#home.events.publish('shutdown.failed', { phase, task: task.name, error })
      ended()
    }
    // A promise executor turns what a task throws at once into a rejection.
    new Promise((resolve) => {
      const result = task.work(running.controller.signal, this.#reason)
      if (isPromise(result)) resolve(result)
      else ended()
    }).then(ended, failed)
  }

  #reportOf(running: Running): PhaseReport {
    this.#running = null
    const { wheel, clock } = this.#home
    wheel.cancel(this.#phaseTimer)
    return {
      phase: running.phase.name,
      outcome: running.outcome,
      tookMs: clock.now() - running.startedAt,
      failed: running.failed,
      unfinished: [...running.tasks].map(({ name }) => name),
    }
  }

  /** The phase is left behind; its tasks may still end, but nobody waits. */
  #phaseOver(): void {
    const running = this.#running
    if (running === null) return
    const { phase } = running
    if (phase.name === actorsPhase && !this.#forced) {
      this.#force(running)
      return
    }
    running.outcome = 'timed-out'
    const tasks = [...running.tasks].map(({ name }) => name)
    this.#home.events.publish('shutdown.timed-out', { phase: phase.name, tasks })
    running.controller.abort(tooLong(phase))
    running.end()
  }

  /** The actors had their time: what they still do is given up. */
  #force(running: Running): void {
    this.#forced = true
    this.#home.stopActors(0)
    this.#arm(this.#phaseTimer, this.#phaseEndsAt(running))
  }

  #overdueNow(): void {
    this.#overdue = true
    this.#phaseOver()
  }

  #phaseEndsAt({ phase, startedAt }: Running): number {
    if (!this.#forced) return startedAt + phase.timeoutMs
    return this.#home.clock.now() + limits.shutdownForcedMs
  }

  #endActors(): unknown {
    if (this.#home.terminated) return undefined
    this.#forced = this.#overdue
    this.#home.stopActors(this.#overdue ? 0 : undefined)
    return this.#home.whenTerminated
  }

  /** The wheel forgets all it held when the actors have ended; these two are still needed. */
  #armAll(deadlineAt: number): void {
    if (this.#over) return
    if (!this.#overdue && this.#deadlineMs !== Infinity) this.#arm(this.#timer, deadlineAt)
    const running = this.#running
    if (running !== null && running.tasks.size > 0) {
      this.#arm(this.#phaseTimer, this.#phaseEndsAt(running))
    }
  }

  #arm(entry: Deadline, at: number): void {
    if (at !== Infinity) this.#home.wheel.arm(entry, at)
  }

  #checkRecovery({ phase, outcome, failed, unfinished }: PhaseReport): void {
    if (outcome === 'done' || outcome === 'skipped') return
    this.#end()
    throw new EdgeError(
      'shutdown_failed',
      `The shutdown stops at phase ${phase}, which ${outcome} and has no recovery; ` +
        `look at ${[...failed.map(({ task }) => task), ...unfinished].join(', ')}`,
      { cause: failed[0]?.error, detail: { phase, outcome } },
    )
  }

  #unknownPhase(phase: string): EdgeError {
    return new EdgeError(
      'unknown_phase',
      `There is no shutdown phase ${JSON.stringify(phase)}; use one of ${this.phases.join(', ')}`,
    )
  }
}

function skipped(phase: Phase): PhaseReport {
  return { phase: phase.name, outcome: 'skipped', tookMs: 0, failed: [], unfinished: [] }
}

function phaseOver(phase: string, task: string): EdgeError {
  return new EdgeError(
    'phase_over',
    `Task ${task} comes too late for shutdown phase ${phase}, which has begun; do it at once, ` +
      'or add it to a later phase',
    { detail: { phase, task } },
  )
}

function tooLong({ name, timeoutMs }: Phase): EdgeError {
  return new EdgeError('timeout', `Shutdown phase ${name} has no more time`, {
    detail: { phase: name, timeoutMs },
  })
}

function invalidDeadline(deadlineMs: number): EdgeError {
  return new EdgeError(
    'invalid_duration',
    `A shutdown with a deadline of ${deadlineMs} ms cannot be; give a time above 0`,
  )
}
