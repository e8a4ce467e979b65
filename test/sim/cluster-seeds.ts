/**
 * ClusterSeeds: the series of seeds that every run of the tests repeats, and how one is replayed.
 *
 * `SHOAL_SIM_SEEDS` says how many seeds, 20 by default and 300 in continuous integration;
 * `SHOAL_SIM_REPLAY` holds what a failure printed and runs that alone.
 */
import { createCodec } from '../../src/adapters/msgpackr/index.ts'
import { simulateSeeds } from '../../src/testing/index.ts'
import type { SeedsOptions, SeedsReport } from '../../src/testing/index.ts'

const { SHOAL_SIM_SEEDS, SHOAL_SIM_FIRST, SHOAL_SIM_REPLAY } = process.env

/** Sixty virtual seconds of 3 to 7 nodes for every second seed, beginning at 1 or 2. */
export function runSeeds(begin: 1 | 2, file: string): Promise<SeedsReport> {
  const first = Number(SHOAL_SIM_FIRST ?? 1)
  const count = Number(SHOAL_SIM_SEEDS ?? 20)
  const all = Array.from({ length: count }, (_, at) => first + at)
  return simulateSeeds(
    optionsOf(
      all.filter((seed) => seed % 2 === begin % 2),
      file,
    ),
  )
}

export function optionsOf(seeds: readonly number[], file: string): SeedsOptions {
  return {
    seeds,
    seconds: 60,
    faults: true,
    openCodec: (refs) => createCodec({ refs }),
    replay: SHOAL_SIM_REPLAY,
    command: (replay) => `SHOAL_SIM_REPLAY='${replay}' npx vitest run ${file}`,
  }
}
