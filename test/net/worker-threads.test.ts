/**
 * WorkerThreadsTest: what befalls an actor because it lives in a thread, and what it costs others.
 */
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  actor,
  ActorSystem,
  ask,
  protocol,
  type Ref,
  restart,
  resume,
  type SpawnOptions,
  transferring,
  workerActor,
} from '../../src/index.ts'
import { lookInThread } from '../../src/adapters/comlink/index.ts'
import { AnyRef } from '../../src/kernel/index.ts'
import { Counter, counter, type CounterMessages, Peer } from './thread-actors.ts'

const module = new URL('./thread-actors.ts', import.meta.url)
type Options = Omit<Parameters<typeof workerActor>[1], 'module' | 'export'>

let system: ActorSystem

beforeEach(async () => {
  system = await ActorSystem.start({ name: 'threads', askDeadline: '30s' })
})
afterEach(async () => {
  await system.terminate()
})

function spawn(options: SpawnOptions = {}, more: Options = {}): Ref<CounterMessages> {
  const def = workerActor(Counter, { module, export: 'counter', ...more })
  return system.spawn(def, undefined, options)
}

function endOf(ref: AnyRef): Promise<string> {
  return new Promise((resolve) => {
    AnyRef.recipientOf(ref).addWatcher({ ended: (_, exit) => resolve(exit.reason) })
  })
}

