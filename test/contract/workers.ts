/**
 * WorkersContract: what every adapter of the Workers port keeps, with threads or without.
 */
import { afterEach, describe, expect, test } from 'vitest'
import type { JobFunction, Workers } from '../../src/ports/workers.ts'
import type * as jobs from './workers-jobs.ts'

export interface WorkersMake {
  readonly slots: number
  readonly queueMax?: number
}

export const jobModule = new URL('./workers-jobs.ts', import.meta.url)

export function workersContract(name: string, make: (options: WorkersMake) => Workers): void {
  describe(`workers of ${name}`, () => {
    let open: Workers[] = []
    const start = (options: WorkersMake = { slots: 2 }): Workers => {
      const workers = make(options)
      open.push(workers)
      return workers
    }
    afterEach(async () => {
      for (const workers of open) await workers.close({ graceMs: 0 })
      open = []
    })

    test('a job comes to the result of its function', async () => {
      const workers = start()
      const run = (value: number): Promise<number> =>
        workers.run<typeof jobs.double>(job('double', { value }))
      expect(await Promise.all([1, 2, 3].map(run))).toEqual([2, 4, 6])
      expect(workers.stats()).toMatchObject({ slots: 2, completed: 3, runningNow: 0 })
    })

    test('JS-13: values come back as they went', async () => {
      const value = {
        map: new Map([[1, new Set(['x'])]]),
        big: 2n ** 80n,
        date: new Date(1),
        floats: new Float32Array([1, NaN, -0]),
        nothing: undefined,
        pattern: /a/g,
        $shoal: 'error',
      }
      expect(await start().run<typeof jobs.echo>(job('echo', { value }))).toEqual(value)
    })

    test('AK-17, JS-11: a failure keeps name, code, message and causes', async () => {
      const run = start().run<typeof jobs.fail>(job('fail', { code: 'odd_thing' }))
      const error = await run.catch((failure: unknown) => failure)
      expect(error).toMatchObject({ name: 'OddThing', code: 'odd_thing', detail: { number: 7 } })
      const { cause } = error as { cause: AggregateError }
      expect(cause).toBeInstanceOf(AggregateError)
      expect(cause.errors[0]).toBeInstanceOf(RangeError)
      expect(cause.errors[1]).toMatchObject({ message: 'two' })
    })

    test('AK-17: an error of a foreign class keeps its name and its fields', async () => {
      const run = start().run<typeof jobs.failOwn>(job('failOwn', undefined as never))
      await expect(run).rejects.toMatchObject({ name: 'OwnError', message: 'mine', extra: 3 })
      const words = start().run<typeof jobs.failText>(job('failText', undefined as never))
      await expect(words).rejects.toMatchObject({ message: 'only words' })
    })

    test('BI-1: a job that could not run is refused by code', async () => {
      const workers = start()
      const run = (name: string, more: object = {}): Promise<unknown> =>
        workers.run<JobFunction>({ ...job(name, 1 as never), ...more })
      await expect(run('missing')).rejects.toMatchObject({ code: 'worker_module_invalid' })
      await expect(run('noFunction')).rejects.toMatchObject({ code: 'worker_module_invalid' })
      const nowhere = { module: new URL('./nowhere.ts', import.meta.url) }
      await expect(run('x', nowhere)).rejects.toMatchObject({ code: 'worker_module_invalid' })
      await expect(run('')).rejects.toMatchObject({ code: 'invalid_option' })
      await expect(run('double', { deadlineMs: -1 })).rejects.toMatchObject({
        code: 'invalid_deadline',
      })
      await expect(run('double', { memoryMb: 1 })).rejects.toMatchObject({ code: 'invalid_option' })
      const aborted = { signal: AbortSignal.abort() }
      await expect(run('double', aborted)).rejects.toMatchObject({ code: 'cancelled' })
    })

    test('BI-1: an unfit payload is refused with the path of what is unfit', async () => {
      const workers = start()
      const run = (value: unknown): Promise<unknown> =>
        workers.run<typeof jobs.echo>(job('echo', { value }))
      await expect(run({ deep: [1, { call: () => 1 }] })).rejects.toMatchObject({
        code: 'payload_not_cloneable',
        detail: { place: 'input.value.deep[1].call' },
      })
      class Own {
        readonly field = 1
      }
      await expect(run(new Own())).rejects.toMatchObject({ detail: { type: 'a Own' } })
      await expect(run(new WeakMap())).rejects.toMatchObject({ code: 'payload_not_cloneable' })
      let deep: unknown = 1
      for (let i = 0; i < 200; i++) deep = [deep]
      await expect(run(deep)).rejects.toMatchObject({ code: 'payload_too_deep' })
      const circle: unknown[] = []
      circle.push(circle)
      await expect(run(circle)).rejects.toMatchObject({ code: 'payload_too_deep' })
      const large = new Uint8Array(65 * 1024 * 1024)
      await expect(run(large)).rejects.toMatchObject({ code: 'payload_too_large' })
      const unfit = workers.run<typeof jobs.unfit>(job('unfit', undefined as never))
      await expect(unfit).rejects.toMatchObject({
        code: 'payload_not_cloneable',
        detail: { place: 'result.inner[0]' },
      })
    })

    test('JS-8: a transferred buffer has left its sender at once, and has one owner', async () => {
      const workers = start()
      const bytes = new Uint8Array(1_000).fill(2)
      const input = { bytes }
      const transfer = [bytes.buffer]
      const first = workers.run<typeof jobs.sum>({ ...job('sum', input), transfer })
      expect(bytes.byteLength).toBe(0)
      const second = workers.run<typeof jobs.sum>({ ...job('sum', input), transfer })
      await expect(second).rejects.toMatchObject({ code: 'transfer_refused' })
      const untransferred = workers.run<typeof jobs.sum>(job('sum', input))
      await expect(untransferred).rejects.toMatchObject({ code: 'transfer_refused' })
      expect(await first).toBe(2_000)
      const again = new Uint8Array(8)
      const twice = [again.buffer, again.buffer]
      const listed = workers.run<typeof jobs.sum>({
        ...job('sum', { bytes: again }),
        transfer: twice,
      })
      await expect(listed).rejects.toMatchObject({ code: 'transfer_refused' })
      expect(again.byteLength).toBe(8)
      expect(await workers.run<typeof jobs.fill>(job('fill', { size: 3 }))).toEqual(
        new Uint8Array([7, 7, 7]),
      )
    })

    test('a small view takes only its own bytes along', async () => {
      const slab = new Uint8Array(1_000_000).fill(9)
      const view = slab.subarray(10, 14)
      const back = await start().run<typeof jobs.echo>(job('echo', { value: view }))
      expect(back).toEqual(new Uint8Array([9, 9, 9, 9]))
      expect((back as Uint8Array).buffer.byteLength).toBe(4)
    })

    test('a full queue refuses as overloaded, and takes more when there is room', async () => {
      const workers = start({ slots: 1, queueMax: 2 })
      const run = (): Promise<string> => workers.run<typeof jobs.wait>(job('wait', { ms: 20 }))
      const taken = [run(), run(), run()]
      await expect(run()).rejects.toMatchObject({ code: 'overloaded' })
      expect(workers.stats()).toMatchObject({ runningNow: 1, waitingNow: 2, refused: 1 })
      await Promise.all(taken)
      expect(await run()).toBe('waited')
    })

    test('AK-5, AK-7: a deadline ends a waiting job and a running one', async () => {
      const workers = start({ slots: 1 })
      const slow = workers.run<typeof jobs.wait>({
        ...job('wait', { ms: 60_000 }),
        deadlineMs: 150,
      })
      const queued = workers.run<typeof jobs.double>({
        ...job('double', { value: 1 }),
        deadlineMs: 40,
      })
      await expect(queued).rejects.toMatchObject({ code: 'timeout' })
      await expect(slow).rejects.toMatchObject({ code: 'timeout', detail: { export: 'wait' } })
      expect(await workers.run<typeof jobs.double>(job('double', { value: 4 }))).toBe(8)
    })

    test('JS-6: to abort one job harms no neighbour, running or queued', async () => {
      const workers = start({ slots: 2 })
      const aborting = new AbortController()
      const queued = new AbortController()
      const neighbour = workers.run<typeof jobs.wait>(job('wait', { ms: 200 }))
      const obeys = workers.run<typeof jobs.obey>({
        ...job('obey', { ms: 1 }),
        signal: aborting.signal,
      })
      const waits = workers.run<typeof jobs.obey>({
        ...job('obey', { ms: 1 }),
        signal: queued.signal,
      })
      const after = workers.run<typeof jobs.double>(job('double', { value: 2 }))
      queued.abort()
      await expect(waits).rejects.toMatchObject({ code: 'cancelled' })
      aborting.abort(new Error('enough'))
      await expect(obeys).rejects.toMatchObject({ code: 'cancelled', cause: { message: 'enough' } })
      expect(await neighbour).toBe('waited')
      expect(await after).toBe(4)
    })

    test('a job that ignores its end is let go, and its slot comes back', async () => {
      const workers = start({ slots: 1 })
      const deaf = workers.run<typeof jobs.wait>({ ...job('wait', { ms: 60_000 }), deadlineMs: 60 })
      await expect(deaf).rejects.toMatchObject({ code: 'timeout' })
      expect(await workers.run<typeof jobs.double>(job('double', { value: 5 }))).toBe(10)
      expect(workers.stats().terminated).toBe(1)
    })

    test('a native job is never ended: its slot is closed until it returns', async () => {
      const workers = start({ slots: 1 })
      const native = workers.run<typeof jobs.wait>({
        ...job('wait', { ms: 400 }),
        native: true,
        deadlineMs: 50,
      })
      await expect(native).rejects.toMatchObject({ code: 'timeout' })
      expect(workers.stats()).toMatchObject({ quarantinedNow: 1, runningNow: 1, terminated: 0 })
      expect(await workers.run<typeof jobs.double>(job('double', { value: 1 }))).toBe(2)
      expect(workers.stats()).toMatchObject({ quarantinedNow: 0, terminated: 0 })
    })

    test('closing refuses what waits and what comes, by code', async () => {
      const workers = start({ slots: 1 })
      const running = workers.run<typeof jobs.wait>(job('wait', { ms: 20 }))
      const waiting = workers.run<typeof jobs.wait>(job('wait', { ms: 20 }))
      const closed = workers.close({ graceMs: 5_000 })
      await expect(waiting).rejects.toMatchObject({ code: 'stopped' })
      expect(await running).toBe('waited')
      await closed
      const late = workers.run<typeof jobs.double>(job('double', { value: 1 }))
      await expect(late).rejects.toMatchObject({ code: 'stopped' })
    })
  })
}

export function job<I>(
  name: string,
  input: I,
): { readonly module: URL; readonly export: string; readonly input: I } {
  return { module: jobModule, export: name, input }
}
