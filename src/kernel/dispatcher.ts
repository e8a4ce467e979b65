/**
 * Dispatcher: lets ready actors run, in slices, without starving anybody or the event loop.
 *
 * Ready actors run right after the code that woke them; after a burst of a few milliseconds the
 * rest waits until pending I/O and timers had their chance. That also holds for chains that hop
 * through promises, because a burst is measured from the last return to the event loop.
 */
import * as limits from './limits.ts'
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

/** The clock is read once per so many slices, unless the slices turn out to be long. */
const slicesPerLook = 16

export class Dispatcher {
  readonly #scheduler: Scheduler
  readonly #clock: Clock
  readonly #turns: number
  /** Called when the event loop was reached and nothing is ready. */
  readonly #onRest: () => void
  readonly #meter: SliceMeter | null
  #ready: (Runnable | undefined)[] = Array.from({ length: 64 }, () => undefined)
  #first = 0
  #size = 0
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
    return this.#size
  }

  schedule(runnable: Runnable): void {
    this.#push(runnable)
    if (!this.#armed) this.#arm()
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
    if (this.#size === 0) this.#onRest()
  }

  readonly #drainLater = (): void => {
    this.#inBurst = true
    this.#burstEndsAt = this.#clock.now() + limits.burstMs
    this.#scheduler.later(this.#endBurst)
    this.#drain()
  }

  readonly #drainAll = (): void => {
    let untilLook = this.#looksEvery
    while (this.#size > 0) {
      const runnable = this.#take()
      if (this.#run(runnable)) this.#push(runnable)
      if (--untilLook > 0) continue
      if (this.#look()) return
      untilLook = this.#looksEvery
    }
    this.#armed = false
  }

  /** A simulation lets promises go on after every few slices. */
  #step(slices: number): void {
    for (let left = slices; left > 0 && this.#size > 0; left--) {
      const runnable = this.#take()
      if (this.#run(runnable)) this.#push(runnable)
    }
    if (this.#size > 0) this.#scheduler.soon(this.#drain)
    else this.#armed = false
  }

  #run(runnable: Runnable): boolean {
    const meter = this.#meter
    return meter === null ? runnable.run(this.#turns) : meter.run(runnable, this.#turns)
  }

  /** True when the burst is over and the rest has to wait for the event loop. */
  #look(): boolean {
    const now = this.#clock.now()
    const left = this.#burstEndsAt - now
    this.#looksEvery = left < limits.burstMs / 2 ? 1 : slicesPerLook
    if (left > 0 || this.#size === 0) return false
    this.#scheduler.later(this.#drainLater)
    return true
  }

  #push(runnable: Runnable): void {
    if (this.#size === this.#ready.length) this.#grow()
    this.#ready[(this.#first + this.#size) & (this.#ready.length - 1)] = runnable
    this.#size++
  }

  #take(): Runnable {
    const ready = this.#ready
    const last = ready.length - 1
    const at = this.#first
    if (this.#scheduler.choose !== undefined && this.#size > 1) this.#bringForward(last)
    const runnable = ready[at] as Runnable
    ready[at] = undefined
    this.#first = (at + 1) & last
    this.#size--
    return runnable
  }

  /** A seeded scheduler picks any of the ready ones; the others keep their order. */
  #bringForward(mask: number): void {
    const offset = this.#scheduler.choose?.(this.#size) ?? 0
    const chosen = this.#ready[(this.#first + offset) & mask]
    for (let i = offset; i > 0; i--) {
      this.#ready[(this.#first + i) & mask] = this.#ready[(this.#first + i - 1) & mask]
    }
    this.#ready[this.#first] = chosen
  }

  #grow(): void {
    const old = this.#ready
    const wider = Array.from({ length: old.length * 2 }, (): Runnable | undefined => undefined)
    for (let i = 0; i < this.#size; i++) wider[i] = old[(this.#first + i) & (old.length - 1)]
    this.#ready = wider
    this.#first = 0
  }
}
