/**
 * VirtualRuntime: all that a kernel needs of the world, decided by one seed and moved by a test.
 *
 * The scheduler chooses any of the ready actors and lets it run one turn, after which promises go
 * on, so that seeds differ in the order of turns; `fifo` runs actors as they became ready, many
 * turns at a time. Alarms ring in virtual time.
 */
import { AsyncCarrier } from '../adapters/memory/index.ts'
import type { Alarm, Carrier, Clock, Runtime, Scheduler } from '../kernel/index.ts'
import * as limits from './limits.ts'
import { SeededRandom } from './seeded-random.ts'
import { TurnOwner } from './turn-owner.ts'
import { type VirtualAlarm, VirtualTime } from './virtual-time.ts'

/** `seeded` runs any ready actor for one turn; `fifo` serves them as they became ready. */
export type TurnOrder = 'seeded' | 'fifo'

export interface VirtualRuntimeOptions {
  readonly seed: number
  /** Default: `seeded`. */
  readonly order?: TurnOrder
  /** One turn at a time in `fifo` order too. Default false. */
  readonly stepwise?: boolean
  /** Shared by the systems of one simulation; default: a time of its own. */
  readonly time?: VirtualTime
}

export class VirtualRuntime implements Runtime {
  readonly seed: number
  readonly time: VirtualTime
  readonly clock: Clock
  readonly random: SeededRandom
  readonly alarm: Alarm
  readonly scheduler: Scheduler
  readonly carrier: Carrier = new AsyncCarrier()

  constructor(options: VirtualRuntimeOptions) {
    this.seed = options.seed
    this.time = options.time ?? new VirtualTime()
    this.clock = this.time.clock
    this.random = new SeededRandom(options.seed, 'system')
    this.alarm = new OneAlarm(this.time)
    this.scheduler = schedulerOf(this, options)
  }
}

function schedulerOf(runtime: VirtualRuntime, options: VirtualRuntimeOptions): Scheduler {
  const { time, carrier } = runtime
  const later = (work: () => void): void => time.later(work)
  if (options.order === 'fifo' && options.stepwise !== true) {
    return { soon: (work) => time.soon(work), later, slicesPerStep: limits.slicesPerStep }
  }
  const random = new SeededRandom(options.seed, 'scheduler')
  return {
    soon: (work) => time.soon(() => carrier.run(new TurnOwner(), work)),
    later,
    ...(options.order === 'fifo' ? {} : { choose: (ready) => random.below(ready) }),
    turnsPerSlice: 1,
    slicesPerStep: 1,
  }
}

/** Setting it again forgets the earlier setting. */
class OneAlarm implements Alarm {
  readonly #time: VirtualTime
  #set: VirtualAlarm | null = null

  constructor(time: VirtualTime) {
    this.#time = time
  }

  set(at: number, ring: () => void): void {
    const isSet = (): boolean => this.#set === alarm
    const alarm: VirtualAlarm = {
      get wanted() {
        return isSet()
      },
      ring: () => {
        this.#set = null
        ring()
      },
    }
    this.#set = alarm
    this.#time.setAlarm(at, alarm)
  }

  clear(): void {
    this.#set = null
  }
}
