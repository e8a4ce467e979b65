/**
 * MemoryHost: the Host port of a machine that exists only in a test or a simulation.
 *
 * It measures what it is told. The time of a sample comes from the clock that is given, so that a
 * run with one seed is the same twice.
 */
import type { Host, Resources } from '../../ports/host.ts'

export interface MemoryHostOptions {
  readonly now: () => number
  readonly resources?: Partial<Resources>
}

export interface MemoryHost extends Host {
  /** What the next measurement finds. */
  set(resources: Partial<Resources>): void
}

const GIB = 1024 ** 3

/** A quiet machine with two cores, four gibibytes of memory and sixteen of disk. */
const QUIET: Omit<Resources, 'measuredAtMs'> = {
  cpu: { cores: 2, share: 0.1, load: [0.2, 0.2, 0.2] },
  memory: { usedBytes: GIB, totalBytes: 4 * GIB },
  disk: { usedBytes: 4 * GIB, totalBytes: 16 * GIB },
  network: { receiveMbps: 0, sendMbps: 0 },
  process: {
    rssBytes: 96 * 1024 ** 2,
    heapUsedBytes: 32 * 1024 ** 2,
    cpuShare: 0.01,
    eventLoopDelayMs: { p50: 0, p99: 1, max: 2 },
    uptimeMs: 0,
  },
}

export function createMemoryHost({ now, resources = {} }: MemoryHostOptions): MemoryHost {
  let next = { ...QUIET, ...resources }
  const sample = (): Resources => ({ ...next, measuredAtMs: now() })
  let latest = sample()
  return {
    resources: () => latest,
    measure: async () => (latest = sample()),
    set: (changes) => {
      next = { ...next, ...changes }
    },
    close: async () => undefined,
  }
}
