/**
 * BusyScenario: a small crowd that does a little of everything, for comparing runs.
 *
 * Workers answer asks after awaiting, tell each other, draw random numbers, set timers, fail and
 * are restarted; a boss asks them and watches one that stops.
 */
import {
  actor,
  type AnyRef,
  ask,
  type Context,
  protocol,
  type RefOf,
  restart,
  tell,
} from '../../src/kernel/index.ts'
import type { TestKit } from '../../src/testing/index.ts'

const Worker = protocol('test.worker/1', {
  work: ask<{ item: number }, { done: number; at: number }>(),
  gossip: tell<{ hops: number; to: readonly AnyRef[] }>(),
  tick: tell<{ n: number }>(),
  leave: tell(),
})
type WorkerRef = RefOf<typeof Worker>

const worker = actor(Worker, {
  state: (
    _init: { id: number },
    ctx: Context<(typeof Worker)['messages'], { done: number }>,
  ): { done: number } => {
    ctx.every('tick', 7, 'tick', { n: Math.floor(ctx.random() * 100) })
    return { done: 0 }
  },
  on: {
    work: async (state, { item }, ctx) => {
      await Promise.resolve()
      if (item % 7 === 3) throw new Error(`item ${item} is cursed`)
      state.done += 1
      return { done: state.done, at: ctx.now() }
    },
    gossip: (_state, { hops, to }, ctx) => {
      if (hops === 0) return
      const next = to[Math.floor(ctx.random() * to.length)] as WorkerRef
      next.gossip({ hops: hops - 1, to })
    },
    tick: (state) => {
      if (state.done > 5) throw new Error('tired')
    },
    leave: (_state, _none, ctx) => ctx.stop(),
  },
  supervise: restart({ backoff: { min: 3, max: 9, jitter: 0.5 } }),
})

const Boss = protocol('test.boss/1', {
  begin: ask<void, { answers: number; failures: number; ended: number }>(),
})
interface BossState {
  readonly workers: readonly WorkerRef[]
  ended: number
}
const boss = actor(Boss, {
  state: (_init: void, ctx: Context<(typeof Boss)['messages'], BossState>): BossState => ({
    workers: Array.from({ length: 4 }, (_, id) =>
      ctx.spawn(worker, { id }, { name: `worker-${id}` }),
    ),
    ended: 0,
  }),
  on: {
    begin: async (state, _none, ctx) => {
      const { workers } = state
      ctx.watch(workers[0] as WorkerRef)
      for (const ref of workers) ref.gossip({ hops: 6, to: workers })
      const asks = workers.flatMap((ref, at) =>
        Array.from({ length: 5 }, (_, n) => ref.work({ item: at * 5 + n }, { deadline: 400 })),
      )
      workers[0]?.leave(undefined)
      const outcomes = await Promise.allSettled(asks)
      const answers = outcomes.filter(({ status }) => status === 'fulfilled').length
      return { answers, failures: outcomes.length - answers, ended: state.ended }
    },
  },
  signals: { terminated: (state) => void (state.ended += 1) },
})

export async function busyScenario(kit: TestKit): Promise<{ answers: number; failures: number }> {
  const ref = kit.spawn(boss, undefined, { name: 'boss' })
  const result = await kit.run(ref.begin(undefined))
  await kit.advance(100)
  return result
}
