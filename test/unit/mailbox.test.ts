/**
 * Tests of mailboxes and turns: the rules MB-* of the actor contract.
 */
import { describe, expect, test } from 'vitest'
import { actor, ask, protocol, type Ref, restart, stopped, tell } from '../../src/kernel/index.ts'
import { Gate, heldGate } from './held-gate.ts'
import { forSeeds, type TestKit, testSystem } from '../../src/testing/index.ts'

const Sink = protocol('test.sink/1', {
  take: tell<{ from: number; n: number }>(),
  size: ask<void, number>(),
})
const Producer = protocol('test.producer/1', { go: tell() })
type SinkRef = Ref<(typeof Sink)['messages']>

/** Tells `count` numbers, a few per turn, so that producers take turns. */
function producer(from: number, count: number, perTurn: number, to: SinkRef) {
  return actor(Producer, {
    state: () => ({ next: 0 }),
    on: {
      go: (state, _none, ctx) => {
        for (let left = perTurn; left > 0 && state.next < count; left--) {
          to.take({ from, n: state.next++ })
        }
        if (state.next < count) ctx.self.go(undefined)
      },
    },
  })
}

/** Checks order as messages come; a gap or a double shows as disorder. */
function sink(producers: number) {
  const next = Array.from({ length: producers }, () => 0)
  const seen = { turns: 0, disorder: 0 }
  const def = actor(Sink, {
    state: () => null,
    on: {
      take: (_state, { from, n }) => {
        seen.turns++
        if (next[from] !== n) seen.disorder++
        next[from] = n + 1
      },
      size: () => seen.turns,
    },
  })
  return { def, seen, next }
}

async function produce(kit: TestKit, producers: number, count: number, perTurn: number) {
  const { def, seen, next } = sink(producers)
  const to = kit.spawn(def)
  for (let from = 0; from < producers; from++) {
    kit.spawn(producer(from, count, perTurn, to)).go(undefined)
  }
  await kit.settle()
  return { seen, next }
}

describe('MB-1', () => {
  test('MB-1: 100 producers times 10,000 tells are 1,000,000 turns, each in order', async () => {
    const kit = await testSystem({ seed: 1, order: 'fifo', log: false })
    const { seen, next } = await produce(kit, 100, 10_000, 50)
    expect(seen).toEqual({ turns: 1_000_000, disorder: 0 })
    expect(new Set(next)).toEqual(new Set([10_000]))
    await kit.stop()
  }, 60_000)

  test('MB-1: in any order of turns and links, nothing is lost, doubled or overtaken', async () => {
    await forSeeds('producers', { count: 30, delivery: 'shuffled', log: false }, async (kit) => {
      const { seen } = await produce(kit, 5, 40, 3)
      expect(seen).toEqual({ turns: 200, disorder: 0 })
    })
  })
})

const Slow = protocol('test.slow/1', { work: tell<{ n: number }>(), hit: ask<void, number>() })

test('MB-2: an asynchronous turn keeps the next waiting; 20 of 10 ms take 200 ms', async () => {
  const kit = await testSystem({ seed: 1 })
  const active = { now: 0, max: 0 }
  const order: number[] = []
  const def = actor(Slow, {
    state: () => null,
    on: {
      work: async (_state, { n }) => {
        active.max = Math.max(active.max, ++active.now)
        await kit.sleep(10)
        order.push(n)
        active.now--
      },
      hit: () => 0,
    },
  })
  const ref = kit.spawn(def)
  for (let n = 0; n < 20; n++) ref.work({ n })
  await kit.advance(199)
  expect(order).toHaveLength(19)
  await kit.advance(1)
  expect(order).toEqual(Array.from({ length: 20 }, (_, n) => n))
  expect(active).toEqual({ now: 0, max: 1 })
  await kit.stop()
})

