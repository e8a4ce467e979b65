/**
 * VirtualTime: the clock and the event loop of a test, moved by the test alone.
 *
 * One piece of work runs, then every promise that can go on goes on, then the next piece runs;
 * time stands still meanwhile and jumps from one alarm to the next. Several systems may share one
 * virtual time. What waits for the real world (a file, a socket) is not seen from here.
 */
import { asOneEvent, ownContext } from '../adapters/memory/index.ts'
import { type Clock, durationMs, type Duration, EdgeError } from '../kernel/index.ts'
import { EventHeap } from '../model/event-heap.ts'
import * as limits from './limits.ts'
import { WorkQueue } from './work-queue.ts'

/** A wake-up in virtual time. */
export interface VirtualAlarm {
  /** False when it was cleared or set anew meanwhile. */
  readonly wanted: boolean
  ring(): void
}

/** 2026-01-01T00:00:00Z: a run must not know on which day it is repeated. */
const firstWallMs = 1_767_225_600_000

export class VirtualTime {
  readonly #soon = new WorkQueue()
  readonly #later = new WorkQueue()
  readonly #alarms = new EventHeap<VirtualAlarm>()
  readonly #inOwnContext = ownContext()
  readonly #startedAtWallMs: number
  #nowMs = 0
  #wallShiftMs = 0
  #steps = 0

  constructor(startedAtWallMs = firstWallMs) {
    this.#startedAtWallMs = startedAtWallMs
  }

  readonly clock: Clock = {
    now: () => this.#nowMs,
    wall: () => this.#startedAtWallMs + this.#nowMs + this.#wallShiftMs,
  }

  /** Pieces of work done so far. */
  get steps(): number {
    return this.#steps
  }

  /** Step the time of day, as an operator or a bad clock does; timers must not notice. */
  shiftWall(by: Duration): void {
    this.#wallShiftMs += durationMs(by)
  }

  soon(work: () => void): void {
    this.#soon.push(work)
  }

  later(work: () => void): void {
    this.#later.push(work)
  }

  setAlarm(atMs: number, alarm: VirtualAlarm): void {
    this.#alarms.push(Math.max(atMs, this.#nowMs), alarm)
  }

  /** Resolves when so much virtual time has passed: what a handler under test may await. */
  sleep(duration: Duration): Promise<void> {
    const atMs = this.#nowMs + durationMs(duration)
    return new Promise((ring) => this.setAlarm(atMs, { wanted: true, ring }))
  }

  /** When the next alarm rings; Infinity when nothing is left to happen. */
  get nextAlarmMs(): number {
    this.#skipUnwanted()
    return this.#alarms.peekMs()
  }

  /** Run all that can run now, until nothing moves any more. */
  settle(stepsMax = limits.stepsPerSettle): Promise<void> {
    return asOneEvent((drain) => this.#settle(drain, stepsMax))
  }

  /** Let time pass: alarms ring in order, and what each sets off runs before the next. */
  async advance(by: Duration): Promise<void> {
    const byMs = durationMs(by)
    if (!(byMs >= 0)) {
      throw new EdgeError('invalid_duration', `Time cannot advance by ${byMs} ms; give 0 or more`)
    }
    await asOneEvent((drain) => this.#advanceTo(this.#nowMs + byMs, drain))
  }

  /** Go to the next alarm; false when there is none at or before `untilMs`. */
  step(untilMs = Infinity): Promise<boolean> {
    return asOneEvent((drain) => this.#step(untilMs, drain))
  }

  #settle(drain: () => void, stepsMax = limits.stepsPerSettle): void {
    drain()
    for (let left = stepsMax; left > 0; left--) {
      const work = this.#soon.shift() ?? this.#later.shift()
      if (work === undefined) return
      this.#do(work)
      drain()
    }
    throw new EdgeError(
      'never_settles',
      `After ${stepsMax} steps at ${this.#nowMs} ms of virtual time there is still ` +
        'work: an actor tells itself, or two tell each other, for ever',
    )
  }

  #step(untilMs: number, drain: () => void): boolean {
    this.#settle(drain)
    const nextMs = this.nextAlarmMs
    if (nextMs === Infinity || nextMs > untilMs) return false
    this.#nowMs = nextMs
    const alarm = this.#alarms.pop() as VirtualAlarm
    this.#do(() => alarm.ring())
    this.#settle(drain)
    return true
  }

  #advanceTo(targetMs: number, drain: () => void): void {
    while (this.#step(targetMs, drain)) continue
    this.#nowMs = targetMs
    this.#settle(drain)
  }

  #skipUnwanted(): void {
    for (;;) {
      const alarm = this.#alarms.peek()
      if (alarm === undefined || alarm.wanted) return
      this.#alarms.pop()
    }
  }

  #do(work: () => void): void {
    this.#steps++
    this.#inOwnContext(work)
  }
}
