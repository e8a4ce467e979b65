/**
 * Router tests: order, failures, and routers over a group of actors.
 */
import { describe, expect, test } from 'vitest'
import {
  actor,
  ActorSystem,
  groupRouter,
  pool,
  protocol,
  type Ref,
  restart,
  serviceKey,
  tell,
} from '../../src/kernel/index.ts'
import { forSeeds, testSystem, VirtualRuntime } from '../../src/testing/index.ts'
import { Shop, Work, type Works } from './shop.ts'

const Feeder = protocol('test.feeder/1', { feed: tell<{ n: number }>() })

function feeder(to: Ref<Works>) {
  return actor(Feeder, { state: () => null, on: { feed: (_state, job) => to.job(job) } })
}

/** A system without a transit, as a program has it, moved by a test. */
async function bareSystem(seed: number) {
  const runtime = new VirtualRuntime({ seed })
  return { time: runtime.time, system: await ActorSystem.start({ name: 'bare', runtime }) }
}

describe('round robin', () => {
  test('RT-1: m times n messages give each of n routees m, from the very first', async () => {
    const shop = await Shop.open()
    const ref = shop.spawn({ size: 4 })
    for (let n = 0; n < 20; n++) ref.job({ n })
    await shop.kit.settle()
    for (let n = 20; n < 40; n++) ref.job({ n })
    await shop.kit.settle()
    expect(shop.shares()).toEqual({ '/pool/1': 10, '/pool/2': 10, '/pool/3': 10, '/pool/4': 10 })
    await shop.kit.stop()
  })

  test('RT-1: a stopped routee is removed at once, and after the last the pool ends', async () => {
    const shop = await Shop.open()
    const ref = shop.spawn({ size: 3 })
    await shop.kit.settle()
    ref.quit()
    await shop.kit.settle()
    for (let n = 0; n < 4; n++) ref.job({ n })
    await shop.kit.settle()
    expect(shop.shares()).toEqual({ '/pool/2': 2, '/pool/3': 2 })
    ref.quit()
    ref.quit()
    await shop.kit.settle()
    expect(shop.kit.system.find('/pool')).toBeNull()
    ref.job({ n: 9 })
    expect(shop.kit.system.deadLetters.latest.at(-1)).toMatchObject({ reason: 'no-such-actor' })
    await shop.kit.stop()
  })

  test('a message passes without a turn of the router', async () => {
    const shop = await Shop.open()
    const { time, system } = await bareSystem(1)
    const ref = system.spawn(pool(shop.worker, { size: 1 }), undefined, { name: 'pool' })
    await time.settle()
    const asked = ref.who({})
    for (let n = 0; n < 10; n++) ref.job({ n })
    await time.settle()
    expect(await asked).toBe('/pool/1')
    const turns = ['/pool', '/pool/1'].map((path) => system.findCell(path)?.processed)
    expect(turns).toEqual([0, 11])
    void system.terminate()
    await time.settle()
    await shop.kit.stop()
  })

  test('OR-1: senders see their messages in order while the router starts and after', async () => {
    for (let seed = 1; seed <= 100; seed++) {
      const shop = await Shop.open({ seed })
      const { time, system } = await bareSystem(seed)
      const ref = system.spawn(pool(shop.worker, { size: 1 }))
      const senders = [0, 1, 2].map(() => system.spawn(feeder(ref)))
      for (let n = 0; n < 30; n++) senders[n % 3]?.feed({ n })
      await time.settle()
      for (const rest of [0, 1, 2]) {
        const seen = shop.jobs.map(({ n }) => n).filter((n) => n % 3 === rest)
        expect([seed, seen]).toEqual([seed, Array.from({ length: 10 }, (_, n) => n * 3 + rest)])
      }
      void system.terminate()
      await time.settle()
      await shop.kit.stop()
    }
  })

  test('OR-1: a sender sees its messages in order also over links of their own', () =>
    forSeeds('order through a pool', { count: 100, delivery: 'shuffled' }, async (kit) => {
      const shop = new Shop(kit)
      const ref = shop.spawn({ size: 1 })
      const sender = kit.system.spawn(feeder(ref), undefined, { name: 'sender' })
      for (let n = 0; n < 20; n++) sender.feed({ n })
      await kit.settle()
      for (let n = 20; n < 30; n++) sender.feed({ n })
      await kit.settle()
      expect(shop.jobs.map(({ n }) => n)).toEqual(Array.from({ length: 30 }, (_, n) => n))
    }))
})

