/**
 * GatedRuntime: the runtime of one simulated process, which can be stopped like a real one.
 *
 * While the gate is shut nothing of the process runs: neither its timers nor its ready actors.
 * When it opens, what was due meanwhile runs in the order in which it would have.
 */
import type { Alarm, Carrier, Clock, Random, Runtime, Scheduler } from '../../src/kernel/index.ts'
import { VirtualRuntime } from '../../src/testing/index.ts'
import type { VirtualTime } from '../../src/testing/index.ts'

export class GatedRuntime implements Runtime {
  readonly clock: Clock
  readonly random: Random
  readonly carrier: Carrier
  readonly alarm: Alarm
  readonly scheduler: Scheduler
  readonly #time: VirtualTime
  #held: (() => void)[] | null = null

  constructor(time: VirtualTime, seed: number) {
    const inner = new VirtualRuntime({ seed, time, order: 'fifo' })
    this.#time = time
    this.clock = inner.clock
    this.random = inner.random
    this.carrier = inner.carrier
    this.alarm = {
      set: (at, ring) => inner.alarm.set(at, () => this.#pass(ring)),
      clear: () => inner.alarm.clear(),
    }
    this.scheduler = {
      ...inner.scheduler,
      soon: (work) => inner.scheduler.soon(() => this.#pass(work)),
      later: (work) => inner.scheduler.later(() => this.#pass(work)),
    }
  }

  shut(): void {
    this.#held ??= []
  }

  open(): void {
    const held = this.#held ?? []
    this.#held = null
    for (const work of held) this.#time.soon(work)
  }

  #pass(work: () => void): void {
    if (this.#held === null) work()
    else this.#held.push(work)
  }
}
