/**
 * WorkerActorsContract: what an actor keeps wherever it lives, here or in a thread.
 *
 * The same sentences run against an ordinary actor and against one in a worker thread: whoever
 * holds the ref cannot tell which it is, but by the clock.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type ActorDef,
  ActorSystem,
  hasCode,
  type Ref,
  restart,
  resume,
  sendByName,
  type SpawnOptions,
} from '../../src/index.ts'
import { AnyRef } from '../../src/kernel/index.ts'
import { type CounterMessages, Peer } from '../net/thread-actors.ts'

export interface ActorHome {
  counter(init?: { readonly start: number }): ActorDef<CounterMessages>
  sturdy(): ActorDef<CounterMessages>
  stillborn(): ActorDef<CounterMessages>
  peer(): ActorDef<(typeof Peer)['messages']>
}

export function workerActorsContract(name: string, home: ActorHome): void {
  describe(`an actor ${name}`, () => {
    let system: ActorSystem

    beforeEach(async () => {
      system = await ActorSystem.start({ name: 'contract', askDeadline: '20s' })
    })
    afterEach(async () => {
      await system.terminate()
    })

    const spawn = (options: SpawnOptions = {}): Ref<CounterMessages> =>
      system.spawn(home.counter(), undefined, options)

    test('JS-7, LC-2: takes what it is told before it has started', async () => {
      const ref = system.spawn(home.counter({ start: 5 }))
      ref.add({ by: 2 })
      expect(await ref.total()).toBe(7)
    })

    test('MB-1, OR-1, OR-7: has one order of tells and asks', async () => {
      const ref = spawn()
      const numbers = Array.from({ length: 5_000 }, (_, at) => at)
      const half = numbers.slice(0, 2_500)
      for (const by of half) ref.add({ by })
      const between = ref.log()
      for (const by of numbers.slice(2_500)) ref.add({ by })
      expect((await between).length).toBeGreaterThanOrEqual(2_500)
      expect(await ref.log()).toEqual(numbers)
    })

    test('MB-2, AK-12: one asynchronous turn at a time, answers in order', async () => {
      const ref = spawn()
      const order: number[] = []
      await Promise.all(
        [1, 2, 3, 4].map(async (value) => {
          order.push(await ref.slow({ ms: 5 - value, value }))
        }),
      )
      expect(order).toEqual([1, 2, 3, 4])
      expect(await ref.log()).toEqual([1, 2, 3, 4])
    })

    test('AK-4, AK-17, JS-11: a failure reaches its asker with code and causes', async () => {
      const failure: unknown = await spawn()
        .fail({ code: 'odd_thing' })
        .catch((error: unknown) => error)
      expect(failure).toMatchObject({ name: 'Faulted', code: 'faulted' })
      const { cause } = failure as { cause: unknown }
      expect(cause).toBeInstanceOf(Error)
      expect(cause).toMatchObject({
        name: 'OddThing',
        code: 'odd_thing',
        message: 'It failed with odd_thing',
        detail: { number: 7 },
      })
      expect((cause as Error).cause).toBeInstanceOf(RangeError)
    })

    test('AK-5, AK-6: a deadline ends the ask, not the handler', async () => {
      const ref = spawn()
      await ref.total()
      await expect(ref.slow({ ms: 120, value: 1 }, { deadline: 30 })).rejects.toMatchObject({
        code: 'timeout',
      })
      expect(await ref.log()).toEqual([1])
      expect(system.deadLetters.count('late-reply')).toBe(1)
    })

    test('AK-9: what has expired in the queue is not done', async () => {
      const ref = spawn()
      await ref.total()
      const slow = ref.slow({ ms: 150, value: 1 })
      await expect(ref.slow({ ms: 1, value: 2 }, { deadline: 30 })).rejects.toMatchObject({
        code: 'timeout',
      })
      await slow
      expect(await ref.log()).toEqual([1])
      expect(system.deadLetters.count('expired')).toBe(1)
    })

    test('AK-10: a cancelled ask is not begun, or its handler hears', async () => {
      const ref = system.spawn(home.counter(), undefined, { supervise: resume() })
      await ref.total()
      const running = new AbortController()
      const queued = new AbortController()
      const first = ref.slow({ ms: 60_000, value: 1 }, { signal: running.signal })
      const second = ref.slow({ ms: 1, value: 2 }, { signal: queued.signal })
      queued.abort()
      await expect(second).rejects.toMatchObject({ code: 'cancelled' })
      running.abort()
      await expect(first).rejects.toMatchObject({ code: 'cancelled' })
      expect(await ref.log()).toEqual([])
    })

    test('AK-11: a time-out ends the handler only when it was asked to', async () => {
      const ref = system.spawn(home.counter(), undefined, { supervise: resume() })
      await ref.total()
      const asked = ref.slow({ ms: 60_000, value: 1 }, { deadline: 50, cancelOnTimeout: true })
      await expect(asked).rejects.toMatchObject({ code: 'timeout' })
      expect(await ref.log()).toEqual([])
    })

    test('a stream comes whole and in order, and may be left', async () => {
      const ref = spawn()
      const items: number[] = []
      for await (const item of ref.count({ to: 100 })) items.push(item)
      expect(items).toEqual(Array.from({ length: 100 }, (_, at) => at + 1))
      for await (const item of ref.count({ to: 1_000_000 })) if (item === 50) break
      expect(await ref.total()).toBe(0)
    })

    test('SV-2: a resumed actor keeps its state, the failing message is gone', async () => {
      const ref = system.spawn(home.counter(), undefined, { supervise: resume() })
      ref.add({ by: 1 })
      ref.drop({ why: 'test' })
      ref.add({ by: 2 })
      expect(await ref.total()).toBe(3)
      expect((await ref.mood()).incarnation).toBe(1)
    })

    test('SV-3: a restart makes a new state from the same start and keeps the queue', async () => {
      const ref = system.spawn(home.counter({ start: 10 }), undefined, { supervise: restart() })
      ref.add({ by: 1 })
      ref.drop({ why: 'test' })
      for (let i = 0; i < 100; i++) ref.add({ by: 1 })
      expect(await ref.total()).toBe(110)
      expect((await ref.mood()).incarnation).toBe(2)
    })

    test('C2: without a policy a failure ends it, and its queue goes to dead letters', async () => {
      const ref = spawn({ name: 'brittle' })
      const ended = endOf(ref)
      ref.drop({ why: 'test' })
      const asked = ref.total()
      await expect(asked).rejects.toMatchObject({ code: 'stopped' })
      expect(await ended).toBe('failed')
      await expect(ref.total()).rejects.toMatchObject({ code: 'no_such_actor' })
    })

    test('SV-5: the policy of the definition itself holds, with its budget', async () => {
      const ref = system.spawn(home.sturdy())
      const ended = endOf(ref)
      ref.drop({ why: 'one' })
      ref.drop({ why: 'two' })
      expect((await ref.mood()).incarnation).toBe(3)
      ref.drop({ why: 'three' })
      expect(await ended).toBe('failed')
    })

    test('LC-14: a state that cannot be made ends it with the reason', async () => {
      const failed: unknown[] = []
      system.events.subscribe('actor.failed', ({ error }) => failed.push(error))
      const ref = system.spawn(home.stillborn())
      const ended = endOf(ref)
      await expect(ref.total()).rejects.toMatchObject({ code: 'stopped' })
      expect(await ended).toBe('failed')
      expect(failed.some((error) => hasCode(error, 'no_seed'))).toBe(true)
    })

    test('LC-3, LC-4: its name is taken while it lives and free afterwards', async () => {
      const ref = spawn({ name: 'unique' })
      expect(() => spawn({ name: 'unique' })).toThrow(/unique/)
      expect((await ref.mood()).path).toBe('/unique')
      await system.stop(ref)
      expect(await spawn({ name: 'unique' }).total()).toBe(0)
    })

    test('LC-8: a stop lets the turn end and sends the queue to dead letters', async () => {
      const ref = spawn()
      await ref.total()
      const running = ref.slow({ ms: 60_000, value: 1 }).catch((error: unknown) => error)
      const queued = ref.slow({ ms: 1, value: 2 })
      ref.add({ by: 1 })
      const ended = system.stop(ref)
      await expect(queued).rejects.toMatchObject({ code: 'stopped' })
      await ended
      expect(await running).toBeInstanceOf(Error)
      expect(system.deadLetters.count('stopped')).toBeGreaterThanOrEqual(2)
    })

    test('LC-9: a drained actor does what was queued, then ends', async () => {
      const ref = spawn()
      const answers = [1, 2, 3].map((value) => ref.slow({ ms: 5, value }))
      await system.stop(ref, { drain: true })
      expect(await Promise.all(answers)).toEqual([1, 2, 3])
      await expect(ref.total()).rejects.toMatchObject({ code: 'no_such_actor' })
    })

    test('an actor that ends by its own wish ends normally', async () => {
      const ref = spawn()
      const ended = endOf(ref)
      ref.finish()
      expect(await ended).toBe('normal')
    })

    test('AK-14: it cannot wait for itself, however long the way round', async () => {
      const first = system.spawn(home.peer(), undefined, { name: 'first' })
      const second = system.spawn(home.peer(), undefined, { name: 'second' })
      const outcome = await first.loop({ through: second, back: first })
      expect(outcome).toContain('deadlock')
    })

    test('OR-8: a ref works wherever it is sent, in both directions', async () => {
      const there = system.spawn(home.peer(), undefined, { name: 'peer' })
      const here = spawn({ name: 'told' })
      for (let by = 1; by <= 50; by++) there.addTo({ to: here, by })
      expect(await there.askTotal({ of: here })).toBe(1_275)
      const child = await there.child()
      expect(await child.total()).toBe(100)
      child.add({ by: 1 })
      expect(await child.total()).toBe(101)
      const myself = await there.myself()
      expect(myself).toBe(there)
      expect(await there.mine({ ref: there })).toBe(true)
      await expect(child.fail({ code: 'child_failed' })).rejects.toMatchObject({ code: 'faulted' })
    })

    test("WA-1, WA-2: it hears of the end of others, and others of its children's", async () => {
      const there = system.spawn(home.peer(), undefined, { name: 'peer' })
      const here = spawn({ name: 'mortal' })
      there.watch({ ref: here })
      await there.ended()
      await system.stop(here)
      await until(async () => (await there.ended()).length === 1)
      expect(await there.ended()).toEqual(['/mortal shutdown'])
      there.watch({ ref: here })
      await until(async () => (await there.ended()).length === 2)
      expect((await there.ended())[1]).toBe('/mortal no-such-actor')
      const child = await there.child()
      const ended = endOf(child)
      there.stopChild()
      expect(await ended).toBe('shutdown')
      await expect(child.total()).rejects.toMatchObject({ code: 'no_such_actor' })
    })

    test('JS-13: values arrive as they were sent', async () => {
      const ref = spawn()
      const value = {
        big: 2n ** 70n,
        date: new Date(5),
        map: new Map<unknown, unknown>([['a', new Set([1, -0])]]),
        floats: new Float64Array([NaN, -0, 1]),
        missing: undefined,
        negative: -0,
        nan: NaN,
        pattern: /x/gi,
        $shoal: 'ref',
        list: [[], {}],
      }
      expect(await ref.echo({ value })).toEqual(value)
      const error = await ref.echo({ value: new TypeError('kept') })
      expect(error).toBeInstanceOf(TypeError)
      const [self] = (await ref.echo({ value: [ref] })) as [AnyRef]
      expect(self).toBe(ref)
    })

    test('BI-1: a message that the protocol does not know is refused where it is sent', () => {
      const ref = spawn()
      const send = (name: string): unknown => sendByName(ref, Peer, { name })
      expect(() => send('nothing')).toThrow(/no message "nothing"/)
    })
  })
}

/** Resolves with the reason when the actor has ended. */
export function endOf(ref: AnyRef): Promise<string> {
  return new Promise((resolve) => {
    AnyRef.recipientOf(ref).addWatcher({ ended: (_, exit) => resolve(exit.reason) })
  })
}

async function until(test: () => Promise<boolean>): Promise<void> {
  while (!(await test()));
}
