/**
 * Clusters under faults: seeds that each decide a whole day of a small mesh.
 */
import { expect, test } from 'vitest'
import { simulate } from '../../src/testing/index.ts'

test('R33: a seed decides a whole day of a cluster, and everyone agrees when it is over', async () => {
  for (let seed = 1; seed <= 5; seed++) {
    const run = await simulate({ seed, seconds: 60, faults: true })
    const again = await simulate({ seed, seconds: 60, faults: true })
    expect(again.hash).toBe(run.hash)
  }
})
