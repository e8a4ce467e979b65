/**
 * Tests of order and delivery inside one process: the rules OR-* of the actor contract.
 *
 * The seeds named as regressions show what the rules allow; a change that makes them show
 * something else has changed the order of some draw, or closed an interleaving.
 */
import { describe, expect, test } from 'vitest'
import { createCodec } from '../../src/adapters/msgpackr/index.ts'
import {
  actor,
  type AnyRef,
  ask,
  protocol,
  type Ref,
  type RefOf,
  restart,
  stopped,
  tell,
} from '../../src/kernel/index.ts'
import type { RefCodec } from '../../src/ports/codec.ts'
import { type Delivery, forSeeds, type SeedOptions } from '../../src/testing/index.ts'

const Numbers = protocol('test.numbers/1', {
  take: tell<{ from: string; n: number }>(),
  crash: tell(),
})
type NumbersRef = RefOf<typeof Numbers>
const Sender = protocol('test.sender/1', { go: tell<{ count: number }>() })

function numbers(seen: string[]) {
  return actor(Numbers, {
    state: () => null,
    on: {
      take: (_state, { from, n }) => void seen.push(`${from}${n}`),
      crash: () => {
        throw new Error('crash')
      },
    },
    supervise: restart(),
  })
}

function sender(from: string, to: NumbersRef, crashEvery = Infinity) {
  return actor(Sender, {
    state: () => null,
    on: {
      go: async (_state, { count }) => {
        for (let n = 0; n < count; n++) {
          to.take({ from, n })
          if (n % crashEvery === crashEvery - 1) to.crash(undefined)
          if (n % 3 === 2) await Promise.resolve()
        }
      },
    },
  })
}

const deliveries: readonly Delivery[] = ['direct', 'shuffled', { min: 1, max: 50 }]

describe('OR-1', () => {
  test.for(deliveries)(
    'OR-1: 20 senders of 10 each are seen in their order, over restarts too (%j)',
    async (delivery) => {
      const runs = await forSeeds('senders', { count: 15, delivery, log: false }, async (kit) => {
        const seen: string[] = []
        const to = kit.spawn(numbers(seen))
        for (let at = 0; at < 20; at++) {
          const name = String.fromCharCode(97 + at)
          kit.spawn(sender(name, to, at === 0 ? 4 : Infinity)).go({ count: 10 })
        }
        await kit.advance('10s')
        expect(kit.system.cellOf(to).incarnation).toBe(3)
        expect(seen).toHaveLength(200)
        const last = new Map<string, number>()
        for (const one of seen) {
          const n = Number(one.slice(1))
          expect(n).toBe((last.get(one.charAt(0)) ?? -1) + 1)
          last.set(one.charAt(0), n)
        }
        return seen.join(' ')
      })
      expect(new Set(runs.map(({ result }) => result)).size).toBe(15)
    },
  )
})

/** Two senders, one message each: which comes first? */
async function race(options: Omit<SeedOptions, 'count'>, count: number) {
  return forSeeds('race', { ...options, count }, async (kit) => {
    const seen: string[] = []
    const to = kit.spawn(numbers(seen))
    kit.spawn(sender('a', to)).go({ count: 1 })
    kit.spawn(sender('b', to)).go({ count: 1 })
    await kit.advance('1s')
    return seen.join(' ')
  })
}

test.for(deliveries)(
  'OR-2: between two senders some seed shows either order (%j)',
  async (delivery) => {
    const runs = await race({ delivery }, 20)
    expect(new Set(runs.map(({ result }) => result))).toEqual(new Set(['a0 b0', 'b0 a0']))
  },
)

test.for([
  { seed: 1, shows: 'a0 b0' },
  { seed: 2, shows: 'b0 a0' },
])('OR-2: regression, seed $seed shows $shows', async ({ seed, shows }) => {
  const [run] = await race({ delivery: 'shuffled', only: seed }, 1)
  expect(run?.result).toBe(shows)
})

const Hop = protocol('test.hop/1', { pass: tell<{ n: number }>() })

/** A tells B directly, then C, which forwards to B: does B see them in that order? */
async function detour(options: Omit<SeedOptions, 'count'>, count: number) {
  return forSeeds('detour', { ...options, count }, async (kit) => {
    const seen: string[] = []
    const b = kit.spawn(numbers(seen))
    const c = kit.spawn(
      actor(Hop, { state: () => null, on: { pass: (_s, { n }) => b.take({ from: 'c', n }) } }),
    )
    const a = kit.spawn(
      actor(Hop, {
        state: () => null,
        on: {
          pass: (_state, { n }) => {
            b.take({ from: 'a', n })
            c.pass({ n })
          },
        },
      }),
    )
    a.pass({ n: 1 })
    await kit.advance('1s')
    return seen.join(' ')
  })
}

test('OR-3: what takes a detour may arrive first', async () => {
  const runs = await detour({ delivery: 'shuffled' }, 40)
  expect(new Set(runs.map(({ result }) => result))).toEqual(new Set(['a1 c1', 'c1 a1']))
})

