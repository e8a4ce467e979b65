/**
 * Stream: many answers at the pace of the reader, who may leave at any time.
 */
import { describe, expect, test } from 'vitest'
import { nodeRuntime } from '../../src/adapters/node-runtime/index.ts'
import {
  actor,
  ActorSystem,
  AnyRef,
  Envelope,
  protocol,
  restart,
  type Sink,
  stream,
  type Tap,
} from '../../src/kernel/index.ts'
import { open, read, Source, window } from './stream-source.ts'

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
          tap.grant(3)
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
      expect(greedy.items).toBe(credit > 0 ? 1_024 : 3)
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
