/**
 * ActorSystem: the root of a tree of actors and all that they share.
 *
 * One wheel, one dispatcher, one channel of dead letters, one stream of events. Everything that
 * touches the world comes in as a runtime. Stopping the root stops the system, once.
 */
import { type ActorDef, actor } from './actor.ts'
import { Cell, terminatedError } from './cell.ts'
import { Context, type SpawnArguments } from './context.ts'
import { DeadLetters } from './dead-letters.ts'
import { Dispatcher } from './dispatcher.ts'
import { durationMs, type Duration } from './duration.ts'
import { EdgeError } from './errors.ts'
import { Envelope } from './envelope.ts'
import { Events } from './events.ts'
import { extrasOf } from './extras.ts'
import { Groups } from './groups.ts'
import {
  adopt,
  checkDepth,
  checkSpawning,
  childNamed,
  chooseName,
  descendantsOf,
  giveName,
} from './family.ts'
import { requestStop } from './halt.ts'
import { type InspectHome, Inspector } from './inspect.ts'
import { Operator } from './inspect-operator.ts'
import type { Kernel, Revocable, Transit } from './kernel.ts'
import * as limits from './limits.ts'
import { Metrics } from './metrics.ts'
import { propsOf, type SpawnOptions } from './props.ts'
import { type Messages, protocol, tell } from './protocol.ts'
import { Receptionist } from './receptionist.ts'
import type { Exit, Tracer } from './recipient.ts'
import { AnyRef, type Ref } from './ref.ts'
import { NameRegistry } from './registry.ts'
import type { Carrier, Clock, Random, Runtime } from './runtime.ts'
import { CoordinatedShutdown, type ShutdownHome, type ShutdownOptions } from './shutdown.ts'
import { type Policy, restart } from './supervision.ts'
import { TimerWheel } from './timer-wheel.ts'

export interface SystemOptions {
  readonly name: string
  readonly runtime: Runtime
  /** What becomes of the whole when a failure reaches the root. Default: 10 restarts in 10 s. */
  readonly supervise?: Policy
  readonly askDeadline?: Duration
  readonly tracer?: Tracer
  /** Carries local sends the long way round; for tests and simulation. */
  readonly transit?: Transit
  /** Measure actors: queues, busy time, failures. Default false. */
  readonly metrics?: boolean
  /** Called once with the rights to look at every actor and to hold and repair it. */
  readonly grant?: (rights: SystemRights) => void
  /** The phases in which `terminate` goes down; see `system.shutdown.add`. */
  readonly shutdown?: ShutdownOptions
}

export interface SystemRights {
  readonly inspector: Inspector
  readonly operator: Operator
}

export interface StopSettings {
  /** How long a turn under way may take to end. */
  readonly grace?: Duration
  /** Process what is queued first. */
  readonly drain?: boolean
}

/** The root says nothing and hears nothing; it only has children. */
const Root = protocol('shoal.root/1', { idle: tell() })
/** One child that escalates is restarted; its siblings go on. */
const rootPolicy = restart({
  max: limits.restartsMax,
  within: limits.restartsWithinMs,
  children: 'keep',
})

export class ActorSystem implements Kernel, ShutdownHome, InspectHome {
  readonly name: string
  readonly clock: Clock
  readonly random: Random
  readonly carrier: Carrier
  readonly wheel: TimerWheel
  readonly dispatcher: Dispatcher
  readonly deadLetters: DeadLetters
  /** What the actors did so far; null unless asked for at the start. */
  readonly metrics: Metrics | null
  readonly events = new Events()
  readonly registry = new NameRegistry(this)
  readonly receptionist = new Receptionist(this)
  readonly groups = new Groups(this)
  readonly askDeadlineMs: number
  readonly tracer: Tracer | null
  readonly transit: Transit | null
  /** How the system ended: its exit reason, and the cause if it was a failure. */
  readonly whenTerminated: Promise<Exit>
  /** What is done on the way down, and in which order. */
  readonly shutdown: CoordinatedShutdown
  readonly #root: Cell
  readonly #forgetters = new Set<(cell: Cell) => void>()
  #uids = 0
  #down: Promise<Exit> | null = null
  #resolveTerminated!: (exit: Exit) => void
  stopping = false
  terminated = false

