/**
 * Host contract: a sample at once, sane figures, one measurement at a time.
 */
import { describe, expect, test } from 'vitest'

import type { Host, Resources, SpaceUse } from '../../src/ports/host.ts'

export function hostContract(name: string, open: () => Promise<Host>): void {
  describe(`${name} measures`, () => {
    test('there is a sample at once, and it stays until the next measurement', async () => {
      const host = await open()
      const first = host.resources()
      expect(host.resources()).toBe(first)
      const second = await host.measure()
      expect(host.resources()).toBe(second)
      expect(second.measuredAtMs).toBeGreaterThanOrEqual(first.measuredAtMs)
      await host.close()
    })

    test('every figure is finite and within its range', async () => {
      const host = await open()
      expectSane(await host.measure())
      await host.close()
    })

    test('a closed host still answers with its last sample, and closes twice', async () => {
      const host = await open()
      await host.close()
      await host.close()
      expectSane(host.resources())
    })
  })
}

function expectSane({ cpu, memory, disk, network, process }: Resources): void {
  expect(cpu.cores).toBeGreaterThanOrEqual(1)
  expectWithin(cpu.share, 1)
  for (const load of cpu.load) expectWithin(load, 100_000)
  expectSpace(memory)
  if (disk !== null) expectSpace(disk)
  for (const mbps of [network?.receiveMbps ?? 0, network?.sendMbps ?? 0]) expectWithin(mbps, 1e6)
  expectWithin(process.rssBytes, 1e12)
  expectWithin(process.heapUsedBytes, process.rssBytes)
  expectWithin(process.cpuShare, 1_000)
  const { p50, p99, max } = process.eventLoopDelayMs
  expect([p50, p99, max]).toEqual([p50, p99, max].toSorted((a, b) => a - b))
  expectWithin(max, 60_000)
  expectWithin(process.uptimeMs, 1e9)
}

function expectSpace({ usedBytes, totalBytes }: SpaceUse): void {
  expect(totalBytes).toBeGreaterThan(0)
  expectWithin(usedBytes, totalBytes)
}

function expectWithin(value: number, most: number): void {
  expect(value).toBeGreaterThanOrEqual(0)
  expect(value).toBeLessThanOrEqual(most)
}
