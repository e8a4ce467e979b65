/**
 * Router strategies: which routee gets a message, and how many there are.
 */
import { describe, expect, test } from 'vitest'
import { groupRouter, pool, type Ref } from '../../src/kernel/index.ts'

import { type Options, Shop, Work, type Works } from './shop.ts'

describe('consistent hashing', () => {
  const byKey: Options = {
    size: 10,
    strategy: 'consistent-hash',
    hashKey: (payload, name) => (name === 'who' ? ((payload as { key?: string }).key ?? '') : name),
  }

  async function placesOf(shop: Shop, ref: Ref<Works>, keys: number): Promise<string[]> {
    const asked = Array.from({ length: keys }, (_, i) => ref.who({ key: `key-${i}` }))
    return (await shop.kit.run(Promise.all(asked))).map((path) => path.split('/').at(-1) ?? '')
  }

  test('RT-4: the same key goes to the same routee, and keys are spread evenly', async () => {
    const shop = await Shop.open()
    const ref = shop.spawn(byKey)
    const first = await placesOf(shop, ref, 2_000)
    expect(await placesOf(shop, ref, 2_000)).toEqual(first)
    const shares = Object.values(Object.groupBy(first, (slot) => slot)).map((of) => of?.length ?? 0)
    expect(shares).toHaveLength(10)
    expect(Math.min(...shares)).toBeGreaterThan(140)
    expect(Math.max(...shares)).toBeLessThan(260)
    await shop.kit.stop()
  })

  test('RT-4: one more of n routees takes 1/(n+1) of the keys and moves no other', async () => {
    const shop = await Shop.open()
    const ten = await placesOf(shop, shop.spawn(byKey, 'pool'), 4_000)
    await shop.kit.run(shop.kit.system.stop(shop.pool as Ref<Works>))
    const eleven = await placesOf(shop, shop.spawn({ ...byKey, size: 11 }, 'pool'), 4_000)
    const moved = ten.filter((slot, i) => slot !== eleven[i])
    expect(eleven.filter((slot, i) => slot !== ten[i] && slot !== '11')).toEqual([])
    expect(moved.length / 4_000).toBeGreaterThan(0.07)
    expect(moved.length / 4_000).toBeLessThan(0.115)
    await shop.kit.stop()
  })

  test('RT-5: a restart moves no key', async () => {
    const shop = await Shop.open()
    const ref = shop.spawn(byKey)
    const before = await placesOf(shop, ref, 200)
    await expect(shop.kit.run(ref.boom({}))).rejects.toMatchObject({ code: 'faulted' })
    expect(await placesOf(shop, ref, 200)).toEqual(before)
    await shop.kit.stop()
  })

  test("MB-16: a hash key that throws fails the router's turn, never the sender", async () => {
    const shop = await Shop.open()
    const ref = shop.spawn({
      size: 2,
      strategy: 'consistent-hash',
      hashKey: (_payload, name) => {
        if (name === 'job') throw new TypeError('no key')
        return name
      },
    })
    await shop.kit.settle()
    const failures: string[] = []
    shop.kit.system.events.subscribe(
      'actor.failed',
      ({ path, error }) => void failures.push(`${path} ${String(error)}`),
    )
    ref.job({ n: 1 })
    await shop.kit.settle()
    expect(failures).toEqual(['/pool TypeError: no key'])
    expect(await shop.kit.run(ref.who({}))).toMatch(/^\/pool\/\d$/)
    await shop.kit.stop()
  })

  test('without a hash key the declaration is refused', () => {
    const declare = (): unknown => groupRouter(Work, { routees: [], strategy: 'consistent-hash' })
    expect(declare).toThrow(/needs hashKey/)
  })
})

