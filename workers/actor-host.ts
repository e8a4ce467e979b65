/**
 * ActorHost: a whole actor system in a thread, for the one actor that lives there.
 *
 * What the actor does, spawns and watches works as anywhere else. Its failures are decided outside,
 * by the supervision of its stand-in, while it waits with its queue intact; so policies, budgets
 * and supervisors mean the same for an actor in a thread as for any other.
 */
import type { Cell } from '../src/kernel/index.ts'
import {
  type ActorDef,
  ActorSystem,
  type AnyRef,
  actor,
  AnyRef as Ref,
  EdgeError,
  type Exit,
  type Policy,
  protocol,
  restart,
  resume,
  type Rule,
  type Runtime,
  type SpawnOptions,
  snapshotOf,
  stopping,
  tell,
  type Tracer,
} from '../src/kernel/index.ts'
import type { Answer, Control, LodgerOrder, LodgerView, Verdict } from './thread/control.ts'
import { type KnownErrors, knownErrors } from './thread/error-form.ts'
import { Link } from './thread/link.ts'
import type { LinkOptions } from './thread/link-options.ts'
import { loadExport } from './thread/module-load.ts'
import { Packer } from './thread/payload.ts'

export interface ActorHostOptions extends Pick<
  LinkOptions,
  'thread' | 'clockOffsetMs' | 'limits' | 'post'
> {
  readonly runtime: Runtime
  /** Shared with the outside, which reads it when the thread has died: messages begun with. */
  readonly begun: Int32Array
}

/** Stands for an ancestor outside, so that paths read alike. */
const Shell = protocol('shoal.shell/1', { idle: tell() })
const shell = actor(Shell, { state: () => null, on: { idle: () => {} } })

const verdicts: Readonly<Record<Verdict, Policy>> = {
  // Outside counts the restarts; here any number is within the budget.
  restart: restart({ max: Number.MAX_SAFE_INTEGER }),
  resume: resume(),
  stop: stopping(),
}

