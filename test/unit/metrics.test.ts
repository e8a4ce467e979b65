/**
 * Metrics: what actors did, counted where it happened and copied when asked.
 */
import { describe, expect, test } from 'vitest'
import { nodeRuntime } from '../../src/adapters/node-runtime/index.ts'
import {
  actor,
  ActorSystem,
  ask,
  type Clock,
  type Metrics,
  protocol,
  restart,
  tell,
} from '../../src/kernel/index.ts'
import { type TestKit, testSystem } from '../../src/testing/index.ts'

const Worker = protocol('test.worker/1', {
  add: tell<number>(),
  fail: tell(),
  hold: tell(),
  work: ask<number, void>(),
})

function worker(clock?: Clock) {
  const now = (): number => clock?.now() ?? Infinity
  return actor(Worker, {
    state: () => ({ sum: 0 }),
    on: {
      add: (state, n) => void (state.sum += n),
      fail: () => {
        throw new Error('asked to')
      },
      hold: () => new Promise<void>(() => {}),
      work: (_state, ms) => {
        const until = now() + ms
        while (now() < until);
      },
    },
  })
}

async function start(): Promise<{ kit: TestKit; metrics: Metrics }> {
  const kit = await testSystem({ seed: 5, order: 'fifo', metrics: true })
  const { metrics } = kit.system
  if (metrics === null) throw new Error('metrics were asked for')
  return { kit, metrics }
}

describe('metrics', () => {
  test('metrics are off unless asked for', async () => {
    const kit = await testSystem({ seed: 5 })
    expect(kit.system.metrics).toBeNull()
    await kit.stop()
  })

  test('messages, failures, restarts and dead letters are counted exactly', async () => {
    const { kit, metrics } = await start()
    const ref = kit.spawn(worker(), undefined, {
      name: 'one',
      supervise: restart(),
      mailbox: { capacity: 6 },
    })
    for (let i = 0; i < 5; i++) ref.add(1)
    ref.fail()
    ref.add(1)
    await kit.settle()
    for (let i = 0; i < 3; i++) ref.fail()
    await kit.settle()
    expect(metrics.collect()).toMatchObject({
      actorsAlive: 1,
      actorsEnded: 0,
      processed: 9,
      failures: 4,
      restarts: 4,
      deadLetters: { 'mailbox-full': 1 },
      waiting: 0,
      ready: 0,
    })
    expect(metrics.actors()).toMatchObject([
      { path: '/one', protocol: 'test.worker/1', processed: 9, failures: 4, restarts: 4 },
    ])
    await kit.stop()
  })

  test('the high-water mark is the longest queue, also after it was emptied', async () => {
    const { kit, metrics } = await start()
    const ref = kit.spawn(worker())
    await kit.settle()
    for (let i = 0; i < 500; i++) ref.add(1)
    await kit.settle()
    ref.add(1)
    await kit.settle()
    expect(metrics.collect()).toMatchObject({ waiting: 0, mailboxHighWater: 500 })
    expect(metrics.actors()).toMatchObject([{ mailboxHighWater: 500, waiting: 0 }])
    await kit.stop()
  })

  test('what waits is told while an actor is busy', async () => {
    const { kit, metrics } = await start()
    const ref = kit.spawn(worker())
    ref.hold()
    await kit.settle()
    for (let i = 0; i < 7; i++) ref.add(1)
    expect(metrics.collect().waiting).toBe(7)
    expect(metrics.actors()).toMatchObject([{ waiting: 7 }])
    await kit.stop()
  })

  test('what an actor did stays in the totals after its end', async () => {
    const { kit, metrics } = await start()
    for (let i = 0; i < 10; i++) {
      const ref = kit.spawn(worker())
      for (let n = 0; n < 20; n++) ref.add(1)
      ref.fail()
      await kit.settle()
    }
    expect(metrics.actors()).toEqual([])
    expect(metrics.collect()).toMatchObject({
      actorsAlive: 0,
      actorsEnded: 10,
      processed: 210,
      failures: 10,
      mailboxHighWater: 21,
    })
    await kit.stop()
  })

  test('armed timers are told', async () => {
    const { kit, metrics } = await start()
    const ref = kit.spawn(worker())
    ref.hold()
    const asks = Array.from({ length: 3 }, () => ref.work(1, { deadline: 1_000 }))
    const outcomes = Promise.allSettled(asks)
    await kit.settle()
    expect(metrics.collect().timers).toBe(3)
    await kit.run(outcomes)
    expect(metrics.collect().timers).toBe(0)
    await kit.stop()
  })

  test('what is collected is a copy made of integers', async () => {
    const { kit, metrics } = await start()
    const ref = kit.spawn(worker())
    ref.add(1)
    await kit.settle()
    const before = metrics.collect()
    const copy = structuredClone(before)
    ref.add(1)
    await kit.settle()
    expect(before).toEqual(copy)
    const { deadLetters, ...figures } = metrics.collect()
    for (const figure of [...Object.values(figures), ...Object.values(deadLetters)]) {
      expect(Number.isInteger(figure)).toBe(true)
    }
    await kit.stop()
  })

  test('busy time tells the busy actors from the idle ones', async () => {
    const runtime = nodeRuntime()
    const system = await ActorSystem.start({ name: 'busy', runtime, metrics: true })
    const def = worker(runtime.clock)
    const busy = system.spawn(def, undefined, { name: 'busy' })
    const idle = system.spawn(def, undefined, { name: 'idle' })
    const startedAt = runtime.clock.now()
    for (let i = 0; i < 20; i++) {
      idle.add(1)
      await busy.work(2)
    }
    const tookMicros = (runtime.clock.now() - startedAt) * 1_000
    const actors = system.metrics?.actors() ?? []
    expect(actors.map(({ path }) => path)).toEqual(['/busy', '/idle'])
    expect(actors[0]?.busyMicros).toBeGreaterThan(10_000)
    // An estimate from samples; what it may never be is out of proportion.
    expect(actors[0]?.busyMicros).toBeLessThan(tookMicros * 3)
    await system.terminate()
  })
})