test('JS-4, fault 28: an endless loop is named, ended and restarted; the queue is kept', async () => {
  const stuck: unknown[] = []
  system.events.subscribe('actor.stuck', (event) => stuck.push(event))
  const ref = spawn({ name: 'loops', supervise: restart() }, { stuckAfter: 1_500 })
  await ref.total()
  const endless = ref.spin({ ms: 1e9 })
  for (let by = 1; by <= 10; by++) ref.add({ by })
  await expect(endless).rejects.toMatchObject({ code: 'worker_stuck', detail: { message: 'spin' } })
  expect(await ref.log()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  expect(stuck).toEqual([{ path: '/loops', message: 'spin', afterMs: 1_500 }])
  expect((await ref.mood()).incarnation).toBe(2)
})

test('MB-1: when its thread dies, what was not begun comes to the next, once and in order', async () => {
  const ref = spawn({ supervise: restart() })
  await ref.total()
  for (let by = 1; by <= 200; by++) ref.add({ by })
  ref.exit({ code: 7 })
  const after = Array.from({ length: 3_000 }, (_, at) => at)
  for (const by of after) ref.add({ by })
  expect(await ref.log()).toEqual(after)
})

test('a thread that ends is started again without a policy of its own, not for ever', async () => {
  const ref = spawn()
  expect((await ref.mood()).incarnation).toBe(1)
  ref.exit({ code: 1 })
  expect((await ref.mood()).incarnation).toBe(2)
  const limited = spawn({ supervise: restart({ max: 1, within: '1min' }) })
  const ended = endOf(limited)
  await limited.total()
  limited.exit({ code: 1 })
  await limited.total()
  limited.exit({ code: 1 })
  expect(await ended).toBe('failed')
})

test('SV-14: an actor whose thread died is never resumed', async () => {
  const ref = spawn({ supervise: resume() })
  const ended = endOf(ref)
  await ref.total()
  await ref.fail({ code: 'kept' }).catch(() => {})
  ref.exit({ code: 1 })
  expect(await ended).toBe('failed')
})

test('an ask that was being handled when the thread died ends as worker_exited', async () => {
  const ref = spawn()
  await expect(ref.die({ code: 5 })).rejects.toMatchObject({
    code: 'worker_exited',
    detail: { exitCode: 5 },
  })
  expect(await ref.total()).toBe(0)
})

test('fault 28: a thread that uses too much heap takes nobody along', async () => {
  const failed: unknown[] = []
  system.events.subscribe('actor.failed', ({ error }) => failed.push(error))
  const ref = spawn({ supervise: restart() }, { memoryMb: 32 })
  const neighbour = spawn()
  neighbour.add({ by: 1 })
  ref.hoard()
  expect(await ref.total()).toBe(0)
  expect(await neighbour.total()).toBe(1)
  expect(failed[0]).toMatchObject({
    code: 'worker_exited',
    cause: { code: 'ERR_WORKER_OUT_OF_MEMORY' },
  })
})

test('JS-8: a transferred buffer has one owner, from the call on', async () => {
  const one = spawn()
  const two = spawn()
  const bytes = new Uint8Array(100)
  const payload = { bytes }
  const answer = one.bytes(transferring(payload, [bytes.buffer]))
  expect(bytes.byteLength).toBe(0)
  await expect(two.bytes(payload)).rejects.toMatchObject({ code: 'transfer_refused' })
  expect(() => transferring(payload, [bytes.buffer])).toThrow(/one owner/)
  expect(await answer).toBe(100)
})

test('BI-1: what cannot cross is refused where it is sent, with its path', async () => {
  const ref = spawn()
  const unfit = { value: { list: [1, () => 1] } }
  await expect(ref.echo(unfit)).rejects.toMatchObject({
    code: 'payload_not_cloneable',
    detail: { place: 'payload of echo.value.list[1]' },
  })
  const by = (() => 1) as unknown as number
  expect(() => ref.add({ by })).toThrow(/payload of add\.by is a function/)
  await expect(ref.unfit()).rejects.toMatchObject({ code: 'payload_not_cloneable' })
  expect(await ref.total()).toBe(0)
})

test('BI-1: a module that cannot be one is named, and the actor ends', async () => {
  const at = (options: { module?: URL; export?: string }): Ref<CounterMessages> =>
    system.spawn(workerActor(Counter, { module, export: 'counter', ...options }))
  const causes: unknown[] = []
  system.events.subscribe('actor.failed', ({ error }) => causes.push(error))
  const wrong = [
    at({ export: 'missing' }),
    at({ export: 'peer' }),
    at({ export: 'notAnActor' }),
    at({ module: new URL('./nowhere.ts', import.meta.url) }),
  ]
  expect(await Promise.all(wrong.map(endOf))).toEqual(['failed', 'failed', 'failed', 'failed'])
  expect(causes).toHaveLength(4)
  for (const cause of causes) expect(cause).toMatchObject({ code: 'worker_module_invalid' })
})

test('LC-13: a thread that is busy when the grace is over is ended, and says so', async () => {
  const ref = spawn()
  await ref.total()
  const ended = endOf(ref)
  const asked = ref.spin({ ms: 1e9 })
  await expect(ref.total(undefined, { deadline: 200 })).rejects.toMatchObject({ code: 'timeout' })
  await Promise.all([
    expect(asked).rejects.toMatchObject({ code: 'stopped' }),
    system.stop(ref, { grace: 200 }),
  ])
  expect(await ended).toBe('killed')
})

test('LC-7: a parent that stops takes the thread of its child along', async () => {
  const Parent = protocol('test.parent/1', { open: ask<void, number>() })
  const parent = actor(Parent, {
    state: (_: void, ctx): Ref<CounterMessages> =>
      ctx.spawn(workerActor(Counter, { module, export: 'counter' }), undefined, { name: 'kid' }),
    on: { open: (kid) => kid.total() },
  })
  const ref = system.spawn(parent, undefined, { name: 'parent' })
  expect(await ref.open()).toBe(0)
  const kid = system.find('/parent/kid')
  if (kid === null) throw new Error('The child is missing')
  const ended = endOf(kid)
  await system.stop(ref)
  expect(await ended).toBe('shutdown')
})

test('a native call is never ended: its thread is let go, the actor goes on in another', async () => {
  const ref = spawn({ supervise: restart() }, { stuckAfter: 1_000, native: true })
  await ref.total()
  const blocked = ref.block({ ms: 5_000 })
  ref.add({ by: 1 })
  await expect(blocked).rejects.toMatchObject({ code: 'worker_stuck' })
  expect(await ref.log()).toEqual([1])
})

test('MB-4: what a busy thread cannot take waits here, under the policy of its queue', async () => {
  const ref = spawn({ mailbox: { capacity: 50, onFull: 'drop-new' } })
  await ref.total()
  const busy = ref.spin({ ms: 500 })
  for (let at = 0; at < 40; at++) {
    for (let by = 0; by < 50; by++) ref.add({ by })
    await Promise.resolve()
  }
  await busy
  const { length } = await ref.log()
  expect(length + system.deadLetters.count('mailbox-full')).toBe(2_000)
  expect(system.deadLetters.count('mailbox-full')).toBeGreaterThan(0)
})

test('OB-2: a trace goes through a thread, and shows the turn that failed there', async () => {
  const turns: unknown[] = []
  const traced = await ActorSystem.start({
    name: 'traced',
    askDeadline: '30s',
    tracer: {
      inject: (parent) => parent ?? { id: 'first' },
      turnEnded: (trace, message, at, error) => {
        turns.push([trace, message.name, at.path, (error as Error | null)?.message ?? null])
      },
    },
  })
  const there = traced.spawn(workerActor(Peer, { module, export: 'peer' }), undefined, {
    name: 'there',
  })
  const here = traced.spawn(counter, { start: 5 }, { name: 'here' })
  expect(await there.askTotal({ of: here })).toBe(5)
  const failing = traced.spawn(workerActor(Counter, { module, export: 'counter' }), undefined, {
    name: 'failing',
  })
  await failing.fail({ code: 'seen' }).catch(() => {})
  await traced.terminate()
  const trace = { id: 'first' }
  expect(turns).toContainEqual([trace, 'total', '/here', null])
  expect(turns).toContainEqual([trace, 'askTotal', '/there', null])
  expect(turns).toContainEqual([trace, 'fail', '/failing', 'It failed with seen'])
})

test('OB-1: whoever may look sees the actor as it is in its thread', async () => {
  const ref = spawn({ name: 'seen' })
  ref.add({ by: 4 })
  await ref.total()
  expect(await lookInThread(ref)).toMatchObject({
    path: '/seen',
    incarnation: 1,
    processed: 2,
    queued: 0,
    state: { total: 4, log: [4] },
  })
  await system.stop(ref)
  expect(await lookInThread(ref)).toBeNull()
})
