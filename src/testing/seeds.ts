/**
 * Seeds: one scenario, run once for each of many seeds.
 *
 * A failure names its seed, how to run that seed alone, and the last things that happened. What
 * the runs returned is handed back with their seeds, so that a test can ask for a seed that shows
 * a certain order, and keep it as a regression.
 */
import { EdgeError } from '../kernel/index.ts'
import * as limits from './limits.ts'
import { type TestKit, type TestOptions, testSystem } from './test-system.ts'

export interface SeedOptions extends Omit<TestOptions, 'seed'> {
  /** Seeds to run, from `first` on. */
  readonly count: number
  /** Default 1. */
  readonly first?: number
  /** Run this seed alone: what a failure asks for. */
  readonly only?: number | undefined
}

export interface SeedResult<T> {
  readonly seed: number
  readonly result: T
  /** Over everything that happened; equal when the same happened. */
  readonly digest: string
}

/** Run the scenario for each seed in a system of its own; the first failure ends the series. */
export async function forSeeds<T>(
  name: string,
  options: SeedOptions,
  scenario: (kit: TestKit) => Promise<T>,
): Promise<readonly SeedResult<T>[]> {
  const { count, first = 1, only, ...rest } = options
  const seeds = only === undefined ? Array.from({ length: count }, (_, at) => first + at) : [only]
  const results: SeedResult<T>[] = []
  for (const seed of seeds) {
    const kit = await testSystem({ ...rest, seed })
    const fail = (error: unknown): never => {
      throw seedError(name, kit, error)
    }
    const result = await scenario(kit).then((value) => value, fail)
    await kit.stop().then(undefined, fail)
    results.push({ seed, result, digest: kit.log.digest })
  }
  return results
}

function seedError(name: string, kit: TestKit, error: unknown): EdgeError {
  const why = error instanceof Error ? error.message : String(error)
  const log = kit.log.lines.slice(-limits.logLinesShown).map((line) => `  ${line}`)
  return new EdgeError(
    'seed_failed',
    [
      `Scenario ${JSON.stringify(name)} fails with seed ${kit.seed}: ${why}`,
      `replay: forSeeds(${JSON.stringify(name)}, { …, only: ${kit.seed} }, …)`,
      `the last ${log.length} of ${kit.log.total} events:`,
      ...log,
    ].join('\n'),
    { cause: error, detail: { scenario: name, seed: kit.seed } },
  )
}
