/**
 * TestSystem: an actor system under a test's control, where one seed decides everything.
 *
 * Nothing runs until the test says so: `settle` runs what is ready, `advance` lets time pass,
 * `run` goes on until a promise has settled. A second run with the same seed is the same run.
 */
import {
  ActorSystem,
  type ActorDef,
  type Clock,
  type Duration,
  EdgeError,
  type Exit,
  type Messages,
  type Protocol,
  type Ref,
  type SpawnArguments,
  type SystemOptions,
} from '../kernel/index.ts'
import type { Codec, RefCodec } from '../ports/codec.ts'
import { EventLog } from './event-log.ts'
import * as limits from './limits.ts'
import { type Delivery, Links } from './links.ts'
import { Probe } from './probe.ts'
import { type AnyMessages, AnyProtocol } from './probe-actor.ts'
import type { SeededRandom } from './seeded-random.ts'
import { SystemRefs } from './system-refs.ts'
import { TestTransit } from './test-transit.ts'
import { messageText, textOf } from './value-text.ts'
import { type TurnOrder, VirtualRuntime } from './virtual-runtime.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface TestOptions extends Partial<Omit<SystemOptions, 'runtime' | 'transit'>> {
  readonly seed: number
  /** Default: `seeded`. */
  readonly order?: TurnOrder
  /** How local messages travel. Default: `direct`. */
  readonly delivery?: Delivery
  /** Payloads and answers pass through this codec, as they would on their way to a peer. */
  readonly codec?: Codec | ((refs: RefCodec) => Codec)
  /** Write the event log. Default true; floods are faster without. */
  readonly log?: boolean
  /** Shared by several systems of one test; default: a time of its own. */
  readonly time?: VirtualTime
}

export class TestKit {
  readonly seed: number
  readonly system: ActorSystem
  readonly clock: Clock
  readonly time: VirtualTime
  /** Everything that happened so far, in order. */
  readonly log: EventLog
  /** For the test's own choices; what the system draws does not depend on it. */
  readonly random: SeededRandom

  constructor(system: ActorSystem, runtime: VirtualRuntime, log: EventLog) {
    this.seed = runtime.seed
    this.system = system
    this.time = runtime.time
    this.clock = runtime.clock
    this.log = log
    this.random = runtime.random.fork('test')
  }

  spawn<M extends Messages, A>(def: ActorDef<M, A>, ...rest: SpawnArguments<A>): Ref<M> {
    return this.system.spawn(def, ...rest)
  }

  /** An actor of the test itself, to be given to those under test; see Probe. */
  probe(): Probe<AnyMessages>
  probe<M extends Messages>(spoken: Protocol<M>, name?: string): Probe<M>
  probe<M extends Messages>(spoken?: Protocol<M>, name?: string): Probe<M> | Probe<AnyMessages> {
    if (spoken === undefined) return new Probe(this, AnyProtocol)
    return new Probe(this, spoken, name)
  }

  /** Run all that is ready, promises included, until nothing moves. Time stands still. */
  settle(): Promise<void> {
    return this.time.settle()
  }

  /** Let time pass: due timers fire in order, and what each sets off runs before the next. */
  advance(by: Duration): Promise<void> {
    return this.time.advance(by)
  }

  /** Resolves when so much virtual time has passed: what a handler under test may await. */
  sleep(duration: Duration): Promise<void> {
    return this.time.sleep(duration)
  }

  /** Go on, through time if need be, until the promise has settled; its outcome is the result. */
  async run<T>(promise: PromiseLike<T>): Promise<T> {
    const pending = { now: true }
    const settled = (): void => {
      pending.now = false
    }
    promise.then(settled, settled)
    const startedAt = this.clock.now()
    await this.settle()
    while (pending.now) {
      const moved = await this.time.step(startedAt + limits.runMs)
      if (!moved && pending.now) throw neverError(this.time, startedAt)
    }
    return promise
  }

  /** Stop the system and wait for its end. */
  stop(): Promise<Exit> {
    return this.run(this.system.terminate())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

/** Start a system whose time, order of turns and random numbers follow from the seed. */
export async function testSystem(options: TestOptions): Promise<TestKit> {
  const { seed, order, time, delivery = 'direct', codec, log: logged, ...rest } = options
  const runtime = new VirtualRuntime({
    seed,
    ...(order === undefined ? {} : { order }),
    ...(time === undefined ? {} : { time }),
    stepwise: delivery !== 'direct',
  })
  const log = new EventLog(() => runtime.clock.now(), logged ?? true)
  const refs = new SystemRefs()
  const transit = new TestTransit({
    log,
    links: new Links(delivery, runtime.time, runtime.random.fork('links')),
    codec: typeof codec === 'function' ? codec(refs) : (codec ?? null),
  })
  const system = await ActorSystem.start({ name: 'test', ...rest, runtime, transit })
  watchSystem(system, log)
  return new TestKit(system, runtime, log)
}

/** Write down what the system itself reports: starts, failures, stops, dead letters. */
function watchSystem(system: ActorSystem, log: EventLog): void {
  if (!log.wanted) return
  system.events.subscribeAll((event, type) => log.add(`event ${type} ${textOf(event)}`))
  system.deadLetters.listen(({ reason, message, payload, sender, recipient }) => {
    const route = `${sender ?? 'outside'} -> ${recipient}`
    log.add(`dead ${reason} ${route} ${messageText(message, payload)}`)
  })
}

function neverError(time: VirtualTime, startedAt: number): EdgeError {
  const now = time.clock.now()
  const passed = `after ${now - startedAt} ms of virtual time`
  const next = time.nextAlarmMs
  return new EdgeError(
    'never_settles',
    next === Infinity
      ? `The promise is still pending ${passed} and nothing is left to happen: no actor has ` +
          'work and no timer is set; does it wait for the real world, or for a reply nobody gives?'
      : `The promise is still pending ${passed}, though timers go on; give it a deadline`,
  )
}
