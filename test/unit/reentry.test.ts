/**
 * Reentry tests: continuations as turns of their own, and a great many asks at once.
 */
import { describe, expect, test } from 'vitest'
import { actor, ask, hasCode, protocol, restart, resume, tell } from '../../src/kernel/index.ts'
import { testSystem } from '../../src/testing/index.ts'
import { World } from './desk.ts'

const Counter = protocol('test.counter/1', {
  add: tell<{ times: number }>(),
  later: ask<void, number>(),
  count: ask<void, number>(),
  boom: tell(),
  outcome: tell<{ text: string }>(),
  pipe: tell<{ promise: Promise<string> }>(),
})

describe('reentry', () => {
  test('AK-15: 100,000 continuations run one at a time, of rejections too', async () => {
    const kit = await testSystem({ seed: 3, order: 'fifo', log: false })
    let inside = 0
    const counter = actor(Counter, {
      state: () => ({ total: 0 }),
      on: {
        add: (_state, { times }, ctx) => {
          for (let i = 0; i < times; i++) {
            const promise = i % 2 === 0 ? Promise.resolve(1) : Promise.reject(new TypeError('1'))
            ctx.reenterAfter(promise, (state, outcome) => {
              expect(inside++).toBe(0)
              const before = state.total
              state.total = before + (outcome.ok ? 1 : 2)
              inside--
            })
          }
        },
        later: () => 0,
        count: (state) => state.total,
        boom: () => {},
        outcome: () => {},
        pipe: () => {},
      },
    })
    const ref = kit.system.spawn(counter)
    for (let i = 0; i < 100; i++) ref.add({ times: 1_000 })
    await kit.settle()
    expect(await kit.run(ref.count())).toBe(150_000)
    await kit.stop()
  })

  test('AK-15: a continuation of an incarnation that has ended is dropped', async () => {
    const kit = await testSystem({ seed: 3 })
    const heard: string[] = []
    const piper = actor(Counter, {
      state: (_none: void, ctx: { readonly incarnation: number }) => ({ life: ctx.incarnation }),
      on: {
        add: () => {},
        later: () => 0,
        count: () => 0,
        boom: () => {
          throw new TypeError('boom')
        },
        outcome: ({ life }, { text }) => void heard.push(`${life} ${text}`),
        pipe: (_state, { promise }, ctx) => {
          ctx.pipeToSelf(promise, 'outcome', (outcome) => ({
            text: outcome.ok ? outcome.value : `failed ${String(outcome.error)}`,
          }))
          ctx.reenterAfter(promise, ({ life }) => void heard.push(`reentered ${life}`))
        },
      },
      supervise: restart(),
    })
    const ref = kit.system.spawn(piper)
    let resolve: (text: string) => void = () => {}
    ref.pipe({ promise: new Promise((done) => (resolve = done)) })
    ref.boom()
    ref.pipe({ promise: Promise.resolve('second life') })
    const rejected = Promise.reject<string>(new TypeError('x'))
    rejected.catch(() => {})
    ref.pipe({ promise: rejected })
    await kit.settle()
    resolve('first life')
    await kit.settle()
    expect(heard.toSorted()).toEqual([
      '2 failed TypeError: x',
      '2 second life',
      'reentered 2',
      'reentered 2',
    ])
    expect(kit.system.deadLetters.total).toBe(0)
    await kit.stop()
  })

  test('a continuation of an open ask works on what remains of its budget', async () => {
    const world = await World.open()
    const slow = world.desk('slow')
    let remaining = NaN
    const later = actor(Counter, {
      state: () => null,
      on: {
        add: () => {},
        boom: () => {},
        outcome: () => {},
        pipe: () => {},
        count: () => 0,
        later: (_state, _none, ctx) =>
          ctx.replyLater((replier) => {
            const gate = new Promise<string>((resolve) => world.gates.set('gate', resolve))
            ctx.reenterAfter(gate, async (_held, _outcome, inner) => {
              remaining = inner.remainingMs
              await Promise.resolve()
              await slow.wait({ key: 'k' }).catch(() => {})
              replier.succeed(1)
            })
          }),
      },
    })
    const asked = world.kit.system.spawn(later).later(undefined, { deadline: 100 })
    await world.kit.settle()
    await world.kit.advance(40)
    world.gates.get('gate')?.('go')
    expect(await world.codeOf(asked)).toBe('timeout')
    await world.kit.settle()
    // The nested ask ended with the budget, not with its own five seconds.
    expect([remaining, world.kit.clock.now(), world.letters]).toEqual([
      60,
      100,
      ['late-reply later'],
    ])
    await world.kit.stop()
  })
})

describe('many asks', () => {
  test('AK-16: 100,000 open asks share the wheel, end on time and leave nothing', async () => {
    const kit = await testSystem({ seed: 5, order: 'fifo', log: false })
    const silent = actor(protocol('test.silent/1', { ask: ask<void, void>() }), {
      state: () => null,
      on: { ask: (_state, _none, ctx) => ctx.replyLater(() => {}) },
    })
    const ref = kit.system.spawn(silent)
    await kit.settle()
    const round = async (): Promise<Map<number, number>> => {
      const outcomes = new Map<number, number>()
      const begunAt = kit.clock.now()
      const asks: Promise<void>[] = []
      for (let i = 0; i < 100_000; i++) {
        const asked = ref.ask(undefined, { deadline: 1_000 + (i % 5) })
        asks.push(
          asked.catch((error: unknown) => {
            const late = hasCode(error, 'timeout') ? kit.clock.now() - begunAt : NaN
            outcomes.set(late, (outcomes.get(late) ?? 0) + 1)
          }),
        )
      }
      expect(kit.system.wheel.size).toBe(100_000)
      await kit.settle()
      await kit.advance(1_010)
      await Promise.all(asks)
      return outcomes
    }
    const times = [1_000, 1_001, 1_002, 1_003, 1_004]
    expect([...(await round())]).toEqual(times.map((ms) => [ms, 20_000]))
    globalThis.gc?.()
    const before = process.memoryUsage().heapUsed
    await round()
    globalThis.gc?.()
    const grownBytes = process.memoryUsage().heapUsed - before
    expect(kit.system.wheel.size).toBe(0)
    expect(grownBytes).toBeLessThan(100_000 * 20)
    await kit.stop()
  }, 30_000)
})

describe('errors', () => {
  test('resume keeps the actor answering, and only the faulty ask fails', async () => {
    const world = await World.open()
    const flaky = actor(Counter, {
      state: () => ({ total: 0 }),
      on: {
        add: () => {},
        boom: () => {},
        outcome: () => {},
        pipe: () => {},
        later: () => {
          throw new RangeError('not now')
        },
        count: (state) => ++state.total,
      },
      supervise: resume(),
    })
    const ref = world.kit.system.spawn(flaky)
    const codes = [ref.count(), ref.later(), ref.count()].map((asked) => world.codeOf(asked))
    expect(await Promise.all(codes)).toEqual(['1', 'faulted', '2'])
    await world.kit.stop()
  })
})
