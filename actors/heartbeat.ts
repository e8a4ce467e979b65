/**
 * Heartbeat: measures this node at a fixed interval and says what it found.
 *
 * Told by its own timer. Tells the membership actor, which spreads the figures. Survives a crash
 * by measuring anew; a machine that cannot be measured is retried at the next beat.
 */
import type { MeasuredResources } from '../protocols/membership.ts'
import { actor, protocol, restart, tell } from '../src/kernel/index.ts'
import type { Host, Resources } from '../src/ports/host.ts'

export const HeartbeatPulse = protocol('shoal.heartbeat/1', { beat: tell() })

export interface HeartbeatInit {
  readonly host: Host
  readonly intervalMs: number
  readonly queued: () => number
  readonly report: (resources: MeasuredResources) => void
}

/** The first beat comes soon: a node without figures cannot be placed on. */
const firstMs = 100
const bytesPerMb = 1024 * 1024

export const heartbeat = actor(HeartbeatPulse, {
  state: (init: HeartbeatInit, ctx): HeartbeatInit => {
    const options = { first: firstMs, kind: 'fixed-delay' } as const
    ctx.every('beat', init.intervalMs, 'beat', undefined, options)
    return init
  },
  on: {
    beat: async ({ host, queued, report }) => {
      report(measuredOf(await host.measure(), queued()))
    },
  },
  supervise: restart({ backoff: { min: '1s', max: '60s', jitter: 0.2 } }),
})

/** The figures that travel, of all that was measured. */
export function measuredOf(resources: Resources, queued: number): MeasuredResources {
  const { cpu, memory, disk, process } = resources
  return {
    cpuPercent: rounded(cpu.share * 100),
    memoryMb: Math.round(memory.usedBytes / bytesPerMb),
    memoryMaxMb: Math.round(memory.totalBytes / bytesPerMb),
    // A machine that does not tell is not full as far as anybody knows.
    diskFreeMb: disk === null ? -1 : Math.round((disk.totalBytes - disk.usedBytes) / bytesPerMb),
    loopDelayMs: rounded(process.eventLoopDelayMs.p99),
    queued,
  }
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10
}
