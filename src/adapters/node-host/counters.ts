/**
 * Counters: what the operating system counts, read directly where that is cheap.
 *
 * Linux tells everything in /proc without starting a process. Elsewhere systeminformation knows
 * the network; it is loaded only there, for it costs eleven megabytes and starts processes.
 */
import { readFile, statfs } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'

import type { SpaceUse } from '../../ports/host.ts'

export interface NetworkCount {
  readonly receivedBytes: number
  readonly sentBytes: number
}

export interface CpuCount {
  readonly busyMs: number
  readonly allMs: number
}

export function countCpu(): CpuCount {
  let busyMs = 0
  let idleMs = 0
  for (const { times } of cpus()) {
    busyMs += times.user + times.nice + times.sys + times.irq
    idleMs += times.idle
  }
  return { busyMs, allMs: busyMs + idleMs }
}

/** Memory of the machine, or of the container when that is less. */
export function measureMemory(): SpaceUse {
  const constrained = process.constrainedMemory()
  const totalBytes = constrained > 0 ? Math.min(totalmem(), constrained) : totalmem()
  const usedBytes = Math.max(0, totalBytes - process.availableMemory())
  return { usedBytes, totalBytes }
}

/** The file system that holds a folder; space that only root may use counts as used. */
export async function measureDisk(folder: string): Promise<SpaceUse | null> {
  return statfs(folder).then(
    ({ blocks, bavail, bsize }) => ({
      totalBytes: blocks * bsize,
      usedBytes: (blocks - bavail) * bsize,
    }),
    () => null,
  )
}

/** Bytes over all interfaces but loopback since they came up, or null where nobody tells. */
export async function countNetwork(platform = process.platform): Promise<NetworkCount | null> {
  return platform === 'linux' ? countOnLinux() : countElsewhere()
}

async function countOnLinux(): Promise<NetworkCount | null> {
  return readFile('/proc/net/dev', 'utf8').then(parseNetDev, () => null)
}

/** Lines of `name: received-bytes … (8 columns) sent-bytes …` after two of headings. */
export function parseNetDev(text: string): NetworkCount {
  let receivedBytes = 0
  let sentBytes = 0
  for (const line of text.split('\n').slice(2)) {
    const [name, counts] = line.split(':')
    const columns = counts?.trim().split(/\s+/).map(Number) ?? []
    if (name?.trim() === 'lo') continue
    receivedBytes += columns[0] ?? 0
    sentBytes += columns[8] ?? 0
  }
  return { receivedBytes, sentBytes }
}

async function countElsewhere(): Promise<NetworkCount | null> {
  const { networkStats } = await import('systeminformation')
  const all = await networkStats('*').catch(() => [])
  const real = all.filter(({ iface }) => !iface.startsWith('lo'))
  if (real.length === 0) return null
  return {
    receivedBytes: real.reduce((sum, one) => sum + one.rx_bytes, 0),
    sentBytes: real.reduce((sum, one) => sum + one.tx_bytes, 0),
  }
}
