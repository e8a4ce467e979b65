/**
 * Shop: workers for routers in tests, and what became of the work.
 *
 * Each worker writes down what it did; slow work waits until the test opens its gate.
 */
import {
  actor,
  ask,
  pool,
  type PoolOptions,
  protocol,
  type Ref,
  stopped,
  stream,
  tell,
} from '../../src/kernel/index.ts'
import { type TestKit, type TestOptions, testSystem } from '../../src/testing/index.ts'

export const Work = protocol('test.work/1', {
  job: tell<{ n: number }>(),
  who: ask<{ key?: string }, string>(),
  slow: ask<{ gate: string }, string>(),
  boom: ask<{ only?: string }, string>(),
  quit: tell(),
  viaPool: ask<void, string>(),
  count: stream<void, string>(),
})
export type Works = (typeof Work)['messages']
export type Options = PoolOptions<Works>

export class Shop {
  readonly kit: TestKit
  readonly jobs: { path: string; n: number; life: number }[] = []
  readonly gates = new Map<string, (answer: string) => void>()
  readonly signals = new Map<string, AbortSignal>()
  /** The pool, for routees that ask it back. */
  pool: Ref<Works> | null = null

  constructor(kit: TestKit) {
    this.kit = kit
  }

  static async open(options: Partial<TestOptions> = {}): Promise<Shop> {
    return new Shop(await testSystem({ seed: 21, ...options }))
  }

  get worker() {
    return actor(Work, {
      state: () => null,
      on: {
        job: (_state, { n }, ctx) =>
          void this.jobs.push({ path: ctx.path, n, life: ctx.incarnation }),
        who: (_state, _key, ctx) => ctx.path,
        slow: async (_state, { gate }, ctx) => {
          const { path } = ctx
          this.signals.set(path, ctx.signal)
          const answer = await new Promise<string>((resolve) =>
            this.gates.set(`${gate} ${path}`, resolve),
          )
          return `${answer} from ${path}`
        },
        boom: (_state, { only }, ctx) => {
          if (only === undefined || ctx.path.endsWith(only)) throw new TypeError(`no ${ctx.path}`)
          return ctx.path
        },
        quit: (): typeof stopped => stopped,
        viaPool: async () => {
          await Promise.resolve()
          return (this.pool as Ref<Works>).who({})
        },
        count: (_state, _none, ctx) => [ctx.path],
      },
    })
  }

  spawn(options: Options, name = 'pool'): Ref<Works> {
    this.pool = this.kit.system.spawn(pool(this.worker, options), undefined, { name })
    return this.pool
  }

  single(name: string): Ref<Works> {
    return this.kit.system.spawn(this.worker, undefined, { name })
  }

  shares(): Record<string, number> {
    const shares: Record<string, number> = {}
    for (const { path } of this.jobs) shares[path] = (shares[path] ?? 0) + 1
    return shares
  }

  children(): number {
    return this.kit.system.find('/pool') === null ? 0 : this.alive('/pool')
  }

  alive(path: string): number {
    let alive = 0
    for (let slot = 1; slot <= 50; slot++) {
      if (this.kit.system.find(`${path}/${slot}`) !== null) alive++
    }
    return alive
  }
}
