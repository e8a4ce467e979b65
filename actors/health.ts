/**
 * Health: the deep check of a node, for slow troubles that no probe sees.
 *
 * A list of checks runs every minute; each answers ok, warn or fail for one field of the check
 * that heartbeats carry, and the worst answer of a field counts. A check that throws has failed.
 * Told by its own timer. Tells the membership actor, which derives the node's condition.
 */
import type { CheckResult, DeepCheck } from '../protocols/membership.ts'
import { actor, protocol, restart, tell } from '../src/kernel/index.ts'
import type { Host, Resources } from '../src/ports/host.ts'

/** What a check may look at. */
export interface HealthFacts {
  readonly resources: Resources
  /** How far the wall clock moved against the monotonic one since the check before. */
  readonly clockJumpMs: number
  /** Messages that wait in this node's actors. */
  readonly queued: number
}

export interface HealthCheck {
  readonly field: keyof DeepCheck
  readonly run: (facts: HealthFacts) => CheckResult | Promise<CheckResult>
}

export const HealthWatch = protocol('shoal.health/1', { check: tell() })

export interface HealthInit {
  readonly host: Host
  readonly intervalMs: number
  readonly queued: () => number
  readonly checks: readonly HealthCheck[]
  readonly report: (check: DeepCheck) => void
}

interface State extends HealthInit {
  /** Wall clock less monotonic clock, at the check before. */
  clockOffsetMs: number
}

/** The first check waits until the node has settled. */
const firstMs = 5_000
const rank: Readonly<Record<CheckResult, number>> = { ok: 0, warn: 1, fail: 2 }
const healthy: DeepCheck = {
  disk: 'ok',
  clock: 'ok',
  certificates: 'ok',
  queues: 'ok',
  loop: 'ok',
}

export const health = actor(HealthWatch, {
  state: (init: HealthInit, ctx): State => {
    const options = { first: Math.min(firstMs, init.intervalMs), kind: 'fixed-delay' } as const
    ctx.every('check', init.intervalMs, 'check', undefined, options)
    return { ...init, clockOffsetMs: ctx.wall() - ctx.now() }
  },
  on: {
    check: async (state, _, ctx) => {
      const offsetMs = ctx.wall() - ctx.now()
      const clockJumpMs = Math.abs(offsetMs - state.clockOffsetMs)
      state.clockOffsetMs = offsetMs
      const resources = await state.host.measure()
      const facts = { resources, clockJumpMs, queued: state.queued() }
      state.report(await runChecks([...standardChecks, ...state.checks], facts))
    },
  },
  supervise: restart({ backoff: { min: '1s', max: '60s', jitter: 0.2 } }),
})

/** The worst answer per field. */
export async function runChecks(
  checks: readonly HealthCheck[],
  facts: HealthFacts,
): Promise<DeepCheck> {
  const running = checks.map(async ({ run }) => run(facts))
  const outcomes = await Promise.allSettled(running)
  const found: Record<keyof DeepCheck, CheckResult> = { ...healthy }
  checks.forEach(({ field }, at) => {
    const outcome = outcomes[at]
    const result = outcome?.status === 'fulfilled' ? outcome.value : 'fail'
    if (rank[result] > rank[found[field]]) found[field] = result
  })
  return found
}

/** Above the first bound a warning, above the second a failure. */
function graded(value: number, warnAbove: number, failAbove: number): CheckResult {
  if (value > failAbove) return 'fail'
  return value > warnAbove ? 'warn' : 'ok'
}

/** What every node looks at. */
export const standardChecks: readonly HealthCheck[] = [
  {
    field: 'disk',
    run: ({ resources: { disk } }) =>
      disk === null ? 'ok' : graded(disk.usedBytes / disk.totalBytes, 0.9, 0.97),
  },
  // A step of a second is an ordinary correction; a minute breaks leases and certificates.
  { field: 'clock', run: ({ clockJumpMs }) => graded(clockJumpMs, 2_000, 60_000) },
  // Above a quarter of a second probes are answered late.
  {
    field: 'loop',
    run: ({ resources }) => graded(resources.process.eventLoopDelayMs.p99, 100, 250),
  },
  { field: 'queues', run: ({ queued }) => graded(queued, 10_000, 100_000) },
]
