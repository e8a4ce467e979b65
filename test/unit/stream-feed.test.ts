/**
 * StreamFeed: a bounded queue between handlers and one reader, with a named end for a slow one.
 */
import { describe, expect, test } from 'vitest'
import {
  actor,
  EdgeError,
  type Feed,
  feed,
  protocol,
  restart,
  stream,
  tell,
} from '../../src/kernel/index.ts'
import { type TestKit, testSystem } from '../../src/testing/index.ts'

/** All that a feed still has. */
async function rest<T>(items: Feed<T>): Promise<T[]> {
  const got: T[] = []
  for await (const item of items) got.push(item)
  return got
}

describe('policies', () => {
  test.for([
    { onFull: undefined, pushed: [true, true, false, false], kept: [3, 4], dropped: 2 },
    { onFull: 'drop-old' as const, pushed: [true, true, false, false], kept: [3, 4], dropped: 2 },
    { onFull: 'drop-new' as const, pushed: [true, true, false, false], kept: [1, 2], dropped: 2 },
    { onFull: 'close' as const, pushed: [true, true, false, false], kept: [1, 2], dropped: 1 },
  ])('a full feed with $onFull keeps $kept', async ({ onFull, pushed, kept, dropped }) => {
    const items = feed<number>({ capacity: 2, ...(onFull === undefined ? {} : { onFull }) })
    expect([1, 2, 3, 4].map((item) => items.push(item))).toEqual(pushed)
    expect(items.dropped).toBe(dropped)
    expect(items.closed).toBe(onFull === 'close')
    items.close()
    expect(await rest(items)).toEqual(kept)
  })

  test('a waiting reader takes an item past the queue', async () => {
    const items = feed<number>({ capacity: 1 })
    const steps = [items.next(), items.next()]
    expect([items.push(1), items.push(2), items.push(3), items.push(4)]).toEqual([
      true,
      true,
      true,
      false,
    ])
    expect(await Promise.all(steps)).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
    ])
  })

  test('undefined is an item like others', async () => {
    const items = feed<undefined | number>({ capacity: 3 })
    items.push(undefined)
    items.push(1)
    items.close()
    expect(await rest(items)).toEqual([undefined, 1])
  })

  test('a closed feed takes nothing, and closes once', () => {
    const closed: string[] = []
    const items = feed<number>({ capacity: 1, onClose: () => closed.push('closed') })
    items.close()
    items.close()
    items.fail(new Error('late'))
    expect(items.push(1)).toBe(false)
    expect(closed).toEqual(['closed'])
    expect(items.refusal).toBeNull()
  })

  test('everybody who waits hears of the end', async () => {
    const items = feed<number>({ capacity: 1 })
    const steps = [items.next(), items.next()]
    items.close()
    expect(await Promise.all(steps)).toEqual([{ done: true }, { done: true }])
  })

  test.for([0, -1, 1.5, Number.NaN, Infinity])('a capacity of %d is refused', (capacity) => {
    expect(() => feed({ capacity })).toThrow(expect.objectContaining({ code: 'invalid_option' }))
  })
})

const Bus = protocol('test.bus/1', {
  follow: stream<'drop-old' | 'drop-new' | 'close', number>(),
  shared: stream<void, number>(),
  emit: tell<number>(),
  finish: tell<Error | undefined>(),
  fail: tell(),
})

interface Followers {
  readonly all: Set<Feed<number>>
  readonly shared: Feed<number>
}

const capacity = 4

const bus = actor(Bus, {
  state: (): Followers => ({ all: new Set(), shared: feed({ capacity }) }),
  on: {
    follow: (state, onFull) => {
      const items: Feed<number> = feed({
        capacity,
        onFull,
        onClose: () => void state.all.delete(items),
      })
      state.all.add(items)
      return items
    },
    shared: (state) => state.shared,
    emit: (state, item) => {
      for (const items of state.all) items.push(item)
    },
    finish: (state, error) => {
      for (const items of state.all) {
        if (error === undefined) items.close()
        else items.fail(error)
      }
    },
    fail: () => {
      throw new Error('asked to')
    },
  },
})

