/**
 * Tests of lives under a storm: random trees, random failures, stops and decisions, in any order.
 *
 * Whatever happens, each incarnation is lived in the same order: it starts once, runs turns, runs
 * preRestart or postStop once (a stop may overtake a restart), is disposed once, and nothing of it
 * comes later; the system ends.
 */
import { expect, test } from 'vitest'
import {
  type ChildSpec,
  decide,
  escalate,
  type Policy,
  type RestartStrategy,
  restart,
  resume,
  stopping,
  supervisor,
} from '../../src/kernel/index.ts'
import { childrenOf } from '../../src/kernel/family.ts'
import { SeededRandom, testSystem } from '../../src/testing/index.ts'
import { act, Script, scripted, type ScriptRef } from './scripted-actor.ts'

type Stage = 'none' | 'starting' | 'living' | 'restarting' | 'leaving' | 'disposed'

/** Follows every life, and writes down what must not happen. */
class Chronicle {
  readonly wrong: string[] = []
  readonly #stages = new Map<string, Stage>()

  note(who: string, what: keyof typeof transitions): void {
    const stage = this.#stages.get(who) ?? 'none'
    const next: Transition = transitions[what]
    if (!next.from.includes(stage)) this.wrong.push(`${who} ${what} while ${stage}`)
    this.#stages.set(who, next.to)
  }

  /** Those who lived and were never disposed of. */
  get left(): readonly string[] {
    const held = new Set<Stage>(['living', 'restarting', 'leaving'])
    return [...this.#stages].filter(([, stage]) => held.has(stage)).map(([who]) => who)
  }
}

interface Transition {
  readonly from: readonly Stage[]
  readonly to: Stage
}

const transitions = {
  starts: { from: ['none'], to: 'starting' },
  lives: { from: ['starting'], to: 'living' },
  turn: { from: ['living'], to: 'living' },
  restarts: { from: ['living'], to: 'restarting' },
  leaves: { from: ['living', 'restarting'], to: 'leaving' },
  disposes: { from: ['living', 'restarting', 'leaving'], to: 'disposed' },
} satisfies Record<string, Transition>

class Storm {
  readonly chronicle = new Chronicle()
  readonly refs: ScriptRef[] = []
  readonly gates: (() => void)[] = []
  readonly #random: SeededRandom
  #made = 0

  constructor(seed: number) {
    this.#random = new SeededRandom(seed)
  }

  chance(share: number): boolean {
    return this.#random.next() < share
  }

