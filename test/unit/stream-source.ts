/**
 * StreamSource: an actor with a stream of every kind, well behaved and badly.
 */
import {
  actor,
  ask,
  type Context,
  type EdgeError,
  type Policy,
  protocol,
  stream,
  tell,
} from '../../src/kernel/index.ts'
import { type TestKit, testSystem } from '../../src/testing/index.ts'

export const Source = protocol('test.source/1', {
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
export class State {
  produced = 0
  left: string[] = []
  aborted = 0
}

/** What a reader grants before it has read anything. */
export const window = 16

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

export async function open(supervise?: Policy) {
  const kit = await testSystem({ seed: 21, log: false })
  const seen = new State()
  const options = { name: 'source', grace: 100, ...(supervise === undefined ? {} : { supervise }) }
  return { kit, seen, ref: kit.spawn(source(seen), undefined, options) }
}

/** Read so many items, or what there is. */
export async function read(
  kit: TestKit,
  items: AsyncIterator<number>,
  many: number,
): Promise<number[]> {
  const got: number[] = []
  while (got.length < many) {
    const step = await kit.run(items.next())
    if (step.done === true) break
    got.push(step.value)
  }
  return got
}