describe('failures', () => {
  test('RT-5: a failed routee restarts in its slot, and its asker hears at once', async () => {
    const shop = await Shop.open()
    const ref = shop.spawn({ size: 2 })
    await expect(shop.kit.run(ref.boom({}))).rejects.toMatchObject({ code: 'faulted' })
    for (let n = 0; n < 4; n++) ref.job({ n })
    await shop.kit.settle()
    expect(shop.jobs.toSorted((a, b) => a.n - b.n)).toEqual([
      { path: '/pool/2', n: 0, life: 1 },
      { path: '/pool/1', n: 1, life: 2 },
      { path: '/pool/2', n: 2, life: 1 },
      { path: '/pool/1', n: 3, life: 2 },
    ])
    await shop.kit.stop()
  })

  test('a routee that fails too often leaves, and the last one takes the pool along', async () => {
    const shop = await Shop.open()
    const policy = restart({ max: 0 })
    const ref = shop.spawn({ size: 2, routees: { supervise: policy } })
    const first = ref.boom({})
    const second = ref.boom({})
    await expect(shop.kit.run(first)).rejects.toMatchObject({ code: 'faulted' })
    await expect(shop.kit.run(second)).rejects.toMatchObject({ code: 'faulted' })
    await shop.kit.settle()
    expect(shop.kit.system.find('/pool')).toBeNull()
    await shop.kit.stop()
  })

  test('a routee that is about to stop gets nothing more', async () => {
    const shop = await Shop.open()
    const ref = shop.spawn({ size: 2 })
    const busy = ref.slow({ gate: 'g' })
    await shop.kit.settle()
    const leaving = shop.kit.system.find('/pool/1')
    expect([...shop.signals.keys()]).toEqual(['/pool/1'])
    const stopping = shop.kit.system.stop(leaving as Ref)
    for (let n = 0; n < 4; n++) ref.job({ n })
    await shop.kit.settle()
    expect([shop.shares(), shop.kit.system.deadLetters.total]).toEqual([{ '/pool/2': 4 }, 0])
    shop.gates.get('g /pool/1')?.('done')
    await shop.kit.run(stopping)
    expect(await busy).toBe('done from /pool/1')
    await shop.kit.stop()
  })

  test('the end of a pool ends its routees, and what they had queued is dead letters', async () => {
    const shop = await Shop.open()
    const ref = shop.spawn({ size: 2 })
    const asked = [ref.slow({ gate: 'g' }), ref.slow({ gate: 'g' })]
    for (let n = 0; n < 4; n++) ref.job({ n })
    await shop.kit.settle()
    await shop.kit.run(shop.kit.system.stop(ref, { grace: 5 }))
    for (const one of asked) await expect(one).rejects.toMatchObject({ code: 'stopped' })
    expect([shop.jobs, shop.kit.system.deadLetters.count('stopped')]).toEqual([[], 4])
    await shop.kit.stop()
  })

  test('LC-9: draining a pool lets its routees finish what they have queued', async () => {
    const shop = await Shop.open()
    const ref = shop.spawn({ size: 2 })
    for (let n = 0; n < 40; n++) ref.job({ n })
    await shop.kit.run(shop.kit.system.stop(ref, { drain: true }))
    expect([shop.jobs.length, shop.kit.system.deadLetters.total]).toEqual([40, 0])
    await shop.kit.stop()
  })

  test('a routee that asks its own pool is answered by another one', async () => {
    const shop = await Shop.open()
    const ref = shop.spawn({ size: 2 })
    await shop.kit.settle()
    const nested = ref.viaPool()
    // Takes the turn of the second routee, so that the nested ask would come back to the first.
    const between = ref.who({})
    expect([await shop.kit.run(between), await shop.kit.run(nested)]).toEqual([
      '/pool/2',
      '/pool/2',
    ])
    expect(shop.kit.clock.now()).toBe(0)
    await shop.kit.stop()
  })

  test('AK-14: the only routee asks its pool in vain, and hears so at once', async () => {
    const shop = await Shop.open()
    const ref = shop.spawn({ size: 1 })
    await shop.kit.settle()
    await expect(shop.kit.run(ref.viaPool())).rejects.toMatchObject({
      code: 'faulted',
      cause: { code: 'deadlock' },
    })
    expect(shop.kit.clock.now()).toBe(0)
    await shop.kit.stop()
  })
})

