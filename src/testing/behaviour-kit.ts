/**
 * BehaviourKit: one actor, run message by message, without a scheduler and without neighbours.
 *
 * `run` handles one message to its end on the caller's stack and returns what the behaviour did:
 * spawned, watched, scheduled, told, stashed, stopped, became. Children never start, and what is
 * told arrives nowhere. A handler that awaits goes on with the test's own awaits.
 */
import { promisesSettled } from '../adapters/memory/index.ts'
import {
  type ActorDef,
  ActorSystem,
  type AnyRef,
  type Cell,
  EdgeError,
  type Exit,
  type Input,
  type Message,
  type Messages,
  type Phase,
  type Protocol,
  type Ref,
  type SpawnOptions,
} from '../kernel/index.ts'
import { childrenOf } from '../kernel/family.ts'
import { CLOSED } from '../kernel/flags.ts'
import { requestStop } from '../kernel/halt.ts'
import type { Effect } from './effect.ts'
import * as limits from './limits.ts'
import { probeActor, ProbeBox } from './probe-actor.ts'
import { RecordingContext } from './recording-context.ts'
import { RecordingTransit } from './recording-transit.ts'
import { Answer, TurnReport } from './turn-report.ts'
import { VirtualRuntime } from './virtual-runtime.ts'

export interface BehaviourOptions {
  /** Decides `ctx.random()` and `ctx.id()`. Default 1. */
  readonly seed?: number
  readonly spawn?: SpawnOptions
}

/** Start an actor of this definition; its state factory has run when the kit is there. */
export async function behaviourKit<M extends Messages, A>(
  def: ActorDef<M, A>,
  init: A,
  options: BehaviourOptions = {},
): Promise<BehaviourKit<M>> {
  const effects: Effect[] = []
  const record = (effect: Effect): void => void effects.push(effect)
  const system = await ActorSystem.start({
    name: 'behaviour',
    runtime: new VirtualRuntime({ seed: options.seed ?? 1 }),
    transit: new RecordingTransit(record),
  })
  system.openContext = (cell) => new RecordingContext(cell, record)
  const subject = def as unknown as ActorDef
  const cell = system.spawnChild(system.root, subject, init, options.spawn ?? {})
  const kit = new BehaviourKit<M>(system, cell, effects)
  await kit.settle()
  return kit
}

export class BehaviourKit<M extends Messages> {
  readonly ref: Ref<M>
  /** Everything the actor did, its start included, in order. */
  readonly effects: Effect[]
  readonly #system: ActorSystem
  readonly #cell: Cell

  constructor(system: ActorSystem, cell: Cell, effects: Effect[]) {
    this.#system = system
    this.#cell = cell
    this.effects = effects
    this.ref = cell.ref as Ref<M>
    this.#hearOf(cell)
  }

  /** The state as it is now; undefined before the start and after the end. */
  get state(): unknown {
    return this.#cell.state
  }

  get phase(): Phase {
    return this.#cell.phase
  }

  get incarnation(): number {
    return this.#cell.incarnation
  }

  /** Handle one message, now, and whatever it puts back into the queue. */
  run<K extends keyof M & string>(
    name: K,
    ...[payload]: undefined extends Input<M[K]> ? [payload?: Input<M[K]>] : [payload: Input<M[K]>]
  ): TurnReport {
    const message = this.#messageOf(name)
    const answer = new Answer(message.kind !== 'tell')
    const report = new TurnReport(this.effects, answer)
    this.#cell.deliver(message, payload, answer)
    this.#go()
    return report
  }

  /** An actor that does nothing, to be given to the behaviour; what it is told shows as effects. */
  inbox<N extends Messages>(spoken: Protocol<N>, name?: string): Ref<N> {
    const naming = name === undefined ? { namePrefix: 'inbox' } : { name }
    return this.#system.spawn(probeActor(spoken, new ProbeBox()), undefined, naming)
  }

  /** Let an inbox or a child end, so that whoever watches it is told. */
  end(ref: AnyRef, exit: Exit = { reason: 'normal' }): TurnReport {
    const report = new TurnReport(this.effects, new Answer(false))
    const gone = this.#system.cellOf(ref)
    requestStop(gone, exit)
    runOut(gone)
    this.#go()
    return report
  }

  /** Stop the actor itself. */
  stop(): TurnReport {
    return this.end(this.ref, { reason: 'shutdown' })
  }

  /** Let handlers that await go on as far as they can. */
  async settle(): Promise<void> {
    this.#go()
    await promisesSettled()
    this.#go()
  }

  #go(): void {
    runOut(this.#cell)
  }

  #messageOf(name: string): Message {
    const { protocol } = this.#cell.props.def
    const message = protocol.table.find((candidate) => candidate.name === name)
    if (message !== undefined) return message
    throw new EdgeError('unknown_message', `Protocol ${protocol.id} has no message ${name}`)
  }

  #hearOf(cell: Cell): void {
    const { events } = this.#system
    events.subscribe('actor.failed', ({ path, error, directive }) => {
      if (path === cell.path) this.effects.push({ kind: 'failed', error, directive })
    })
    events.subscribe('actor.restarted', ({ path, incarnation }) => {
      if (path === cell.path) this.effects.push({ kind: 'restarted', incarnation })
    })
    events.subscribe('actor.stopped', ({ path, reason }) => {
      if (path !== cell.path) return
      this.effects.push({ kind: 'stopped', ref: cell.ref, reason: reason as Exit['reason'] })
    })
  }
}

/** Run the actor until it waits, and end the children that it has told to stop. */
function runOut(cell: Cell): void {
  for (let left = limits.behaviourSteps; left > 0; left--) {
    const more = cell.run(1)
    const ending = cell.phase === 'halting' ? childrenOf(cell).filter(isClosed) : []
    for (const child of ending) runOut(child)
    if (!more && ending.length === 0) return
  }
  throw new EdgeError(
    'never_settles',
    `${cell.path} is still busy after ${limits.behaviourSteps} turns: it sets messages aside and ` +
      'takes them back for ever',
  )
}

function isClosed(cell: Cell): boolean {
  return (cell.flags & CLOSED) !== 0
}
