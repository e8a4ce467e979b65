/**
 * Clusters under faults, even seeds: a file of their own, so that both halves run at once.
 */
import { expect, test } from 'vitest'
import { runSeeds } from './cluster-seeds.ts'

/** Many seeds on a machine that does much else. */
const timeout = 600_000

test(
  'R33: whatever befalls a cluster, it keeps its promises, the same way twice',
  { timeout },
  async () => {
    const report = await runSeeds(2, 'test/sim/cluster-even.test.ts')
    expect(report.runs).toBeGreaterThan(0)
    expect(report.virtualMs).toBeGreaterThanOrEqual(report.runs * 60_000)
  },
)