describe('group routers', () => {
  test('RT-3: without a routee a tell is a dead letter, an ask is refused', async () => {
    const shop = await Shop.open()
    const key = serviceKey(Work, 'workers')
    const ref = shop.kit.system.spawn(groupRouter(Work, { routees: key }), undefined, {
      name: 'router',
    })
    await shop.kit.settle()
    ref.job({ n: 1 })
    await expect(shop.kit.run(ref.who({}))).rejects.toMatchObject({
      code: 'no_such_actor',
      message: expect.stringContaining('/router has no routee'),
    })
    expect(shop.kit.system.deadLetters.latest.map(({ reason }) => reason)).toEqual([
      'no-routee',
      'no-routee',
    ])
    shop.kit.system.receptionist.register(key, shop.single('late'))
    await shop.kit.settle()
    expect(shop.jobs).toEqual([])
    expect(await shop.kit.run(ref.who({}))).toBe('/late')
    await shop.kit.stop()
  })

  test('RT-3: it picks up those who join and those who leave', async () => {
    const shop = await Shop.open()
    const { receptionist } = shop.kit.system
    const key = serviceKey(Work, 'workers')
    const ref = shop.kit.system.spawn(groupRouter(Work, { routees: key }))
    const [a, b] = [shop.single('a'), shop.single('b')]
    receptionist.register(key, a)
    receptionist.register(key, b)
    await shop.kit.settle()
    for (let n = 0; n < 4; n++) ref.job({ n })
    await shop.kit.settle()
    expect(shop.shares()).toEqual({ '/a': 2, '/b': 2 })
    receptionist.deregister(key, a)
    ref.job({ n: 5 })
    await shop.kit.settle()
    await shop.kit.run(shop.kit.system.stop(b))
    ref.job({ n: 6 })
    await shop.kit.settle()
    expect(shop.shares()).toEqual({ '/a': 2, '/b': 3 })
    expect(shop.kit.system.deadLetters.latest).toMatchObject([{ reason: 'no-routee' }])
    await shop.kit.run(shop.kit.system.stop(ref))
    receptionist.register(key, a)
    await shop.kit.stop()
  })

  test('RT-3: it prefers those it can reach and uses others only without them', async () => {
    const shop = await Shop.open()
    const far = await testSystem({ seed: 2, name: 'far', time: shop.kit.time })
    const farShop = new Shop(far)
    const { receptionist } = shop.kit.system
    const key = serviceKey(Work, 'workers')
    const ref = shop.kit.system.spawn(groupRouter(Work, { routees: key }))
    const remote = farShop.single('remote')
    receptionist.replaceNode('far', new Map([[key.id, [remote]]]))
    receptionist.setReachable('far', false)
    await shop.kit.settle()
    expect(await shop.kit.run(ref.who({}))).toBe('/remote')
    const near = shop.single('near')
    receptionist.register(key, near)
    const answers = await shop.kit.run(Promise.all([ref.who({}), ref.who({}), ref.who({})]))
    expect(answers).toEqual(['/near', '/near', '/near'])
    receptionist.setReachable('far', true)
    const both = await shop.kit.run(Promise.all([ref.who({}), ref.who({})]))
    expect(both.toSorted()).toEqual(['/near', '/remote'])
    await shop.kit.stop()
    await far.stop()
  })

  test('a router over fixed refs loses those that end and lives on', async () => {
    const shop = await Shop.open()
    const [a, b] = [shop.single('a'), shop.single('b')]
    const ref = shop.kit.system.spawn(groupRouter(Work, { routees: [a, b, a] }), undefined, {
      name: 'fixed',
    })
    await shop.kit.settle()
    for (let n = 0; n < 4; n++) ref.job({ n })
    await shop.kit.settle()
    await shop.kit.run(shop.kit.system.stop(a))
    expect(await shop.kit.run(ref.who({}))).toBe('/b')
    await shop.kit.run(shop.kit.system.stop(b))
    expect(shop.shares()).toEqual({ '/a': 2, '/b': 2 })
    expect(shop.kit.system.find('/fixed')).not.toBeNull()
    await shop.kit.stop()
  })
})
