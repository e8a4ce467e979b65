/**
 * Tests of what JavaScript does to the unwary: the rules JS-* of the actor contract.
 *
 * JS-1, JS-14 and JS-18 need the real event loop and stand in test/net; JS-11 and JS-13 hold for
 * every codec and stand in test/contract; JS-23 stands in test/types.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import type * as kernel from '../../src/kernel/index.ts'
import { createCodec } from '../../src/adapters/msgpackr/index.ts'
import { nodeRuntime } from '../../src/adapters/node-runtime/index.ts'
import {
  actor,
  ActorSystem,
  addressOf,
  ask,
  type Context,
  hasCode,
  isRef,
  protocol,
  type RefOf,
  restart,
  tell,
} from '../../src/kernel/index.ts'
import { forSeeds, testSystem } from '../../src/testing/index.ts'

const Account = protocol('test.account/1', {
  add: tell<{ by: number }>(),
  read: ask<void, number>(),
})

test('JS-2: an asynchronous read, await and write loses no update', async () => {
  await forSeeds('updates', { count: 20, delivery: 'shuffled', log: false }, async (kit) => {
    const ref = kit.spawn(
      actor(Account, {
        state: () => ({ balance: 0 }),
        on: {
          add: async (state, { by }, ctx) => {
            const { balance } = state
            await kit.sleep(ctx.random() * 3)
            state.balance = balance + by
          },
          read: (state) => state.balance,
        },
      }),
    )
    for (let left = 50; left > 0; left--) ref.add({ by: 1 })
    expect(await kit.run(ref.read(undefined, { deadline: 60_000 }))).toBe(50)
  })
})

test('JS-3: a turn that never ends is reported, abandoned, and has no late effects', async () => {
  const Stuck = protocol('test.stuck/1', { hang: ask<void, string>(), read: ask<void, number>() })
  const kit = await testSystem({ seed: 1 })
  const gate = Promise.withResolvers<void>()
  const stuck: object[] = []
  const late: unknown[] = []
  kit.system.events.subscribe('actor.stuck', (event) => stuck.push(event))
  const ref = kit.spawn(
    actor(Stuck, {
      state: () => ({ n: 0 }),
      on: {
        hang: async (_state, _none, ctx) => {
          await gate.promise
          try {
            void ctx.self.read()
          } catch (error) {
            late.push(error)
          }
          return 'too late'
        },
        read: (state) => state.n,
      },
      turnDeadlineMs: 1_000,
      supervise: restart(),
    }),
    undefined,
    { name: 'stuck' },
  )
  const asked = ref.hang(undefined, { deadline: 10_000 })
  await expect(kit.run(asked)).rejects.toMatchObject({ code: 'faulted' })
  expect(kit.clock.now()).toBe(1_000)
  expect(stuck).toEqual([{ path: '/stuck', message: 'hang', afterMs: 1_000 }])
  expect(await kit.run(ref.read())).toBe(0)
  expect(kit.system.cellOf(ref).incarnation).toBe(2)
  gate.resolve()
  await kit.settle()
  expect(late).toMatchObject([{ code: 'stale_incarnation' }])
  await kit.stop()
})

test('JS-9: a ref may be awaited, shown, kept or cloned, and sends nothing', async () => {
  const Touchy = protocol('test.touchy/1', { touch: tell(), ask: ask<void, number>() })
  const kit = await testSystem({ seed: 1 })
  let touched = 0
  const def = actor(Touchy, {
    state: () => null,
    on: { touch: () => void touched++, ask: () => touched++ },
  })
  const ref = kit.spawn(def, undefined, { name: 'touchy' })
  expect(await Promise.resolve(ref)).toBe(ref)
  expect(inspect(ref, { depth: 9, showHidden: true })).toContain('Ref<test.touchy/1>')
  expect(JSON.stringify({ ref })).toBe(`{"ref":{"$ref":"${String(ref)}"}}`)
  expect(new Map([[ref, 1]]).get(ref)).toBe(1)
  expect(new Set([ref, ref]).size).toBe(1)
  expect(structuredClone({ ref })).toEqual({ ref: {} })
  expect(Object.keys(ref)).toEqual([])
  expect(String(ref)).toBe(`shoal://test/touchy#${addressOf(ref).uid}`)
  await kit.settle()
  expect(touched).toBe(0)
  expect(kit.log.text).not.toContain('send')
  await kit.stop()
})

const dangerous = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf']

test.for(dangerous)('JS-12: %s is harmless as a name of an actor or a key', async (word) => {
  const Keyed = protocol('test.keyed/1', {
    put: ask<{ key: string; value: number }, readonly string[]>(),
    wake: tell(),
  })
  const kit = await testSystem({ seed: 1, codec: (refs) => createCodec({ refs }) })
  const def = actor(Keyed, {
    state: () => new Map<string, number>(),
    on: {
      put: (state, { key, value }, ctx) => {
        state.set(key, value)
        ctx.after(key, 5, 'wake', undefined)
        expect(ctx.timerActive(key)).toBe(true)
        return [...state.keys()]
      },
      wake: () => {},
    },
  })
  const ref = kit.spawn(def, undefined, { name: word })
  expect(kit.system.find(`/${word}`)).toBe(ref)
  expect(await kit.run(ref.put({ key: word, value: 1 }))).toEqual([word])
  expect(() => kit.spawn(def, undefined, { name: word })).toThrow(/already alive/)
  await kit.run(kit.system.stop(ref))
  expect(kit.system.find(`/${word}`)).toBeNull()
  expect(({} as Record<string, unknown>)['value']).toBeUndefined()
  await kit.stop()
})

test.for([...dangerous, 'then', 'toJSON', 'prototype', 'catch'])(
  'JS-12: %s is refused as the name of a message',
  (word) => {
    const messages = Object.fromEntries([[word, tell()]])
    expect(() => protocol('test.words/1', messages)).toThrow(/cannot have a message named/)
  },
)

test('JS-12: handlers, behaviours and settings do not take inherited properties', () => {
  const Plain = protocol('test.plain/1', { go: tell() })
  const inherited = Object.create({ go: () => {} }) as { go: () => void }
  expect(() => actor(Plain, { state: () => null, on: inherited })).toThrow(/no handler for go/)
  const on = JSON.parse('{"__proto__": 1}') as { go: () => void }
  expect(() => actor(Plain, { state: () => null, on })).toThrow(/has no message "__proto__"/)
})

test('JS-16: an actor that ends while messages wait takes no turn and does not spin', async () => {
  const kit = await testSystem({ seed: 1, log: false })
  let turns = 0
  const def = actor(Account, {
    state: () => null,
    on: { add: () => void turns++, read: () => turns },
    signals: { postStop: () => kit.sleep(100) },
  })
  const ref = kit.spawn(def)
  await kit.settle()
  for (let left = 10_000; left > 0; left--) ref.add({ by: 1 })
  const ended = kit.system.stop(ref)
  const before = kit.time.steps
  await kit.advance(99)
  for (let left = 1_000; left > 0; left--) ref.add({ by: 1 })
  await kit.settle()
  expect(kit.time.steps - before).toBeLessThan(20)
  await kit.run(ended)
  expect(turns).toBe(0)
  expect(kit.system.deadLetters.count('stopped')).toBe(11_000)
  await kit.stop()
})

test.for([
  { name: 'the real event loop', runtime: nodeRuntime() },
  { name: 'virtual time', runtime: undefined },
])("JS-17: a sender's async local storage does not leak, on $name", async ({ runtime }) => {
  const storage = new AsyncLocalStorage<string>()
  const Peek = protocol('test.peek/1', {
    now: ask<void, string | undefined>(),
    after: ask<void, string | undefined>(),
    budget: ask<void, number>(),
    relay: ask<void, number>(),
  })
  const def = actor(Peek, {
    state: () => null,
    on: {
      now: () => storage.getStore(),
      after: async () => {
        await Promise.resolve()
        return storage.getStore()
      },
      budget: (_state, _none, ctx) => ctx.remainingMs,
      relay: async () => {
        await Promise.resolve()
        return other.budget(undefined, { deadline: 60_000 })
      },
    },
  })
  const kit = await testSystem({ seed: 1 })
  const system =
    runtime === undefined ? kit.system : await ActorSystem.start({ name: 'r', runtime })
  const go = <T>(promise: Promise<T>): Promise<T> =>
    runtime === undefined ? kit.run(promise) : promise
  const ref = system.spawn(def)
  const other: RefOf<typeof Peek> = system.spawn(def)
  expect(await storage.run('secret', () => go(ref.now()))).toBeUndefined()
  expect(await storage.run('secret', () => go(ref.after()))).toBeUndefined()
  const budget = await storage.run('secret', () => go(ref.relay(undefined, { deadline: 1_000 })))
  expect(budget).toBeLessThanOrEqual(1_000)
  expect(budget).toBeGreaterThan(0)
  if (runtime !== undefined) await system.terminate()
  await kit.stop()
})

test('JS-19: refs of a second copy are refused by code, its plain data serve', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'shoal-copy-'))
  const here = new URL('../../src/kernel', import.meta.url).pathname
  await cp(here, folder, { recursive: true })
  // A path that the type checker must not follow: it leads to a copy made just now.
  const path: string = join(folder, 'index.ts')
  const copy = (await import(path)) as typeof kernel
  const kit = await testSystem({ seed: 1 })
  const def = actor(Account, {
    state: () => ({ n: 0 }),
    on: { add: (state, { by }) => void (state.n += by), read: (state) => state.n },
  })
  const ref = kit.spawn(def)
  expect(copy.isRef(ref)).toBe(false)
  expect(isRef(ref)).toBe(true)
  expect(() => copy.addressOf(ref as never)).toThrow(
    expect.objectContaining({ code: 'foreign_ref' }) as Error,
  )
  const foreign = new copy.EdgeError('overloaded', 'made elsewhere')
  expect(hasCode(foreign, 'overloaded')).toBe(true)
  const Copied = copy.protocol('test.account/1', {
    add: copy.tell<{ by: number }>(),
    read: copy.ask<void, number>(),
  })
  const mixed = kit.spawn(
    actor(Copied, {
      state: () => ({ n: 0 }),
      on: { add: (state, { by }) => void (state.n += by), read: (state) => state.n },
      supervise: copy.restart(),
    }),
  )
  mixed.add({ by: 2 })
  expect(await kit.run(mixed.read())).toBe(2)
  await kit.stop()
  await rm(folder, { recursive: true })
})

test('JS-21: a context kept beyond its incarnation refuses and changes nothing', async () => {
  type M = (typeof Account)['messages']
  const kept: Context<M, { n: number }>[] = []
  const kit = await testSystem({ seed: 1 })
  const def = actor(Account, {
    state: (_init: void, ctx: Context<M, { n: number }>) => {
      kept.push(ctx)
      return { n: 0 }
    },
    on: {
      add: () => {
        throw new Error('crash')
      },
      read: (state) => state.n,
    },
    supervise: restart(),
  })
  const ref = kit.spawn(def)
  ref.add({ by: 1 })
  await kit.settle()
  expect(kit.system.cellOf(ref).incarnation).toBe(2)
  const [old, live] = kept as [Context<M, { n: number }>, Context<M, { n: number }>]
  const stale = expect.objectContaining({ code: 'stale_incarnation' }) as Error
  const uses: readonly (() => unknown)[] = [
    () => old.self,
    () => old.spawn(def),
    () => old.stop(),
    () => old.watch(ref),
    () => old.after('k', 1, 'add', { by: 1 }),
    () => old.become({}),
    () => old.stash(),
    () => old.now(),
    () => old.random(),
    () => old.pipeToSelf(Promise.resolve(1), 'add', () => ({ by: 1 })),
  ]
  for (const use of uses) expect(use).toThrow(stale)
  await kit.settle()
  expect(live.incarnation).toBe(2)
  expect(live.children).toEqual([])
  expect(live.timerActive('k')).toBe(false)
  await kit.stop()
})

test.for(['direct', 'shuffled'] as const)(
  'JS-22: an ask whose answerer goes down ends by its deadline, whatever happens (%s)',
  async (delivery) => {
    const Slow = protocol('test.slow/1', { work: ask<{ ms: number }, string>() })
    await forSeeds('going down', { count: 20, delivery, log: false }, async (kit) => {
      const def = actor(Slow, {
        state: () => null,
        on: {
          work: async (_state, { ms }) => {
            await kit.sleep(ms)
            return 'done'
          },
        },
      })
      const refs = Array.from({ length: 5 }, () => kit.spawn(def))
      const asks = refs.flatMap((ref, at) =>
        [1, 2, 3].map((n) => ref.work({ ms: at * n * 10 }, { deadline: 500 })),
      )
      const outcomes = Promise.allSettled(asks)
      await kit.advance(kit.random.below(60))
      void kit.system.terminate()
      const late = refs.map((ref) => ref.work({ ms: 1 }))
      const settled = await kit.run(outcomes)
      expect(kit.clock.now()).toBeLessThan(600)
      for (const outcome of [...settled, ...(await kit.run(Promise.allSettled(late)))]) {
        if (outcome.status === 'fulfilled') continue
        expect(['stopped', 'system_terminated', 'no_such_actor', 'timeout']).toContain(
          (outcome.reason as { code: string }).code,
        )
      }
    })
  },
)
