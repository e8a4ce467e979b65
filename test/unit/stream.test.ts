/**
 * Stream: many answers at the pace of the reader, and an end in every case.
 */
import { describe, expect, test } from 'vitest'
import { nodeRuntime } from '../../src/adapters/node-runtime/index.ts'
import {
  actor,
  ActorSystem,
  AnyRef,
  ask,
  type Context,
  type EdgeError,
  Envelope,
  type Policy,
  protocol,
  restart,
  resume,
  runningTurn,
  type Sink,
  stream,
  type Tap,
  tell,
} from '../../src/kernel/index.ts'
import { type TestKit, testSystem } from '../../src/testing/index.ts'

const Source = protocol('test.source/1', {
  count: stream<void, number>(),
  list: stream<readonly number[], number>(),
  waits: stream<void, number>(),
  fails: stream<number, number>(),
  failsLeft: stream<void, number>(),
  asksBack: stream<() => Promise<number>, number>(),
  odd: stream<unknown, number>(),
  get: ask<void, number>(),
  own: ask<void, string>(),
  hold: tell(),
  fail: tell(),
})
type SourceContext = Context<(typeof Source)['messages'], State>

/** What the test sees of a source: how far it came, and how it was left. */
class State {
  produced = 0
  left: string[] = []
  aborted = 0
}

const window = 16

function source(seen: State) {
  return actor(Source, {
    state: () => seen,
    on: {
      count: async function* (state: State, _none: void, ctx: SourceContext) {
        const { signal } = ctx
        signal.addEventListener('abort', () => state.aborted++)
        try {
          for (;;) {
            await Promise.resolve()
            yield state.produced++
          }
        } finally {
          state.left.push('count')
        }
      },
      list: (_state, items) => items,
      waits: async function* (state: State) {
        try {
          await new Promise(() => {})
          yield 1
        } finally {
          state.left.push('waits')
        }
      },
      fails: async function* (_state: State, after: number) {
        for (let i = 0; i < after; i++) yield await Promise.resolve(i)
        throw new Error('the source broke')
      },
      failsLeft: function* () {
        try {
          for (;;) yield 1
        } finally {
          // oxlint-disable-next-line no-unsafe-finally -- that is what is tested
          throw new Error('left badly')
        }
      },
      asksBack: async function* (_state: State, back: () => Promise<number>) {
        yield await back()
      },
      odd: (_state, what) => what as number[],
      get: (state) => state.produced,
      own: async (_state, _none, ctx) => {
        try {
          for await (const item of ctx.self.list([1])) return `read ${item}`
          return 'nothing'
        } catch (error) {
          return (error as EdgeError).code
        }
      },
      hold: () => new Promise<void>(() => {}),
      fail: () => {
        throw new Error('asked to')
      },
    },
  })
}

async function open(supervise?: Policy) {
  const kit = await testSystem({ seed: 21, log: false })
  const seen = new State()
  const options = { name: 'source', grace: 100, ...(supervise === undefined ? {} : { supervise }) }
  return { kit, seen, ref: kit.spawn(source(seen), undefined, options) }
}

/** Read so many items, or what there is. */
async function read(kit: TestKit, items: AsyncIterator<number>, many: number): Promise<number[]> {
  const got: number[] = []
  while (got.length < many) {
    const step = await kit.run(items.next())
    if (step.done === true) break
    got.push(step.value)
  }
  return got
}

describe('credit', () => {
  test('never more than the window is under way, however slow the reader', async () => {
    const { kit, seen, ref } = await open()
    const items = ref.count()
    await kit.advance('1h')
    expect(seen.produced).toBe(window)
    for (let consumed = 1; consumed <= 100; consumed++) {
      await read(kit, items, 1)
      await kit.advance('1min')
      expect(seen.produced - consumed).toBeLessThanOrEqual(window)
    }
    await kit.stop()
  })

  test('every item arrives once and in order', async () => {
    const { kit, ref } = await open()
    const sent = Array.from({ length: 1_000 }, (_, i) => i)
    expect(await read(kit, ref.list(sent), Infinity)).toEqual(sent)
    expect(await read(kit, ref.list([]), Infinity)).toEqual([])
    await kit.stop()
  })

  test('several that wait for an item are served in their order', async () => {
    const { kit, ref } = await open()
    const items = ref.list([1, 2])
    const steps = await kit.run(Promise.all([items.next(), items.next(), items.next()]))
    expect(steps.map(({ value }) => value as unknown)).toEqual([1, 2, undefined])
    await kit.stop()
  })

  test('two readers have a stream each, and the actor answers meanwhile', async () => {
    const { kit, seen, ref } = await open()
    const [one, two] = [ref.count(), ref.count()]
    await read(kit, one, 20)
    await read(kit, two, 20)
    expect(await kit.run(ref.get())).toBe(seen.produced)
    await kit.run(Promise.resolve(one.return?.()))
    expect(await read(kit, two, 20)).toHaveLength(20)
    await kit.stop()
  })

  test.for([Number.NaN, -5, 0, 1e9])(
    'a credit of %d buys no more than is allowed',
    async (credit) => {
      const { kit, seen, ref } = await open()
      class Greedy extends Envelope implements Sink {
        items = 0
        opened(tap: Tap): void {
          tap.grant(credit)
        }
        item(): void {
          this.items++
        }
        end(): void {}
      }
      const greedy = new Greedy(null)
      const [message] = Source.table
      if (message !== undefined) AnyRef.recipientOf(ref).accept(message, undefined, greedy)
      await kit.settle()
      expect(greedy.items).toBe(credit > 0 ? 1_024 : 0)
      expect(seen.produced).toBe(greedy.items)
      await kit.stop()
    },
  )

  test('MB-11, JS-14: a source and a reader that never wait starve nobody', async () => {
    const system = await ActorSystem.start({ name: 'busy', runtime: nodeRuntime() })
    const Endless = protocol('test.endless/1', { all: stream<void, number>() })
    const endless = actor(Endless, {
      state: () => null,
      on: {
        all: function* () {
          for (let i = 0; ; i++) yield i
        },
      },
    })
    const ref = system.spawn(endless)
    const over = { now: false }
    const timer = setTimeout(() => {
      over.now = true
    }, 10)
    let items = 0
    for await (const item of ref.all()) {
      expect(item).toBe(items++)
      if (over.now || items > 5_000_000) break
    }
    clearTimeout(timer)
    expect(over.now).toBe(true)
    await system.terminate()
  })
})