export class ActorHost implements Control {
  readonly #options: ActorHostOptions
  readonly #errors: KnownErrors = knownErrors()
  #link: Link | null = null
  #lodger: AnyRef | null = null
  #begun = 0
  #reporting = false
  #receivedAll: () => void = () => {}
  readonly #allReceived = new Promise<void>((resolve) => {
    this.#receivedAll = resolve
  })
  /** Decides about the failure that waits. */
  #decide: ((rule: Rule) => void) | null = null
  /** Answers whoever waits for the next incarnation. */
  #ready: ((answer: Answer) => void) | null = null

  /** Whoever follows traces is outside: contexts go on as they came, ends of turns are told. */
  readonly #tracer: Tracer = {
    inject: (parent) => parent,
    turnEnded: (trace, { protocol: speaks, name }, { path }, error) => {
      this.#link?.traced({ trace, protocol: speaks, message: name, path, error })
    },
  }

  constructor(options: ActorHostOptions) {
    this.#options = options
  }

  receive(frames: readonly unknown[]): void {
    this.#link?.receive(frames)
  }

  async ping(): Promise<true> {
    return true
  }

  async start(order: LodgerOrder): Promise<Answer> {
    try {
      const def = await loadDefinition(order)
      return await this.#open(order, def)
    } catch (error) {
      return failure(error)
    }
  }

  decide(verdict: Verdict): Promise<Answer> {
    const settle = this.#decide
    this.#decide = null
    const answered = verdict === 'restart' ? this.#nextIncarnation() : Promise.resolve(done)
    settle?.(verdicts[verdict](undefined) as Rule)
    return answered
  }

  async stop(how: { readonly graceMs: number; readonly drain: boolean }): Promise<Answer> {
    const link = this.#link
    if (link === null || this.#lodger === null) return done
    const { graceMs, drain } = how
    // Messages come over another port: those that were sent before count as sent before.
    await this.#allReceived
    this.#decide?.(verdicts.stop(undefined) as Rule)
    if (drain) await link.system.stop(this.#lodger, { drain })
    else await link.system.stop(this.#lodger, { grace: graceMs })
    await link.system.terminate()
    link.bye()
    return done
  }

  async inspect(): Promise<LodgerView | null> {
    if (this.#lodger === null) return null
    const cell = Ref.recipientOf(this.#lodger) as Cell
    const children = cell.context === null ? [] : cell.typedContext.children
    return {
      path: cell.path,
      incarnation: cell.incarnation,
      processed: cell.processed,
      queued: cell.mailbox.size,
      restarts: cell.extras?.restarts ?? 0,
      children: children.map(String),
      state: snapshotOf(cell.state),
    }
  }

  async #open(order: LodgerOrder, def: ActorDef): Promise<Answer> {
    const system = await ActorSystem.start({
      name: order.system,
      runtime: this.#options.runtime,
      ...(order.traced && { tracer: this.#tracer }),
    })
    const link = this.#openLink(system)
    const init = order.initCarried ? link.revive(order.init) : order.init
    const names = [...order.names]
    const name = names.pop() ?? 'lodger'
    let parent = system.root
    for (const each of names) {
      parent = system.spawnChild(parent, shell, undefined, { name: each })
    }
    const ready = this.#nextIncarnation()
    const options: SpawnOptions = {
      name,
      grace: order.graceMs,
      mailbox: { capacity: Infinity, order: order.order },
      supervise: (error) => this.#askOutside(def, error),
    }
    const cell = system.spawnChild(parent, def, init, options)
    cell.incarnation = order.incarnations
    this.#lodger = cell.ref
    link.directory.listLodger(cell.ref, def.protocol)
    system.events.subscribe('actor.started', ({ path }) => {
      if (path === cell.path) this.#answerReady(done)
    })
    cell.addWatcher({ ended: (_, exit) => this.#lodgerEnded(exit) })
    return ready
  }

  #openLink(system: ActorSystem): Link {
    const { thread, clockOffsetMs, limits, post } = this.#options
    const begun = (): void => this.#noteBegun()
    const hear = { begun, bye: () => this.#receivedAll() }
    const errors = this.#errors
    const link = new Link({ system, thread, clockOffsetMs, limits, post, errors, hear })
    this.#link = link
    system.deadLetters.listen((letter) => {
      const { reason, protocol: speaks, message: name, payload, recipient } = letter
      link.letter(reason, { protocol: speaks, name }, payload, recipient)
    })
    return link
  }

  /** The outside learns once per round of the event loop how far the actor has come. */
  #noteBegun(): void {
    this.#begun++
    this.#options.begun[0] = this.#begun
    if (this.#reporting) return
    this.#reporting = true
    this.#options.runtime.scheduler.later(() => {
      this.#reporting = false
      this.#link?.taken(this.#begun)
    })
  }

  #nextIncarnation(): Promise<Answer> {
    return new Promise((resolve) => {
      this.#ready = resolve
    })
  }

  #answerReady(answer: Answer): void {
    this.#ready?.(answer)
    this.#ready = null
  }

  /** The failed actor waits, with its queue, until the outside has decided. */
  async #askOutside(def: ActorDef, error: unknown): Promise<Rule> {
    const cell = Ref.recipientOf(this.#lodger as AnyRef) as Cell
    const starting = cell.phase === 'starting'
    const own = (await def.behaviour.supervise?.(error)) ?? null
    const decided = new Promise<Rule>((resolve) => {
      this.#decide = resolve
    })
    if (starting) this.#answerReady(failure(error, true))
    else this.#link?.failed({ error, rule: own, starting })
    return decided
  }

  #lodgerEnded(exit: Exit): void {
    const well = exit.reason === 'normal' || exit.reason === 'shutdown'
    this.#answerReady(well ? done : failure(exit.cause ?? endedWhileStarting()))
    this.#link?.exited(exit)
  }
}

const done: Answer = { ok: true }

const failureLimits = { depthMax: 16, valuesMax: 10_000, bytesMax: 1_048_576 }

function failure(error: unknown, waiting = false): Answer {
  const thrown = error instanceof Error ? error : new Error(String(error))
  return { ok: false, waiting, error: new Packer(failureLimits, null).pack(thrown, 'error').value }
}

async function loadDefinition(order: LodgerOrder): Promise<ActorDef> {
  const found = await loadExport(order)
  if (!isDefinition(found)) {
    throw new EdgeError(
      'worker_module_invalid',
      `${order.module} exports no actor named ${JSON.stringify(order.export)}; export what ` +
        'actor(…) returns under that name',
    )
  }
  if (found.protocol.id !== order.protocol) {
    throw new EdgeError(
      'worker_module_invalid',
      `${order.export} of ${order.module} speaks ${found.protocol.id}, not ${order.protocol}; ` +
        'name the protocol that the actor was made for',
    )
  }
  return found
}

function isDefinition(value: unknown): value is ActorDef {
  return typeof value === 'object' && value !== null && 'protocol' in value && 'behaviour' in value
}

function endedWhileStarting(): EdgeError {
  return new EdgeError('stopped', 'The actor in the thread ended before it was ready')
}
