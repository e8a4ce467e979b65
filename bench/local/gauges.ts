/**
 * Gauges: figures that are read off the process instead of being a rate of work.
 */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Outcome } from './outcome.ts'
import { verify } from './outcome.ts'

declare const gc: (() => void) | undefined

/** Heap bytes of one made item, its reference included; making many may start no timers. */
export async function bytesPerItem(count: number, make: () => unknown): Promise<Outcome> {
  const startedMs = performance.now()
  const items: unknown[] = Array.from({ length: count })
  const timersBefore = timerCount()
  const bytesBefore = await settledHeap()
  for (let index = 0; index < count; index++) items[index] = await make()
  const bytes = (await settledHeap()) - bytesBefore
  verify('a timer for each idle item', timerCount() - timersBefore > 10, false)
  verify('the items made', items.filter((item) => item !== undefined).length, count)
  return { ms: performance.now() - startedMs, value: bytes / count }
}

/**
 * The 99th percentile of the time between two ticks of a 10 ms timer, those 10 ms included, so
 * that 10 means no delay at all. Every actor must have had a turn meanwhile.
 */
export async function delayWhile(ms: number, turns: Uint32Array): Promise<Outcome> {
  const histogram = monitorEventLoopDelay({ resolution: 10 })
  await sleep(ms / 5)
  const before = turns.slice()
  histogram.enable()
  await sleep(ms)
  histogram.disable()
  const starved = turns.filter((count, index) => count === before[index]).length
  verify('actors that had no turn', starved, 0)
  return { ms, value: histogram.percentile(99) / 1e6 }
}

async function settledHeap(): Promise<number> {
  if (gc === undefined) throw new Error('idle-actor-bytes needs node --expose-gc')
  for (let round = 0; round < 3; round++) {
    await sleep(20)
    gc()
  }
  return process.memoryUsage().heapUsed
}

function timerCount(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
}