  private constructor(options: SystemOptions) {
    const { runtime } = options
    this.name = options.name
    this.clock = runtime.clock
    this.random = runtime.random
    this.carrier = runtime.carrier
    this.wheel = new TimerWheel(runtime.clock, runtime.alarm)
    this.metrics = options.metrics === true ? new Metrics(this) : null
    this.dispatcher = new Dispatcher(runtime, () => this.wheel.rest(), this.metrics)
    this.deadLetters = new DeadLetters({
      now: () => runtime.clock.wall(),
      guarded: (label, listener) => this.events.guarded(label, listener),
    })
    this.askDeadlineMs = durationMs(options.askDeadline ?? limits.askDeadlineMs)
    this.tracer = options.tracer ?? null
    this.transit = options.transit ?? null
    this.whenTerminated = new Promise((resolve) => {
      this.#resolveTerminated = resolve
    })
    this.shutdown = new CoordinatedShutdown(this, options.shutdown)
    const root = actor(Root, {
      state: () => null,
      on: { idle: () => {} },
      supervise: options.supervise ?? rootPolicy,
    })
    this.#root = new Cell(this, null, propsOf(root, undefined), undefined)
  }

  static async start(options: SystemOptions): Promise<ActorSystem> {
    const system = new ActorSystem(options)
    system.#root.schedule()
    options.grant?.({ inspector: new Inspector(system), operator: new Operator(system) })
    return system
  }

  spawn<M extends Messages, A>(def: ActorDef<M, A>, ...[init, options]: SpawnArguments<A>): Ref<M> {
    return this.spawnChild(this.#root, def, init, options ?? {}).ref as Ref<M>
  }

  spawnChild(parent: Cell, def: ActorDef, init: unknown, options: SpawnOptions): Cell {
    if (this.stopping) throw terminatedError(this.name)
    checkSpawning(parent)
    checkDepth(parent)
    const name = chooseName(parent, options)
    const cell = new Cell(this, parent, propsOf(def, options), init)
    adopt(parent, cell)
    if (name !== null) giveName(parent, cell, name)
    cell.scheduleNewborn()
    return cell
  }

  /** Resolves when the actor has ended; also when it had already. */
  stop(ref: AnyRef, settings: StopSettings = {}): Promise<void> {
    const cell = this.cellOf(ref)
    if (cell.phase === 'ended') return Promise.resolve()
    const graceMs = settings.grace === undefined ? {} : { graceMs: durationMs(settings.grace) }
    const drain = settings.drain === undefined ? {} : { drain: settings.drain }
    requestStop(cell, { reason: 'shutdown' }, { ...graceMs, ...drain })
    return new Promise((resolve) => {
      const extras = extrasOf(cell)
      extras.onTerminated ??= []
      extras.onTerminated.push(resolve)
    })
  }

  /** The living actor at a path, or null. */
  find(path: string): AnyRef | null {
    return this.findCell(path)?.ref ?? null
  }

  findCell(path: string): Cell | null {
    let cell: Cell | null = this.#root
    for (const name of path.split('/')) {
      if (name !== '' && cell !== null) cell = childNamed(cell, name)
    }
    return cell
  }

  get root(): Cell {
    return this.#root
  }

  cellOf(ref: AnyRef): Cell {
    const to = AnyRef.recipientOf(ref)
    if (to instanceof Cell && to.home === this) return to
    throw new EdgeError(
      'not_local',
      `${String(ref)} does not live in system ${this.name}; only actors of the same system can ` +
        'be stopped, linked or inspected directly',
    )
  }

  /** Go down phase by phase. The promise is the same one every time. */
  terminate(reason?: string): Promise<Exit> {
    this.#down ??= this.shutdown.run(reason).then(() => this.whenTerminated)
    return this.#down
  }

  /** Ask all actors to end; with a grace, each of them at once and whatever it is doing. */
  stopActors(graceMs?: number): void {
    this.stopping = true
    requestStop(this.#root, { reason: 'shutdown' })
    if (graceMs === undefined) return
    for (const cell of descendantsOf(this.#root)) {
      requestStop(cell, { reason: 'shutdown' }, { graceMs })
    }
  }

  abandonActors(): void {
    this.rootEnded({ reason: 'killed' })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.terminate()
  }

  /** Be told of every cell that leaves the tree, before its watchers are. */
  onForget(listener: (cell: Cell) => void): () => void {
    this.#forgetters.add(listener)
    return () => void this.#forgetters.delete(listener)
  }

  forget(cell: Cell): void {
    this.metrics?.retire(cell)
    for (const listener of this.#forgetters) listener(cell)
  }

  nextUid(): number {
    return ++this.#uids
  }

  openContext(cell: Cell): Revocable {
    return new Context(cell)
  }

  rootEnded(exit: Exit): void {
    if (this.terminated) return
    this.stopping = true
    this.terminated = true
    this.wheel.clear((entry) => {
      if (entry instanceof Envelope && entry.expectsReply) entry.fail(terminatedError(this.name))
    })
    this.#resolveTerminated(exit)
    // Whoever asked for the shutdown hears of its failure; a root that ends alone asks nobody.
    void this.shutdown.run('the root has ended').then(undefined, () => {})
  }
}
