/**
 * Tests of the parts of the test kit: seeded numbers, value texts, equality, shared time, codecs.
 */
import { describe, expect, test } from 'vitest'
import { createCodec } from '../../src/adapters/msgpackr/index.ts'
import { actor, ask, EdgeError, protocol, type RefOf, tell } from '../../src/kernel/index.ts'
import {
  messageText,
  sameValue,
  SeededRandom,
  testSystem,
  textOf,
  VirtualTime,
} from '../../src/testing/index.ts'

const Box = protocol('test.box/1', {
  put: tell<{ items: number[] }>(),
  get: ask<void, readonly number[]>(),
})

/** Changes what it was given and gives away what it holds: only a codec keeps the two apart. */
const box = actor(Box, {
  state: () => ({ items: [] as number[] }),
  on: {
    put: (state, { items }) => {
      items.push(0)
      state.items = items
    },
    get: (state) => state.items,
  },
})

describe('seeded numbers', () => {
  test('the same seed gives the same numbers, another seed others', () => {
    const draw = (seed: number): readonly number[] => {
      const random = new SeededRandom(seed)
      return Array.from({ length: 50 }, () => random.next())
    }
    expect(draw(7)).toEqual(draw(7))
    expect(draw(7)).not.toEqual(draw(8))
    expect(draw(2 ** 40)).not.toEqual(draw(2 ** 41))
    expect(draw(7).every((number) => number >= 0 && number < 1)).toBe(true)
  })

  test('a fork draws its own numbers, whatever others have drawn', () => {
    const one = new SeededRandom(3)
    const other = new SeededRandom(3)
    for (let left = 10; left > 0; left--) other.next()
    const numbers = (random: SeededRandom): readonly number[] =>
      Array.from({ length: 20 }, () => random.word())
    expect(numbers(one.fork('links'))).toEqual(numbers(other.fork('links')))
    expect(numbers(one.fork('links'))).not.toEqual(numbers(one.fork('disks')))
  })

  test('choices are spread evenly, and a shuffle keeps every item', () => {
    const random = new SeededRandom(1)
    const counts = [0, 0, 0, 0, 0]
    for (let left = 10_000; left > 0; left--) {
      const at = random.below(5)
      counts[at] = (counts[at] ?? 0) + 1
    }
    for (const count of counts) expect(Math.abs(count - 2_000)).toBeLessThan(200)
    const items = Array.from({ length: 30 }, (_, at) => at)
    const shuffled = random.shuffle(items)
    expect(shuffled).not.toEqual(items)
    expect(shuffled.toSorted((a, b) => a - b)).toEqual(items)
  })
})

test.for([
  ["it's", `'it's'`],
  [-0, '-0'],
  [12n, '12n'],
  [[1, [2, null], undefined], '[1, [2, null], undefined]'],
  [{ a: 1, 'b-c': 'x' }, "{ a: 1, 'b-c': 'x' }"],
  [new Map([['k', new Set([1])]]), "Map {'k' => Set {1}}"],
  [new Date(0), 'Date(1970-01-01T00:00:00.000Z)'],
  [new Uint8Array(3), '[Uint8Array of 3 bytes]'],
  [new EdgeError('stopped', 'gone'), 'Stopped (stopped): gone'],
  [Object.create(null), '{}'],
] as const)('textOf shows %o as %s', ([value, text]) => {
  expect(textOf(value)).toBe(text)
})

test('textOf is bounded and knows circles', () => {
  const circle: { self?: unknown; list: readonly number[] } = {
    list: Array.from({ length: 1_000 }, (_, at) => at),
  }
  circle.self = circle
  expect(textOf(circle)).toContain('988 more')
  expect(textOf(circle)).toContain('self: [circular]')
  expect(textOf('x'.repeat(10_000)).length).toBeLessThan(500)
  expect(messageText('go', undefined)).toBe('go')
})

test('sameValue compares what is said, not who says it', () => {
  const value = { at: new Date(5), of: new Map([['k', [Number.NaN, -0]]]), bytes: Uint8Array.of(1) }
  expect(sameValue(value, structuredClone(value))).toBe(true)
  expect(sameValue({ n: 0 }, { n: -0 })).toBe(false)
  expect(sameValue({ a: undefined }, {})).toBe(false)
  expect(sameValue(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false)
  expect(sameValue([1, 2], [1, 2, 3])).toBe(false)
})

test('two systems share one virtual time', async () => {
  const Nap = protocol('test.nap/1', { nap: tell<{ ms: number }>(), wake: tell() })
  const time = new VirtualTime()
  const woke: string[] = []
  const [one, two] = [await testSystem({ seed: 1, time }), await testSystem({ seed: 2, time })]
  const refs: RefOf<typeof Nap>[] = [one, two].map((kit, at) =>
    kit.spawn(
      actor(Nap, {
        state: () => null,
        on: {
          nap: (_state, { ms }, ctx) => ctx.after('nap', ms, 'wake', undefined),
          wake: (_state, _none, ctx) => void woke.push(`${at} at ${ctx.now()}`),
        },
      }),
    ),
  )
  refs[0]?.nap({ ms: 20 })
  refs[1]?.nap({ ms: 10 })
  await time.settle()
  await one.advance(30)
  expect(woke).toEqual(['1 at 10', '0 at 20'])
  await one.stop()
  await two.stop()
})

test('without a codec a message shares its payload, with one it does not', async () => {
  const plain = await testSystem({ seed: 1 })
  const shared = [1, 2]
  plain.spawn(box).put({ items: shared })
  await plain.settle()
  expect(shared).toEqual([1, 2, 0])
  await plain.stop()
  const kit = await testSystem({ seed: 1, codec: createCodec() })
  const given = [1, 2]
  const ref = kit.spawn(box)
  ref.put({ items: given })
  const first = await kit.run(ref.get())
  expect(first).toEqual([1, 2, 0])
  expect(given).toEqual([1, 2])
  expect(await kit.run(ref.get())).not.toBe(first)
  expect(() => ref.put({ items: [(() => 1) as unknown as number] })).toThrow(
    expect.objectContaining({ code: 'payload_not_cloneable' }) as Error,
  )
  await kit.stop()
})

test('messages on delayed links arrive in virtual time, each link in its own order', async () => {
  const kit = await testSystem({ seed: 5, delivery: { min: 10, max: 100 } })
  const probe = kit.probe(Box)
  for (let n = 0; n < 20; n++) probe.ref.put({ items: [n] })
  await kit.advance(9)
  expect(probe.unread).toHaveLength(0)
  await kit.advance(100)
  const arrived = probe.unread.map((message) => message.name === 'put' && message.payload.items[0])
  expect(arrived).toEqual(Array.from({ length: 20 }, (_, n) => n))
  await kit.stop()
})
