/**
 * Dispatcher: lets ready actors run, in slices, without starving anybody or the event loop.
 *
 * Ready actors run right after the code that woke them; after a burst of a few milliseconds the
 * rest waits until pending I/O and timers had their chance. That also holds for chains that hop
 * through promises, because a burst is measured from the last return to the event loop. A spawned
 * actor runs soon after its parent: whole generations need not wait in memory for their turn.
 */
import * as limits from './limits.ts'
import { RunQueue } from './run-queue.ts'
import type { Clock, Scheduler } from './runtime.ts'

export interface Runnable {
  /** Run up to `turns` turns; true when more could run at once. */
  run(turns: number): boolean
  /** Of an actor, for those who measure. */
  readonly mailbox?: { readonly size: number }
  highWater?: number
}

/** Runs slices in the dispatcher's place, to measure them. */
export interface SliceMeter {
  run(runnable: Runnable, turns: number): boolean
}

/** Newborn actors that may run in a row before one of the others does. */
const newbornRun = 8

/** The clock is read once per so many slices, unless the slices turn out to be long. */
const slicesPerLook = 16

export class Dispatcher {
  readonly #scheduler: Scheduler
  readonly #clock: Clock
  readonly #turns: number
  /** Called when the event loop was reached and nothing is ready. */
  readonly #onRest: () => void
  readonly #meter: SliceMeter | null
  readonly #ready = new RunQueue()
  /** Actors that have never run, the latest generation first: see the header. */
  readonly #newborn = new RunQueue()
  readonly #born: Runnable[] = []
  #newbornInRow = 0
  #inSlice = false
  #armed = false
  /** True between the first wake-up of a burst and the next return to the event loop. */
  #inBurst = false
  #burstEndsAt = 0
  #looksEvery = slicesPerLook
  readonly #drain: () => void

  constructor(
    world: { readonly scheduler: Scheduler; readonly clock: Clock },
    onRest: () => void,
    meter: SliceMeter | null = null,
  ) {
    const { scheduler, clock } = world
    this.#scheduler = scheduler
    this.#clock = clock
    this.#turns = scheduler.turnsPerSlice ?? limits.turnsPerSlice
    this.#onRest = onRest
    this.#meter = meter
    const { slicesPerStep } = scheduler
    this.#drain = slicesPerStep === undefined ? this.#drainAll : () => this.#step(slicesPerStep)
  }

  get ready(): number {
    return this.#ready.size + this.#newborn.size
  }

  schedule(runnable: Runnable): void {
    this.#ready.push(runnable)
    if (!this.#armed) this.#arm()
  }

  /** An actor was spawned; one spawned in a slice runs soon after its parent. */
  scheduleNewborn(runnable: Runnable): void {
    if (this.#inSlice && this.#scheduler.choose === undefined) this.#born.push(runnable)
    else this.schedule(runnable)
  }

  #arm(): void {
    this.#armed = true
    if (!this.#inBurst) this.#beginBurst()
    else if (this.#clock.now() >= this.#burstEndsAt) {
      this.#scheduler.later(this.#drainLater)
      return
    }
    this.#scheduler.soon(this.#drain)
  }

  #beginBurst(): void {
    this.#inBurst = true
    this.#burstEndsAt = this.#clock.now() + limits.burstMs
    this.#scheduler.later(this.#endBurst)
  }

  readonly #endBurst = (): void => {
    this.#inBurst = false
    if (this.ready === 0) this.#onRest()
  }

  readonly #drainLater = (): void => {
    this.#inBurst = true
    this.#burstEndsAt = this.#clock.now() + limits.burstMs
    this.#scheduler.later(this.#endBurst)
    this.#drain()
  }

  readonly #drainAll = (): void => {
    let untilLook = this.#looksEvery
    while (this.#ready.size > 0 || this.#newborn.size > 0) {
      const runnable = this.#take()
      if (this.#run(runnable)) this.#ready.push(runnable)
      if (--untilLook > 0) continue
      if (this.#look()) return
      untilLook = this.#looksEvery
    }
    this.#armed = false
  }

  /** A simulation lets promises go on after every few slices. */
  #step(slices: number): void {
    for (let left = slices; left > 0 && this.ready > 0; left--) {
      const runnable = this.#take()
      if (this.#run(runnable)) this.#ready.push(runnable)
    }
    if (this.ready > 0) this.#scheduler.soon(this.#drain)
    else this.#armed = false
  }

  #run(runnable: Runnable): boolean {
    const meter = this.#meter
    this.#inSlice = true
    const more = meter === null ? runnable.run(this.#turns) : meter.run(runnable, this.#turns)
    this.#inSlice = false
    if (this.#born.length > 0) this.#deliverBorn()
    return more
  }

  /** True when the burst is over and the rest has to wait for the event loop. */
  #look(): boolean {
    const now = this.#clock.now()
    const left = this.#burstEndsAt - now
    this.#looksEvery = left < limits.burstMs / 2 ? 1 : slicesPerLook
    if (left > 0 || this.ready === 0) return false
    this.#scheduler.later(this.#drainLater)
    return true
  }

  /** Newborn actors go first, but never for so long that the others would starve. */
  #take(): Runnable {
    const { choose } = this.#scheduler
    if (this.#newborn.size > 0 && (this.#newbornInRow < newbornRun || this.#ready.size === 0)) {
      this.#newbornInRow++
      return this.#newborn.take()
    }
    this.#newbornInRow = 0
    // A seeded scheduler picks any of the ready ones.
    if (choose !== undefined && this.#ready.size > 1) {
      this.#ready.bringForward(choose(this.#ready.size))
    }
    return this.#ready.take()
  }

  /** What a slice has spawned goes before older newborn actors, in the order of spawning. */
  #deliverBorn(): void {
    for (let i = this.#born.length - 1; i >= 0; i--) {
      this.#newborn.pushFront(this.#born[i] as Runnable)
    }
    this.#born.length = 0
  }
}
