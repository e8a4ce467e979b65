/**
 * Tracing: a trace crosses asks, tells, streams and timers, and shows each hop (OB-2).
 */
import { describe, expect, test } from 'vitest'
import { MemoryTracer, type TracerOptions } from '../../src/adapters/memory/index.ts'
import {
  actor,
  ask,
  type Context,
  protocol,
  type RefOf,
  stream,
  tell,
} from '../../src/kernel/index.ts'
import { type TestKit, testSystem, VirtualTime } from '../../src/testing/index.ts'

type How = 'ask' | 'await' | 'tell' | 'stream' | 'timer'
interface Step {
  readonly how: readonly How[]
  readonly ends: 'well' | 'badly' | 'never'
}

const Link = protocol('test.link/1', {
  go: ask<Step, string>(),
  pass: ask<void, string>(),
  told: tell<Step>(),
  items: stream<Step, string>(),
})
type LinkRef = RefOf<typeof Link>
type LinkContext = Context<(typeof Link)['messages'], State>
interface State {
  readonly next: LinkRef | null
}

async function step(state: State, { how, ends }: Step, ctx: LinkContext): Promise<string> {
  const [first, ...left] = how
  const { next } = state
  if (first === undefined || next === null) return end(ends)
  const rest = { how: left, ends }
  if (first === 'tell') next.told(rest)
  else if (first === 'timer') ctx.after('later', 5, 'told', rest)
  else if (first === 'await') {
    await Promise.resolve()
    await next.go(rest)
  } else if (first === 'stream') {
    for await (const item of next.items(rest)) return item
  } else return next.go(rest)
  return 'sent on'
}

function end(ends: Step['ends']): string | Promise<string> {
  if (ends === 'badly') throw new Error('the end of the chain')
  return ends === 'well' ? 'done' : new Promise(() => {})
}

const link = actor(Link, {
  state: (init: { next: LinkRef | null }): State => init,
  on: {
    go: async (state, message, ctx) => step(state, message, ctx),
    pass: (state, _message, ctx) => (state.next === null ? 'passed' : ctx.forward(state.next)),
    told: async (state, message, ctx) => void (await step(state, message, ctx)),
    items: async function* (state, { how, ends }, ctx) {
      yield await step(state, { how, ends }, ctx)
    },
  },
})

interface Chain {
  readonly kit: TestKit
  readonly tracer: MemoryTracer
  readonly first: LinkRef
}

/** Actors in a row: /a knows /b, /b knows /c, and so on. */
async function chain(names: readonly string[], options: Partial<TracerOptions> = {}) {
  const time = new VirtualTime()
  const tracer = new MemoryTracer({ clock: time.clock, ...options })
  const kit = await testSystem({ seed: 11, time, tracer, log: false })
  let first: LinkRef | null = null
  for (const name of names.toReversed()) first = kit.spawn(link, { next: first }, { name })
  return { kit, tracer, first: first as LinkRef } satisfies Chain
}

describe('OB-2', () => {
  test('OB-2: the trace of a failing ask shows each hop, the one that failed as well', async () => {
    const { kit, tracer, first } = await chain(['a', 'b', 'c'])
    const asked = first.go({ how: ['ask', 'await'], ends: 'badly' })
    await expect(kit.run(asked)).rejects.toMatchObject({ code: 'faulted' })
    const failed = (path: string): string => `${path} failed while it handled go`
    expect(tracer.textOf(1)).toBe(
      [
        `go → /a failed: ${failed('/b')}: ${failed('/c')}: the end of the chain`,
        `  go → /b failed: ${failed('/c')}: the end of the chain`,
        '    go → /c failed: the end of the chain',
      ].join('\n'),
    )
    await kit.stop()
  })

  test('OB-2: a hop that never came to its turn is shown as such', async () => {
    const { kit, tracer, first } = await chain(['a', 'b'])
    const second = kit.system.find('/b') as LinkRef
    second.told({ how: [], ends: 'never' })
    await kit.settle()
    const asked = first.go({ how: ['ask'], ends: 'well' }, { deadline: 100 })
    await expect(kit.run(asked)).rejects.toMatchObject({ code: 'timeout' })
    await kit.settle()
    expect(tracer.textOf(2)).toMatch(
      /^go → \/a failed: Ask go to \/b .*\n {2}go → \/b not processed$/,
    )
    await kit.stop()
  })

  test.for<{ how: How; shows: readonly string[] }>([
    { how: 'ask', shows: ['go → /a', '  go → /b'] },
    { how: 'await', shows: ['go → /a', '  go → /b'] },
    { how: 'tell', shows: ['go → /a', '  told → /b'] },
    { how: 'stream', shows: ['go → /a', '  items → /b'] },
    { how: 'timer', shows: ['go → /a', '  told → /a'] },
  ])('OB-2: a trace crosses $how', async ({ how, shows }) => {
    const { kit, tracer, first } = await chain(['a', 'b', 'c'])
    await kit.run(Promise.allSettled([first.go({ how: [how], ends: 'well' })]))
    await kit.advance(10)
    expect(tracer.textOf(1).split('\n').slice(0, 2)).toEqual(shows)
    expect(new Set(tracer.spans.map(({ trace }) => trace))).toEqual(new Set([1]))
    await kit.stop()
  })

  test('OB-2: a message that is forwarded is one hop with several stops', async () => {
    const { kit, tracer, first } = await chain(['a', 'b', 'c'])
    expect(await kit.run(first.pass())).toBe('passed')
    expect(tracer.textOf(1)).toBe('pass → /a, /b, /c')
    await kit.stop()
  })

  test('OB-2: a trace crosses every kind of hop in one story', async () => {
    const { kit, tracer, first } = await chain(['a', 'b', 'c', 'd', 'e'])
    void first.go({ how: ['ask', 'tell', 'stream', 'tell'], ends: 'well' })
    await kit.advance(10)
    expect(tracer.textOf(1)).toBe(
      ['go → /a', '  go → /b', '    told → /c', '      items → /d', '        told → /e'].join('\n'),
    )
    await kit.stop()
  })

  test('OB-2: two asks from outside are two stories', async () => {
    const { kit, tracer, first } = await chain(['a', 'b'])
    await kit.run(first.go({ how: ['ask'], ends: 'well' }))
    await kit.run(first.go({ how: ['ask'], ends: 'well' }))
    expect(tracer.story(1)).toHaveLength(2)
    expect(tracer.story(2)).toHaveLength(2)
    await kit.stop()
  })

  test('OB-2: whether a story is told is decided once, at its first message', async () => {
    const asked: string[] = []
    const { kit, tracer, first } = await chain(['a', 'b', 'c'], {
      sample: (_message, to) => {
        asked.push(to.address.path)
        return asked.length === 2
      },
    })
    for (let i = 0; i < 3; i++) {
      await kit.run(first.go({ how: ['ask', 'tell'], ends: 'well' }))
      await kit.settle()
    }
    expect(asked).toEqual(['/a', '/a', '/a'])
    expect(tracer.spans.map(({ to }) => to)).toEqual(['/a', '/b', '/c'])
    await kit.stop()
  })

  test('OB-2: only the latest spans are kept', async () => {
    const { kit, tracer, first } = await chain(['a'], { spansMax: 5 })
    for (let i = 0; i < 20; i++) await kit.run(first.go({ how: [], ends: 'well' }))
    expect(tracer.spans.map(({ span }) => span)).toEqual([16, 17, 18, 19, 20])
    await kit.stop()
  })
})