describe('order', () => {
  test('MB-9: the highest priority goes next, equals in order of arrival', async () => {
    const { kit, ref, taken, open } = await heldGate({ order: 'priority' })
    ref.low({ n: 1 })
    ref.take({ n: 2 })
    ref.high({ n: 3 })
    ref.take({ n: 4 })
    ref.high({ n: 5 })
    ref.low({ n: 6 })
    await open()
    expect(taken).toEqual(['h3', 'h5', 't2', 't4', 'l1', 'l6'])
    await kit.stop()
  })

  test('MB-9: a full priority mailbox gives up the lowest', async () => {
    const { kit, ref, taken, open } = await heldGate({
      order: 'priority',
      capacity: 3,
      onFull: 'drop-old',
    })
    ref.low({ n: 1 })
    ref.take({ n: 2 })
    ref.high({ n: 3 })
    ref.high({ n: 4 })
    await open()
    expect(taken).toEqual(['h3', 'h4', 't2'])
    await kit.stop()
  })

  test('MB-10: control messages overtake ordinary ones and keep order among them', async () => {
    const { kit, ref, taken, open } = await heldGate({ order: 'control' })
    ref.take({ n: 1 })
    ref.control({ n: 2 })
    ref.take({ n: 3 })
    ref.control({ n: 4 })
    await open()
    expect(taken).toEqual(['c2', 'c4', 't1', 't3'])
    await kit.stop()
  })

  test('MB-12: a tell to oneself waits behind what is queued and never runs inside', async () => {
    const kit = await testSystem({ seed: 1 })
    const order: string[] = []
    let inside = false
    const def = actor(Slow, {
      state: () => null,
      on: {
        work: (_state, { n }, ctx) => {
          expect(inside).toBe(false)
          inside = true
          order.push(`${n}`)
          if (n < 3) ctx.self.work({ n: n + 10 })
          inside = false
        },
        hit: () => 0,
      },
    })
    const ref = kit.spawn(def)
    for (const n of [1, 2, 3]) ref.work({ n })
    await kit.settle()
    expect(order).toEqual(['1', '2', '3', '11', '12'])
    await kit.stop()
  })

  test('MB-14: k messages of one burst are k turns, and a stop gives the rest away', async () => {
    const kit = await testSystem({ seed: 1, order: 'fifo' })
    const turns: number[] = []
    const def = actor(Gate, {
      state: () => null,
      on: {
        hold: () => stopped,
        take: (_state, { n }) => void turns.push(n),
        low: () => {},
        high: () => {},
        control: () => {},
        question: () => 0,
      },
    })
    const ref = kit.spawn(def)
    for (const n of [1, 2, 3]) ref.take({ n })
    ref.hold(undefined)
    for (const n of [4, 5]) ref.take({ n })
    const late = ref.question({ n: 6 })
    await expect(kit.run(late)).rejects.toMatchObject({ code: 'stopped' })
    expect(turns).toEqual([1, 2, 3])
    const letters = kit.system.deadLetters.latest.map(({ reason, message }) => [reason, message])
    expect(letters).toEqual([
      ['stopped', 'take'],
      ['stopped', 'take'],
      ['stopped', 'question'],
    ])
    await kit.stop()
  })
})

test('MB-16: a tell returns whatever becomes of its receiver', async () => {
  const kit = await testSystem({ seed: 1 })
  const gate = Promise.withResolvers<null>()
  const Fragile = protocol('test.fragile/1', {
    take: tell<{ n: number }>(),
    hang: tell(),
    crash: tell(),
  })
  const turn = Promise.withResolvers<void>()
  let took = 0
  const def = actor(Fragile, {
    state: () => gate.promise,
    on: {
      take: () => void took++,
      hang: () => turn.promise,
      crash: () => {
        throw new Error('crash')
      },
    },
    supervise: restart({ backoff: { min: 1_000, max: 1_000 } }),
  })
  const ref = kit.spawn(def)
  const cell = kit.system.cellOf(ref)
  const phases: string[] = []
  const tellNow = (): void => {
    phases.push(cell.phase)
    expect(ref.take({ n: 1 })).toBeUndefined()
  }
  tellNow()
  await kit.settle()
  tellNow()
  gate.resolve(null)
  await kit.settle()
  ref.hang(undefined)
  await kit.settle()
  tellNow()
  turn.resolve()
  await kit.settle()
  ref.crash(undefined)
  await kit.settle()
  tellNow()
  await kit.advance('2s')
  tellNow()
  const ended = kit.system.stop(ref)
  tellNow()
  await kit.run(ended)
  tellNow()
  await kit.stop()
  tellNow()
  expect(phases).toEqual([
    'new',
    'starting',
    'running',
    'backoff',
    'running',
    'running',
    'ended',
    'ended',
  ])
  expect(took).toBe(4)
  expect(kit.system.deadLetters.total).toBe(4)
})
