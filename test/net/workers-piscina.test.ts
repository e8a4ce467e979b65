/**
 * WorkersPiscinaTest: the contract of the Workers port on threads, and what only threads can show.
 */
import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { piscinaWorkers } from '../../src/adapters/piscina/index.ts'
import type { Workers } from '../../src/ports/workers.ts'
import { job, workersContract } from '../contract/workers.ts'
import type * as jobs from '../contract/workers-jobs.ts'

workersContract('Piscina', (options) => piscinaWorkers(options))

describe('threads', () => {
  let workers: Workers
  afterEach(() => workers.close({ graceMs: 0 }))

  const works = async (): Promise<void> => {
    expect(await workers.run<typeof jobs.double>(job('double', { value: 3 }))).toBe(6)
  }

  test.for(['spin', 'regexBomb'] as const)(
    'fault 28: %s is ended at its deadline, its slot is back within a second',
    async (name) => {
      workers = piscinaWorkers({ slots: 1 })
      await works()
      const endless = workers.run<typeof jobs.spin>({
        ...job(name, undefined as never),
        deadlineMs: 100,
      })
      await expect(endless).rejects.toMatchObject({ code: 'timeout' })
      const since = performance.now()
      while (workers.stats().runningNow > 0) await setImmediate()
      expect(performance.now() - since).toBeLessThan(1_000)
      await works()
      expect(workers.stats().terminated).toBe(1)
    },
  )

  test('fault 28: a job that uses too much heap ends by name, its neighbour does not', async () => {
    workers = piscinaWorkers({ slots: 2 })
    const neighbour = workers.run<typeof jobs.wait>(job('wait', { ms: 300 }))
    const hoard = workers.run<typeof jobs.hoard>({
      ...job('hoard', undefined as never),
      memoryMb: 24,
    })
    await expect(hoard).rejects.toMatchObject({ code: 'worker_out_of_memory' })
    expect(await neighbour).toBe('waited')
    await works()
  })

  test('fault 27: a job whose thread exits fails by name, its slot is back', async () => {
    workers = piscinaWorkers({ slots: 1 })
    const leaves = workers.run<typeof jobs.leave>(job('leave', { code: 3 }))
    await expect(leaves).rejects.toMatchObject({ code: 'worker_exited' })
    await works()
  })

  test('a job that never awaits can look whether it was given up', async () => {
    workers = piscinaWorkers({ slots: 1 })
    await works()
    const looks = workers.run<typeof jobs.look>({ ...job('look', { ms: 1 }), deadlineMs: 50 })
    await expect(looks).rejects.toMatchObject({ code: 'timeout' })
    await works()
    expect(workers.stats().terminated).toBe(0)
  })

  test('a thread that is blocked in a native call is waited for, then used again', async () => {
    workers = piscinaWorkers({ slots: 1 })
    const blocked = workers.run<typeof jobs.block>({
      ...job('block', { ms: 500 }),
      native: true,
      deadlineMs: 50,
    })
    await expect(blocked).rejects.toMatchObject({ code: 'timeout' })
    await works()
    expect(workers.stats()).toMatchObject({ terminated: 0, quarantinedNow: 0 })
  })
})
