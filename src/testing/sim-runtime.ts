/**
 * SimRuntime: the runtime of one simulated process, behind its gate and with its own wall clock.
 *
 * All processes share one virtual time. The monotonic clock is the same everywhere; the time of
 * day is as wrong as a fault made it, and timers must not notice.
 */
import type { Alarm, Carrier, Clock, Random, Runtime, Scheduler } from '../kernel/index.ts'
import type { SimGate } from './sim-gate.ts'
import { type TurnOrder, VirtualRuntime } from './virtual-runtime.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface SimRuntimeInit {
  readonly time: VirtualTime
  readonly gate: SimGate
  readonly seed: number
  readonly order: TurnOrder
  /** How far the time of day is off, now. */
  readonly skewMs: () => number
}

export class SimRuntime implements Runtime {
  readonly clock: Clock
  readonly random: Random
  readonly carrier: Carrier
  readonly alarm: Alarm
  readonly scheduler: Scheduler

  constructor({ time, gate, seed, order, skewMs }: SimRuntimeInit) {
    const inner = new VirtualRuntime({ seed, time, order })
    this.clock = { now: () => inner.clock.now(), wall: () => inner.clock.wall() + skewMs() }
    this.random = inner.random
    this.carrier = inner.carrier
    this.alarm = {
      set: (at, ring) => inner.alarm.set(at, () => gate.pass(ring)),
      clear: () => inner.alarm.clear(),
    }
    this.scheduler = {
      ...inner.scheduler,
      soon: (work) => inner.scheduler.soon(() => gate.pass(work)),
      later: (work) => inner.scheduler.later(() => gate.pass(work)),
    }
  }
}
