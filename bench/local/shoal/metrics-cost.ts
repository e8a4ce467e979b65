/**
 * ShoalMetricsCost: how much slower messages get when the system counts and times them.
 *
 * Short runs with and without metrics alternate in one process, each on a collected heap; the
 * medians of the processor time of this thread are compared, so that a busy machine shifts the
 * figure little. It is the worse of two workloads; below zero, noise outweighs the cost.
 */
import { performance } from 'node:perf_hooks'
import { medianOf } from '../statistics.ts'
import type { Outcome, Workloads } from '../outcome.ts'
import { flood, pingPong } from './streams.ts'

type Measured = (size: number, actors: number, metrics: boolean) => Promise<unknown>

declare const gc: (() => void) | undefined

/** The first pairs are for the compiler. */
const [warmPairs, pairs] = [3, 9]

async function metricsCost(size: number): Promise<Outcome> {
  const startedMs = performance.now()
  const tell = await percentSlower(flood, size)
  const pingPongs = await percentSlower(pingPong, size)
  const note = `tell ${tell.toFixed(1)} %, ping-pong ${pingPongs.toFixed(1)} % slower with metrics`
  return { ms: performance.now() - startedMs, value: Math.max(tell, pingPongs), note }
}

async function percentSlower(run: Measured, size: number): Promise<number> {
  const without: number[] = []
  const counted: number[] = []
  for (let pair = 0; pair < warmPairs + pairs; pair++) {
    const metricsFirst = pair % 2 === 0
    for (const metrics of [metricsFirst, !metricsFirst]) {
      const spent = await processorTime(() => run(size, 1, metrics))
      if (pair >= warmPairs) (metrics ? counted : without).push(spent)
    }
  }
  return (medianOf(counted) / medianOf(without) - 1) * 100
}

async function processorTime(body: () => Promise<unknown>): Promise<number> {
  gc?.()
  const before = process.threadCpuUsage()
  await body()
  const { user, system } = process.threadCpuUsage(before)
  return user + system
}

export const shoalMetricsCost: Workloads = { 'metrics-cost': metricsCost }