test.for([
  { seed: 1, shows: 'a1 c1' },
  { seed: 14, shows: 'c1 a1' },
])('OR-3: regression, seed $seed shows $shows', async ({ seed, shows }) => {
  const [run] = await detour({ delivery: 'shuffled', only: seed }, 1)
  expect(run?.result).toBe(shows)
})

test('OR-1, OR-2: of two senders with two messages each, each legal order has a seed', async () => {
  for (const delivery of deliveries) {
    const orders = new Set<string>()
    await forSeeds('all orders', { count: 150, delivery, log: false }, async (kit) => {
      const seen: string[] = []
      const to = kit.spawn(numbers(seen))
      const relay = (from: string) =>
        actor(Hop, { state: () => null, on: { pass: (_s, { n }) => to.take({ from, n }) } })
      const [a, b] = [kit.spawn(relay('a')), kit.spawn(relay('b'))]
      for (const n of [1, 2]) {
        a.pass({ n })
        b.pass({ n })
      }
      await kit.advance('1s')
      orders.add(seen.join(' '))
    })
    expect([...orders].toSorted()).toEqual([
      'a1 a2 b1 b2',
      'a1 b1 a2 b2',
      'a1 b1 b2 a2',
      'b1 a1 a2 b2',
      'b1 a1 b2 a2',
      'b1 b2 a1 a2',
    ])
  }
})

test.for(deliveries)('OR-7: tells and asks to one actor share one order (%j)', async (delivery) => {
  const Mixed = protocol('test.mixed/1', {
    add: tell<{ n: number }>(),
    list: ask<void, readonly number[]>(),
  })
  const Asker = protocol('test.asker/1', { go: ask<void, readonly (readonly number[])[]>() })
  await forSeeds('mixed', { count: 10, delivery, log: false }, async (kit) => {
    const list = kit.spawn(
      actor(Mixed, {
        state: (): number[] => [],
        on: { add: (state, { n }) => void state.push(n), list: async (state) => [...state] },
      }),
    )
    const asker = kit.spawn(
      actor(Asker, {
        state: () => null,
        on: {
          go: () => {
            list.add({ n: 1 })
            const first = list.list()
            list.add({ n: 2 })
            list.add({ n: 3 })
            return Promise.all([first, list.list()])
          },
        },
      }),
    )
    expect(await kit.run(asker.go())).toEqual([[1], [1, 2, 3]])
  })
})

test.for([
  { name: 'as it is', codec: undefined },
  { name: 'through a codec', codec: (refs: RefCodec) => createCodec({ refs }) },
])(
  'OR-8: a ref sent in a message works, and its first use is not overtaken ($name)',
  async (how) => {
    const Given = protocol('test.given/1', { use: tell<{ to: AnyRef }>() })
    const codec = how.codec === undefined ? {} : { codec: how.codec }
    for (const delivery of deliveries) {
      await forSeeds('given', { count: 10, delivery, log: false, ...codec }, async (kit) => {
        const seen: string[] = []
        const to = kit.spawn(numbers(seen))
        const user = kit.spawn(
          actor(Given, {
            state: () => null,
            on: {
              use: async (_state, message) => {
                const given = message.to as Ref<(typeof Numbers)['messages']>
                given.take({ from: 'u', n: 0 })
                await Promise.resolve()
                given.take({ from: 'u', n: 1 })
                given.take({ from: 'u', n: 2 })
              },
            },
          }),
        )
        user.use({ to })
        await kit.advance('1s')
        expect(seen).toEqual(['u0', 'u1', 'u2'])
      })
    }
  },
)

test.for(deliveries)(
  'OR-9: what a dying actor sent comes before its end (%j)',
  async (delivery) => {
    const Watcher = protocol('test.watcher/1', { hear: tell<{ word: string }>() })
    const Dying = protocol('test.dying/1', { die: tell() })
    await forSeeds('dying', { count: 20, delivery, log: false }, async (kit) => {
      const heard: string[] = []
      const target = { ref: null as AnyRef | null }
      const watcher = kit.spawn(
        actor(Watcher, {
          state: (_init: void, ctx): null => {
            if (target.ref !== null) ctx.watch(target.ref)
            return null
          },
          on: { hear: (_state, { word }) => void heard.push(word) },
          signals: { terminated: () => void heard.push('end') },
        }),
      )
      const dying = kit.spawn(
        actor(Dying, {
          state: () => null,
          on: {
            die: () => {
              watcher.hear({ word: 'one' })
              watcher.hear({ word: 'two' })
              return stopped
            },
          },
          signals: { postStop: () => watcher.hear({ word: 'last' }) },
        }),
      )
      target.ref = dying
      await kit.settle()
      dying.die()
      await kit.advance('1s')
      expect(heard).toEqual(['one', 'two', 'last', 'end'])
    })
  },
)
