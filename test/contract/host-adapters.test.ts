/**
 * Host contract, kept: by the real host and by its in-memory twin.
 */
import { tmpdir } from 'node:os'

import { expect, test } from 'vitest'

import { createMemoryHost } from '../../src/adapters/memory/host.ts'
import { countNetwork, parseNetDev } from '../../src/adapters/node-host/counters.ts'
import { openNodeHost } from '../../src/adapters/node-host/index.ts'
import { hostContract } from './host.ts'

hostContract('node host', () => openNodeHost({ folder: tmpdir() }))
hostContract('memory host', async () => createMemoryHost({ now: () => 1 }))

test('R189: concurrent measurements are one, and a burning core shows', async () => {
  const host = await openNodeHost({ folder: tmpdir() })
  expect(host.measure()).toBe(host.measure())
  await host.measure()
  const end = performance.now() + 120
  while (performance.now() < end) Math.sqrt(end)
  const { process, cpu } = await host.measure()
  expect(process.cpuShare).toBeGreaterThan(0.1)
  expect(cpu.share).toBeGreaterThan(0)
  await host.close()
})

test('a folder that is not there has no disk figures, and nothing else fails', async () => {
  const host = await openNodeHost({ folder: '/nowhere/at/all' })
  expect(host.resources().disk).toBeNull()
  expect(host.resources().memory.totalBytes).toBeGreaterThan(0)
  await host.close()
})

test('network counters leave loopback out', () => {
  const text = [
    'Inter-|   Receive        |  Transmit',
    ' face |bytes packets errs drop fifo frame compressed multicast|bytes packets',
    '    lo: 500 1 0 0 0 0 0 0 500 1 0 0 0 0 0 0',
    '  eth0:1000 1 0 0 0 0 0 0 30 1 0 0 0 0 0 0',
    ' wlan0: 200 1 0 0 0 0 0 0 4 1 0 0 0 0 0 0',
    '',
  ].join('\n')
  expect(parseNetDev(text)).toEqual({ receivedBytes: 1_200, sentBytes: 34 })
})

test('where there is no /proc the counters come from elsewhere, or are null', async () => {
  const count = await countNetwork('darwin')
  expect(count === null || count.receivedBytes >= 0).toBe(true)
})

test('the memory host tells what it was set to, at the time of its clock', async () => {
  let nowMs = 5
  const host = createMemoryHost({ now: () => nowMs })
  host.set({ cpu: { cores: 64, share: 0.9, load: [1, 2, 3] } })
  expect(host.resources().cpu.cores).toBe(2)
  nowMs = 9
  expect(await host.measure()).toMatchObject({ measuredAtMs: 9, cpu: { cores: 64 } })
})