describe('the other strategies', () => {
  test('random reaches every routee, as the seed decides', async () => {
    const runOnce = async (): Promise<string[]> => {
      const shop = await Shop.open()
      const ref = shop.spawn({ size: 3, strategy: 'random' })
      for (let n = 0; n < 60; n++) ref.job({ n })
      await shop.kit.settle()
      const placed = shop.jobs.toSorted((a, b) => a.n - b.n).map(({ path }) => path)
      await shop.kit.stop()
      return placed
    }
    const placed = await runOnce()
    expect(new Set(placed).size).toBe(3)
    expect(await runOnce()).toEqual(placed)
  })

  test('smallest mailbox passes by those that are busy', async () => {
    const shop = await Shop.open()
    const ref = shop.spawn({ size: 3, strategy: 'smallest-mailbox' })
    await shop.kit.settle()
    const busy = [ref.slow({ gate: 'a' }), ref.slow({ gate: 'b' })]
    await shop.kit.settle()
    const idle = [1, 2, 3].find((slot) => !shop.signals.has(`/pool/${slot}`))
    for (let n = 0; n < 5; n++) {
      ref.job({ n })
      await shop.kit.settle()
    }
    expect(shop.shares()).toEqual({ [`/pool/${idle}`]: 5 })
    for (const open of shop.gates.values()) open('done')
    await shop.kit.run(Promise.all(busy))
    await shop.kit.stop()
  })

  test('broadcast tells everyone; an ask is handled by all and answered by the first', async () => {
    const shop = await Shop.open()
    const ref = shop.spawn({ size: 3, strategy: 'broadcast' })
    ref.job({ n: 1 })
    await shop.kit.settle()
    expect(shop.shares()).toEqual({ '/pool/1': 1, '/pool/2': 1, '/pool/3': 1 })
    const asked = ref.slow({ gate: 'g' })
    await shop.kit.settle()
    expect(shop.gates.size).toBe(3)
    shop.gates.get('g /pool/2')?.('second')
    expect(await shop.kit.run(asked)).toBe('second from /pool/2')
    expect([...shop.signals.values()].some(({ aborted }) => aborted)).toBe(false)
    for (const open of shop.gates.values()) open('late')
    await shop.kit.settle()
    expect(shop.kit.system.deadLetters.total).toBe(0)
    await shop.kit.stop()
  })

  test('scatter-gather gives the first success and calls the rest off', async () => {
    const shop = await Shop.open()
    const ref = shop.spawn({ size: 3, strategy: 'scatter-gather' })
    await shop.kit.settle()
    expect(await shop.kit.run(ref.boom({ only: '/1' }))).toMatch(/^\/pool\/[23]$/)
    await shop.kit.settle()
    const asked = ref.slow({ gate: 'g' }, { deadline: 1_000 })
    const queued = ref.slow({ gate: 'h' }, { deadline: 1_000 })
    await shop.kit.settle()
    shop.gates.get('g /pool/3')?.('third')
    expect(await shop.kit.run(asked)).toBe('third from /pool/3')
    expect(shop.signals.get('/pool/1')?.aborted).toBe(true)
    await shop.kit.settle()
    shop.gates.get('h /pool/3')?.('third')
    expect(await shop.kit.run(queued)).toBe('third from /pool/3')
    for (const open of shop.gates.values()) open('late')
    await shop.kit.settle()
    // The losers' queued legs were dropped unseen.
    expect([shop.gates.has('h /pool/1'), shop.kit.system.deadLetters.total]).toEqual([false, 0])
    await shop.kit.stop()
  })

  test('scatter-gather fails when all have failed, with what they said', async () => {
    const shop = await Shop.open()
    const ref = shop.spawn({ size: 3, strategy: 'scatter-gather' })
    const asked = ref.boom({})
    await expect(shop.kit.run(asked)).rejects.toMatchObject({
      code: 'faulted',
      message: expect.stringMatching(/None of the 3 routees of \/pool answered boom/),
      cause: { errors: [{ code: 'faulted' }, { code: 'faulted' }, { code: 'faulted' }] },
    })
    await shop.kit.stop()
  })

  test('scatter-gather keeps the deadline, and an ask given up is one dead letter', async () => {
    const shop = await Shop.open()
    const ref = shop.spawn({ size: 3, strategy: 'scatter-gather' })
    const first = ref.slow({ gate: 'g' }, { deadline: 100 })
    const second = ref.who({}, { deadline: 50 })
    await expect(shop.kit.run(second)).rejects.toMatchObject({ code: 'timeout' })
    expect(shop.kit.clock.now()).toBe(50)
    await expect(shop.kit.run(first)).rejects.toMatchObject({ code: 'timeout' })
    for (const open of shop.gates.values()) open('late')
    await shop.kit.settle()
    expect(shop.kit.system.deadLetters.count('expired')).toBe(1)
    await shop.kit.stop()
  })

  test('a stream goes to one routee under every strategy', async () => {
    const shop = await Shop.open()
    const ref = shop.spawn({ size: 3, strategy: 'broadcast' })
    const items: string[] = []
    const read = async (): Promise<void> => {
      for await (const item of ref.count()) items.push(item)
    }
    await shop.kit.run(read())
    expect(items).toHaveLength(1)
    await shop.kit.stop()
  })
})

describe('resizing', () => {
  const resize = { min: 2, max: 6, pressedAt: 2, shrinkEvery: '1s' } as const

  test('a pool whose routees are all pressed grows, and shrinks when idle', async () => {
    const shop = await Shop.open()
    const ref = shop.spawn({ size: 2, resize })
    await shop.kit.settle()
    const asked: Promise<string>[] = []
    for (let n = 0; n < 200; n++) {
      asked.push(ref.slow({ gate: `g${n}` }, { deadline: 60_000 }))
      await shop.kit.settle()
    }
    expect(shop.children()).toBe(6)
    for (let round = 0; round < 200; round++) {
      for (const open of shop.gates.values()) open('done')
      await shop.kit.settle()
    }
    await shop.kit.run(Promise.all(asked))
    await shop.kit.advance('30s')
    expect(shop.children()).toBe(2)
    expect([shop.kit.system.wheel.size, shop.kit.system.deadLetters.total]).toEqual([0, 0])
    await shop.kit.stop()
  })

  test('SD-3: a pool at its minimum keeps no timer', async () => {
    const shop = await Shop.open()
    shop.spawn({ size: 2, resize })
    await shop.kit.settle()
    expect(shop.kit.system.wheel.size).toBe(0)
    await shop.kit.stop()
  })

  test.for([
    { size: 0 },
    { size: 1.5 },
    { size: 2, resize: { min: 3, max: 4 } },
    { size: 2, resize: { min: 1, max: 1 } },
    { size: 2, resize: { min: 0, max: 4 } },
    { size: 2, resize: { min: 1, max: 4, shrinkEvery: 0 } },
    { size: 2, strategy: 'loudest' },
  ])('a pool of %o is refused where it is declared', async (options) => {
    const shop = await Shop.open()
    expect(() => pool(shop.worker, options as Options)).toThrow(/Router refused/)
    await shop.kit.stop()
  })
})
