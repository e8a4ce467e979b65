/**
 * Metrics: what the actors of a system did so far, as plain integers that are copied when asked.
 *
 * Counting happens where the work is: one comparison per slice for the high-water mark of a queue,
 * and a look at the clock around one slice in 251, more often while slices are long. The
 * busy time is an estimate from those. What an actor counted stays in the totals after its end.
 */
import type { Cell } from './cell.ts'
import type { DeadLetterReason, DeadLetters } from './dead-letters.ts'
import type { Dispatcher, Runnable, SliceMeter } from './dispatcher.ts'
import { childrenOf } from './family.ts'
import * as limits from './limits.ts'
import type { Clock } from './runtime.ts'
import type { TimerWheel } from './timer-wheel.ts'

export interface SystemMetrics {
  readonly actorsAlive: number
  readonly actorsEnded: number
  /** Messages and signals that were handled. */
  readonly processed: number
  readonly failures: number
  readonly restarts: number
  readonly deadLetters: Readonly<Partial<Record<DeadLetterReason, number>>>
  /** Messages that wait in all queues together. */
  readonly waiting: number
  /** The longest that any queue ever was when its actor's slice began. */
  readonly mailboxHighWater: number
  readonly busyMicros: number
  /** Actors that are ready to run. */
  readonly ready: number
  readonly timers: number
}

export interface ActorMetrics {
  readonly path: string
  readonly protocol: string
  readonly processed: number
  readonly failures: number
  readonly restarts: number
  readonly waiting: number
  readonly mailboxHighWater: number
  readonly busyMicros: number
}

export interface MetricsHome {
  readonly root: Cell
  readonly clock: Clock
  readonly deadLetters: DeadLetters
  readonly dispatcher: Dispatcher
  readonly wheel: TimerWheel
}

/** A prime, so that actors which take turns in a pattern are all met. */
const slicesPerSample = 251
/** A slice that takes longer is worth looking at the next one too. */
const longSliceMs = 0.1

export class Metrics implements SliceMeter {
  readonly #home: MetricsHome
  readonly #clock: Clock
  #period = 1
  #left = 1
  #ended = 0
  #processed = 0
  #failures = 0
  #restarts = 0
  #highWater = 0
  #busyMs = 0
  /** Those who live and were met by a sample. */
  readonly #busyOf = new Map<Runnable, number>()

  constructor(home: MetricsHome) {
    this.#home = home
    this.#clock = home.clock
  }

  /** Run a slice and take its measure. */
  run(runnable: Runnable, turns: number): boolean {
    const { mailbox } = runnable
    if (mailbox !== undefined && mailbox.size > (runnable.highWater as number)) {
      runnable.highWater = mailbox.size
    }
    if (--this.#left > 0) return runnable.run(turns)
    return this.#sample(runnable, turns)
  }

  /** A cell leaves the tree; its figures remain. */
  retire(cell: Cell): void {
    this.#ended++
    this.#processed += cell.processed
    this.#failures += cell.extras?.failures ?? 0
    this.#restarts += cell.extras?.restarts ?? 0
    if (cell.highWater > this.#highWater) this.#highWater = cell.highWater
    const busyMs = this.#busyOf.get(cell)
    if (busyMs === undefined) return
    this.#busyOf.delete(cell)
    this.#busyMs += busyMs
  }

  collect(): SystemMetrics {
    const { deadLetters, dispatcher, wheel } = this.#home
    const alive = this.#alive().map((cell) => this.#metricsOf(cell))
    const sum = (of: (metrics: ActorMetrics) => number): number =>
      alive.reduce((total, metrics) => total + of(metrics), 0)
    return {
      actorsAlive: alive.length,
      actorsEnded: this.#ended,
      processed: this.#processed + sum(({ processed }) => processed),
      failures: this.#failures + sum(({ failures }) => failures),
      restarts: this.#restarts + sum(({ restarts }) => restarts),
      deadLetters: deadLetters.counts,
      waiting: sum(({ waiting }) => waiting),
      mailboxHighWater: alive.reduce(
        (most, { mailboxHighWater }) => Math.max(most, mailboxHighWater),
        this.#highWater,
      ),
      busyMicros: Math.round(this.#busyMs * 1_000) + sum(({ busyMicros }) => busyMicros),
      ready: dispatcher.ready,
      timers: wheel.size,
    }
  }

  /** The actors that live, the busiest first. */
  actors(limit: number = limits.listedActors): readonly ActorMetrics[] {
    const busiest = (one: ActorMetrics, two: ActorMetrics): number =>
      two.busyMicros - one.busyMicros || two.processed - one.processed
    return this.#alive()
      .map((cell) => this.#metricsOf(cell))
      .toSorted(busiest)
      .slice(0, limit)
  }

  #sample(runnable: Runnable, turns: number): boolean {
    const period = this.#period
    const startedAt = this.#clock.now()
    const more = runnable.run(turns)
    const tookMs = this.#clock.now() - startedAt
    this.#busyOf.set(runnable, (this.#busyOf.get(runnable) ?? 0) + tookMs * period)
    this.#period = tookMs > longSliceMs ? 1 : Math.min(slicesPerSample, period * 2 + 1)
    this.#left = this.#period
    return more
  }

  /** All actors but the root, which does nothing. */
  #alive(): readonly Cell[] {
    const cells = [...childrenOf(this.#home.root)]
    for (let i = 0; i < cells.length; i++) {
      for (const child of childrenOf(cells[i] as Cell)) cells.push(child)
    }
    return cells
  }

  #metricsOf(cell: Cell): ActorMetrics {
    return {
      path: cell.path,
      protocol: cell.props.def.protocol.id,
      processed: cell.processed,
      failures: cell.extras?.failures ?? 0,
      restarts: cell.extras?.restarts ?? 0,
      waiting: cell.mailbox.size,
      mailboxHighWater: cell.highWater,
      busyMicros: Math.round((this.#busyOf.get(cell) ?? 0) * 1_000),
    }
  }
}