  pick<T>(among: readonly T[]): T {
    return among[Math.floor(this.#random.next() * among.length)] as T
  }

  /** A promise that settles some time later, or never. */
  wait(): Promise<void> {
    return new Promise((resolve) => {
      this.gates.push(resolve)
    })
  }

  maybeLater(): void | Promise<void> {
    return this.chance(0.3) ? this.wait() : undefined
  }

  policy(): Policy {
    const backoff = { min: 10, max: 100 }
    return this.pick<() => Policy>([
      stopping,
      resume,
      escalate,
      restart,
      () => restart({ max: 3, within: '1s', backoff }),
      () => restart({ max: 5, children: 'keep' }),
      () => decide(() => this.wait().then(() => this.pick([resume(), restart(), stopping()]))),
    ])()
  }

  /** An actor with a mind of its own, perhaps with children. */
  actor(depth: number): ReturnType<typeof scripted> {
    const id = `n${++this.#made}`
    const { chronicle } = this
    let life = ''
    const lives = (state: object): string => names.get(state) ?? 'nobody'
    const names = new WeakMap<object, string>()
    const behaviour = scripted([], {
      supervise: this.policy(),
      startTimeoutMs: 500,
      onStart: (ctx) => {
        life = `${id}@${String(ctx.self)}/${ctx.incarnation}`
        chronicle.note(life, 'starts')
        if (depth > 0 && this.chance(0.6)) this.refs.push(ctx.spawn(this.actor(depth - 1)))
        if (depth > 0 && this.chance(0.2)) ctx.spawn(this.supervisor(depth - 1))
        if (this.chance(0.1)) throw new Error('no start')
        return this.chance(0.3) ? this.wait() : undefined
      },
      signals: {
        preRestart: (state) => {
          chronicle.note(lives(state), 'restarts')
          return this.maybeLater()
        },
        postStop: (state) => {
          chronicle.note(lives(state), 'leaves')
          return this.maybeLater()
        },
        dispose: (state) => chronicle.note(lives(state), 'disposes'),
        terminated: (state) => chronicle.note(lives(state), 'turn'),
        linkBroken: (state) => chronicle.note(lives(state), 'turn'),
      },
    })
    // The state is named once it is there: a start that failed never lives.
    const { state } = behaviour.behaviour
    const named = (made: unknown, who: string): unknown => {
      if (typeof made !== 'object' || made === null) return made
      names.set(made, who)
      chronicle.note(who, 'lives')
      return made
    }
    return {
      ...behaviour,
      behaviour: {
        ...behaviour.behaviour,
        state: (init, ctx) => {
          const made = state(init, ctx)
          const who = life
          if (made instanceof Promise) return made.then((late: unknown) => named(late, who))
          return named(made, who)
        },
      },
    }
  }

  supervisor(depth: number) {
    const child = (id: string): ChildSpec => ({
      id,
      start: this.chance(0.2) && depth > 0 ? this.supervisor(depth - 1) : this.actor(depth),
      restart: this.pick(['permanent', 'transient', 'temporary']),
      shutdown: this.pick([50, 'brutal', 500]),
      ...(this.chance(0.5) ? {} : { restarts: { backoff: { min: 5, max: 50 } } }),
    })
    return supervisor({
      strategy: this.pick<RestartStrategy>(['one-for-one', 'one-for-all', 'rest-for-one']),
      ...(this.chance(0.5) ? {} : { intensity: 3, period: '100ms' }),
      children: ['a', 'b', 'c'].slice(this.pick([0, 1, 2])).map(child),
    })
  }
}

const seeds = Array.from({ length: 40 }, (_, index) => index + 1)

test.for(seeds)('every life is lived in order, and all of them end (seed %i)', async (seed) => {
  const storm = new Storm(seed)
  const kit = await testSystem({ seed })
  const all = (): readonly ScriptRef[] => {
    const found: ScriptRef[] = []
    const visit = (cell: typeof kit.system.root): void => {
      if (cell.props.def.protocol === Script) found.push(cell.ref as ScriptRef)
      childrenOf(cell).forEach(visit)
    }
    visit(kit.system.root)
    return found
  }
  for (let step = 0; step < 150; step++) {
    const refs = all()
    const ref = refs.length === 0 ? null : storm.pick(refs)
    const deed = storm.pick([
      'spawn',
      'supervise',
      'fail',
      'fail',
      'stop',
      'wait',
      'gate',
      'gate',
      'link',
    ])
    if (deed === 'spawn') kit.spawn(storm.actor(2))
    else if (deed === 'supervise') kit.spawn(storm.supervisor(2))
    else if (deed === 'gate') storm.gates.splice(0, 3).forEach((open) => open())
    else if (deed === 'wait') await kit.advance(storm.pick([1, 20, 200]))
    else if (ref === null) continue
    else if (deed === 'fail') ref.fail(new Error('fails'))
    else if (deed === 'stop') {
      void kit.system.stop(ref, storm.pick([{}, { grace: 0 }, { grace: 30 }, { drain: true }]))
    } else {
      const other = storm.pick(refs)
      ref.act(act((ctx) => ctx.watch(other)))
      ref.beside(act((ctx) => (storm.chance(0.5) ? storm.wait() : ctx.link(other))))
    }
    if (storm.chance(0.4)) await kit.settle()
  }
  await kit.stop()
  expect(storm.chronicle.wrong).toEqual([])
  expect(storm.chronicle.left).toEqual([])
  expect(kit.system.wheel.size).toBe(0)
})