async function open() {
  const feeds: Followers[] = []
  let look: (path: string) => Promise<number> = () => Promise.resolve(-1)
  const kit = await testSystem({
    seed: 31,
    log: false,
    grant: ({ operator }) => {
      look = async (path) => {
        await operator.replaceState(path, (state) => {
          feeds.push(state as Followers)
          return state
        })
        return feeds.at(-1)?.all.size ?? -1
      }
    },
  })
  const ref = kit.spawn(bus, undefined, { name: 'bus', supervise: restart() })
  return { kit, ref, followers: () => kit.run(look('/bus')) }
}

async function read(kit: TestKit, items: AsyncIterator<number>, many: number): Promise<number[]> {
  const got: number[] = []
  while (got.length < many) {
    const step = await kit.run(items.next())
    if (step.done === true) break
    got.push(step.value)
  }
  return got
}

describe('as the source of a stream', () => {
  test('what handlers push, readers get; a slow one loses what the policy says', async () => {
    const { kit, ref } = await open()
    const items = ref.follow('drop-new')
    await kit.settle()
    for (let i = 0; i < 100; i++) ref.emit(i)
    await kit.settle()
    ref.finish(undefined)
    const got = await read(kit, items, Infinity)
    expect(got.slice(0, 16)).toEqual(Array.from({ length: 16 }, (_, i) => i))
    // The window of the stream, and the feed behind it.
    expect(got).toHaveLength(16 + capacity)
    await kit.stop()
  })

  test('a reader that is cut off for being slow hears that it was', async () => {
    const { kit, ref } = await open()
    const items = ref.follow('close')
    await kit.settle()
    for (let i = 0; i < 100; i++) ref.emit(i)
    await kit.settle()
    await read(kit, items, 16 + capacity)
    await expect(kit.run(items.next())).rejects.toMatchObject({ code: 'overloaded' })
    await kit.stop()
  })

  test('a feed that fails ends the stream with its error; the actor has not failed', async () => {
    const { kit, ref } = await open()
    const failures: string[] = []
    kit.system.events.subscribe('actor.failed', ({ path }) => failures.push(path))
    const items = ref.follow('drop-old')
    ref.emit(7)
    ref.finish(new EdgeError('topic_gone', 'The topic is gone'))
    expect(await read(kit, items, 1)).toEqual([7])
    await expect(kit.run(items.next())).rejects.toMatchObject({ code: 'topic_gone' })
    expect(failures).toEqual([])
    await kit.stop()
  })

  test('a reader that leaves is forgotten by the actor', async () => {
    const { kit, ref, followers } = await open()
    const loop = async (): Promise<number> => {
      for await (const item of ref.follow('drop-old')) return item
      return -1
    }
    const got = loop()
    await kit.settle()
    expect(await followers()).toBe(1)
    ref.emit(1)
    expect(await kit.run(got)).toBe(1)
    await kit.settle()
    expect(await followers()).toBe(0)
    await kit.stop()
  })

  test('a restart ends the streams of the old incarnation', async () => {
    const { kit, ref } = await open()
    const items = ref.follow('drop-old')
    await kit.settle()
    ref.fail()
    ref.emit(1)
    await expect(kit.run(items.next())).rejects.toMatchObject({ code: 'stopped' })
    await kit.stop()
  })

  test('a feed that is given to a second reader is refused, and the first goes on', async () => {
    const { kit, ref } = await open()
    const first = ref.shared()
    await kit.settle()
    await expect(kit.run(ref.shared().next())).rejects.toMatchObject({
      code: 'faulted',
      cause: { code: 'feed_taken' },
    })
    await expect(kit.run(first.next())).rejects.toMatchObject({ code: 'stopped' })
    await kit.stop()
  })
})