describe('leaving', () => {
  test('a reader that no longer listens hears nothing and brings nothing down', async () => {
    const { kit, ref } = await open()
    const unheard: unknown[] = []
    const hear = (error: unknown): void => void unheard.push(error)
    process.on('unhandledRejection', hear)
    const items = ref.waits()
    void items.next()
    await kit.settle()
    await kit.run(kit.system.stop(ref))
    void items.next()
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', hear)
    expect(unheard).toEqual([])
    await kit.stop()
  })

  test('a reader that leaves the loop ends the source, and its signal says so', async () => {
    const { kit, seen, ref } = await open()
    const loop = async (): Promise<number> => {
      for await (const item of ref.count()) if (item === 5) return item
      return -1
    }
    expect(await kit.run(loop())).toBe(5)
    await kit.settle()
    expect(seen).toMatchObject({ left: ['count'], aborted: 1 })
    const { produced } = seen
    await kit.advance('1h')
    expect(seen.produced).toBe(produced)
    await kit.stop()
  })

  test('a stream that is left before its turn came is never opened', async () => {
    const { kit, seen, ref } = await open()
    ref.hold()
    await kit.settle()
    const items = ref.count()
    const waiting = items.next()
    void items.return?.()
    expect(await kit.run(waiting)).toEqual({ done: true, value: undefined })
    await kit.run(kit.system.stop(ref))
    expect(seen.produced).toBe(0)
    await kit.stop()
  })

  test('a source that never yields is left at once', async () => {
    const { kit, ref } = await open()
    const items = ref.waits()
    const waiting = items.next()
    await kit.advance('1h')
    void items.return?.()
    expect(await kit.run(waiting)).toEqual({ done: true, value: undefined })
    expect(await kit.run(ref.get())).toBe(0)
    await kit.stop()
  })

  test('nothing arrives after the reader has left, not even what was buffered', async () => {
    const { kit, ref } = await open()
    const items = ref.count()
    await kit.settle()
    await kit.run(Promise.resolve(items.return?.()))
    expect(await kit.run(items.next())).toEqual({ done: true, value: undefined })
    await kit.stop()
  })

  test.for(['queued', 'opening', 'reading'] as const)(
    'AK-10: a signal that is aborted while %s ends the stream with cancelled',
    async (when) => {
      const { kit, seen, ref } = await open()
      const controller = new AbortController()
      if (when === 'queued') ref.hold()
      const items = ref.count(undefined, { signal: controller.signal })
      if (when === 'reading') await read(kit, items, 5)
      else await kit.settle()
      controller.abort(new Error('enough'))
      await expect(kit.run(items.next())).rejects.toMatchObject({
        code: 'cancelled',
        cause: { message: 'enough' },
      })
      await kit.settle()
      expect(seen.left).toEqual(when === 'queued' ? [] : ['count'])
      await kit.stop()
    },
  )

  test('AK-10: a signal that was aborted before sends nothing', async () => {
    const { kit, seen, ref } = await open()
    const items = ref.count(undefined, { signal: AbortSignal.abort() })
    await expect(kit.run(items.next())).rejects.toMatchObject({ code: 'cancelled' })
    expect(seen.produced).toBe(0)
    await kit.stop()
  })

  test('SV-13: a source that fails when it is left fails its actor', async () => {
    const { kit, ref } = await open(restart())
    const failures: string[] = []
    kit.system.events.subscribe('actor.failed', ({ error }) => failures.push(String(error)))
    const items = ref.failsLeft()
    await read(kit, items, 1)
    expect(await kit.run(Promise.resolve(items.return?.()))).toMatchObject({ done: true })
    await kit.settle()
    expect(failures).toEqual(['Error: left badly'])
    await kit.stop()
  })
})

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
