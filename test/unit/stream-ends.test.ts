/**
 * StreamEnds: how a stream ends with its source, its deadline or its chain of calls.
 */
import { describe, expect, test } from 'vitest'
import {
  actor,
  ask,
  type Policy,
  protocol,
  restart,
  resume,
  runningTurn,
} from '../../src/kernel/index.ts'
import { open, read, window } from './stream-source.ts'

describe('ends of the source', () => {
  test('an actor that stops ends its streams: what was sent is read, then stopped', async () => {
    const { kit, seen, ref } = await open()
    const items = ref.count()
    await kit.settle()
    await kit.run(kit.system.stop(ref))
    const got: number[] = []
    const all = async (): Promise<void> => {
      for await (const item of items) got.push(item)
    }
    await expect(kit.run(all())).rejects.toMatchObject({ code: 'stopped' })
    expect(got).toHaveLength(window)
    expect(seen.left).toEqual(['count'])
    await kit.stop()
  })

  test.for<{ what: string; policy: Policy; code: string }>([
    { what: 'restarts', policy: restart(), code: 'stopped' },
    { what: 'ends', policy: restart({ max: 0 }), code: 'stopped' },
  ])('an actor that fails and $what ends its streams', async ({ policy, code }) => {
    const { kit, ref } = await open(policy)
    const items = ref.count()
    await kit.settle()
    ref.fail()
    await kit.settle()
    await read(kit, items, window)
    await expect(kit.run(items.next())).rejects.toMatchObject({ code })
    await kit.stop()
  })

  test('SV-2: an actor that fails and is resumed keeps its streams', async () => {
    const { kit, ref } = await open(resume())
    const items = ref.count()
    await read(kit, items, 3)
    ref.fail()
    expect(await read(kit, items, 50)).toHaveLength(50)
    await kit.stop()
  })

  test('SV-13: a source that fails tells its reader and is supervised', async () => {
    const { kit, ref } = await open(restart())
    const restarts: number[] = []
    kit.system.events.subscribe('actor.restarted', ({ incarnation }) => restarts.push(incarnation))
    const items = ref.fails(3)
    expect(await read(kit, items, 3)).toEqual([0, 1, 2])
    await expect(kit.run(items.next())).rejects.toMatchObject({
      code: 'faulted',
      cause: { message: 'the source broke' },
    })
    await kit.settle()
    expect(restarts).toEqual([2])
    await kit.stop()
  })

  test('the end of the system ends every stream', async () => {
    const { kit, ref } = await open()
    const items = ref.waits()
    const waiting = Promise.allSettled([items.next()])
    await kit.settle()
    await kit.stop()
    expect(await waiting).toMatchObject([{ status: 'rejected', reason: { code: 'stopped' } }])
  })

  test.for<{ what: unknown }>([
    { what: undefined },
    { what: 42 },
    { what: { [Symbol.asyncIterator]: 1 } },
    {
      what: {
        [Symbol.iterator]: () => {
          throw new Error('no iterator')
        },
      },
    },
    { what: { [Symbol.iterator]: () => ({ next: () => 5 }) } },
    { what: { [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve(null) }) } },
  ])('a handler that answers with $what ends the stream by name', async ({ what }) => {
    const { kit, ref } = await open(restart())
    const items = ref.odd(what)
    await expect(kit.run(items.next())).rejects.toMatchObject({ code: 'faulted' })
    expect(await kit.run(ref.get())).toBe(0)
    await kit.stop()
  })
})

describe('deadlines and chains', () => {
  test('AK-5: a stream that is not opened in time ends with timeout', async () => {
    const { kit, seen, ref } = await open()
    ref.hold()
    const items = ref.count(undefined, { deadline: 200 })
    await expect(kit.run(items.next())).rejects.toMatchObject({ code: 'timeout' })
    expect(kit.clock.now()).toBe(200)
    expect(seen.produced).toBe(0)
    await kit.stop()
  })

  test('the deadline is for opening alone: a slow source has all the time it needs', async () => {
    const { kit, ref } = await open()
    const items = ref.waits(undefined, { deadline: 200 })
    const outcome = { settled: false }
    const settled = (): void => {
      outcome.settled = true
    }
    void items.next().then(settled, settled)
    await kit.advance('10h')
    expect(outcome.settled).toBe(false)
    await kit.stop()
  })

  test('AK-7: a deadline that is none opens nothing', async () => {
    const { kit, ref } = await open()
    for (const deadline of [0, -1, Number.NaN]) {
      const items = ref.count(undefined, { deadline })
      await expect(kit.run(items.next())).rejects.toMatchObject({ code: 'invalid_deadline' })
    }
    await kit.stop()
  })

  test('AK-2: a stream of an actor that is gone ends at once', async () => {
    const { kit, ref } = await open()
    await kit.run(kit.system.stop(ref))
    await expect(kit.run(ref.count().next())).rejects.toMatchObject({ code: 'no_such_actor' })
    expect(kit.clock.now()).toBe(0)
    await kit.stop()
  })

  test('AK-14: an actor that reads its own stream in a serial turn is told at once', async () => {
    const { kit, ref } = await open()
    expect(await kit.run(ref.own())).toBe('deadlock')
    expect(kit.clock.now()).toBe(0)
    await kit.stop()
  })

  test('AK-14: a source that asks whoever waits for it is told at once', async () => {
    const { kit, ref } = await open()
    const Reader = protocol('test.reader/1', { go: ask<void, number>(), one: ask<void, number>() })
    const reader = actor(Reader, {
      state: () => null,
      on: {
        go: async (_state, _none, ctx) => {
          for await (const item of ref.asksBack(() => ctx.self.one())) return item
          return 0
        },
        one: () => 1,
      },
    })
    const asked = kit.spawn(reader, undefined, { name: 'reader' }).go()
    await expect(kit.run(asked)).rejects.toThrow(/could never be answered/)
    expect(kit.clock.now()).toBe(0)
    await kit.stop()
  })

  test('a source may ask its own actor, which is not in a turn', async () => {
    const { kit, ref } = await open()
    const items = ref.asksBack(() => ref.get())
    expect(await read(kit, items, 1)).toEqual([0])
    await kit.stop()
  })

  test('a source runs in no turn of its reader', async () => {
    const { kit, ref } = await open()
    const seen: string[] = []
    const mine = function* (): Generator<number> {
      for (let i = 0; i < 40; i++) {
        const turn = runningTurn(kit.system.carrier)
        seen.push(`${turn?.path} ${turn?.message}`)
        yield i
      }
    }
    const Reader = protocol('test.reader/1', { go: ask<void, number>() })
    const reader = actor(Reader, {
      state: () => null,
      on: {
        go: async () => {
          let sum = 0
          for await (const item of ref.odd(mine())) sum += item
          return sum
        },
      },
    })
    expect(await kit.run(kit.spawn(reader).go())).toBe(780)
    expect(new Set(seen)).toEqual(new Set(['/source stream']))
    await kit.stop()
  })
})
