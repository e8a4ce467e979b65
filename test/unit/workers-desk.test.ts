/**
 * WorkersDeskTest: jobs under a time that the test moves, as a simulation runs them.
 */
import { expect, test } from 'vitest'
import { memoryWorkers } from '../../src/adapters/memory/index.ts'
import { job } from '../contract/workers.ts'
import type * as jobs from '../contract/workers-jobs.ts'

/** Time that passes only when it is told to. */
class Hours {
  #now = 0
  #due: { readonly at: number; readonly ring: () => void }[] = []

  readonly after = (ms: number, ring: () => void): (() => void) => {
    const entry = { at: this.#now + ms, ring }
    this.#due.push(entry)
    return () => {
      this.#due = this.#due.filter((other) => other !== entry)
    }
  }

  get waiting(): number {
    return this.#due.length
  }

  async pass(ms: number): Promise<void> {
    const until = this.#now + ms
    for (;;) {
      const next = this.#due.filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#now = next.at
      this.#due = this.#due.filter((other) => other !== next)
      next.ring()
      await settled()
    }
    this.#now = until
  }
}

/** Everything that follows from a ring, imports included, has happened. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
}

test('a simulated job takes the time that it is given, and no real one', async () => {
  const hours = new Hours()
  const workers = memoryWorkers({ slots: 1, after: hours.after, latencyMs: () => 60_000 })
  const warm = workers.run<typeof jobs.double>({ ...job('double', { value: 1 }), deadlineMs: 1e6 })
  await hours.pass(60_000)
  expect(await warm).toBe(2)
  const order: string[] = []
  const run = (name: string, deadlineMs: number): Promise<unknown> =>
    workers.run<typeof jobs.double>({ ...job('double', { value: 2 }), deadlineMs }).then(
      () => order.push(`${name} done`),
      (error: { code: string }) => order.push(`${name} ${error.code}`),
    )
  const both = [run('first', 90_000), run('second', 90_000)]
  await hours.pass(60_000)
  expect(order).toEqual(['first done'])
  await hours.pass(30_000)
  expect(order).toEqual(['first done', 'second timeout'])
  await Promise.all(both)
  expect(workers.stats()).toMatchObject({ completed: 2, failed: 1, runningNow: 1, waitingNow: 0 })
  await hours.pass(60_000)
  expect(workers.stats()).toMatchObject({ runningNow: 0 })
  expect(hours.waiting).toBe(0)
})

test('an answered job leaves neither timer nor listener', async () => {
  const hours = new Hours()
  const workers = memoryWorkers({ slots: 2, after: hours.after })
  const aborting = new AbortController()
  const run = workers.run<typeof jobs.double>({
    ...job('double', { value: 2 }),
    signal: aborting.signal,
  })
  await hours.pass(1)
  expect(await run).toBe(4)
  expect(hours.waiting).toBe(0)
  aborting.abort()
  expect(workers.stats()).toMatchObject({ completed: 1, failed: 0 })
})
