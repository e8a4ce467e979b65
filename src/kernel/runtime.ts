/**
 * Runtime: the few things a kernel needs from the world, as interfaces.
 *
 * The kernel has no clock, no randomness and no event loop of its own, so that one seed can
 * decide a whole run: the process gives real ones, the test kit gives virtual ones.
 */

export interface Clock {
  /** Milliseconds that only ever grow; stepping the system clock does not touch them. */
  now(): number
  /** Milliseconds since 1970, for people and for stamps; may jump. */
  wall(): number
}

export interface Random {
  /** At least 0, less than 1. */
  next(): number
}

/** The one wake-up that a timer wheel needs. */
export interface Alarm {
  /** Call `ring` at or after this time of the clock; replaces an earlier setting. */
  set(at: number, ring: () => void): void
  clear(): void
}

export interface Scheduler {
  /** Run `work` as soon as the current code has finished, before any I/O. */
  soon(work: () => void): void
  /** Run `work` after pending I/O has had its chance. */
  later(work: () => void): void
  /** Which of the `ready` runnable actors goes next; absent means first come, first served. */
  readonly choose?: (ready: number) => number
  /** Turns per slice; absent means the kernel's own figure. A simulation says 1. */
  readonly turnsPerSlice?: number
  /** Slices until promises get their chance; absent means when nothing is ready. */
  readonly slicesPerStep?: number
}

/** Carries the current turn across `await`: nested asks inherit what is left of a budget. */
export interface Carrier {
  run<T>(turn: object, work: () => T): T
  current(): object | undefined
}

export interface Runtime {
  readonly clock: Clock
  readonly random: Random
  readonly alarm: Alarm
  readonly scheduler: Scheduler
  readonly carrier: Carrier
}
