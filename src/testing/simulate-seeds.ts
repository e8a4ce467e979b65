/**
 * SimulateSeeds: many seeds of one scenario, each run twice, and the first failure made small.
 *
 * A seed whose two runs differ fails: something reads what the seed does not decide. A failing
 * plan is cut down while it still fails: the last fault is sought by halving, then single faults
 * and nodes are left out. What remains is printed as one command that repeats it.
 */
import { EdgeError } from '../kernel/index.ts'
import {
  cutPlan,
  parseReplay,
  planOf,
  type PlanOptions,
  replayText,
  type SimPlan,
} from './sim-plan.ts'
import { type Scenario, type Simulated, simulatePlan } from './simulate.ts'
import type { WorldOptions } from './sim-world.ts'

export interface SeedsOptions extends Omit<PlanOptions, 'seed'>, WorldOptions {
  readonly seeds: Iterable<number>
  /** Run this alone, once: the text that a failure printed. */
  readonly replay?: string | undefined
  /** What a person types to repeat a run, given its text. */
  readonly command: (replay: string) => string
  /** Every seed a second time, to compare. Default true. */
  readonly twice?: boolean
  /** Runs that making a failure small may take. Default 40. */
  readonly shrinkRuns?: number
}

export interface SeedsReport {
  readonly runs: number
  readonly virtualMs: number
  readonly frames: number
  readonly agreedAfterMsMax: number
  readonly failures: ReadonlyMap<string, number>
  /** How often sites of `buggify` misbehaved. */
  readonly fired: ReadonlyMap<string, number>
}

const shrinkRunsMax = 40

export async function simulateSeeds(
  options: SeedsOptions,
  scenario: Scenario<unknown> = async () => undefined,
): Promise<SeedsReport> {
  const { replay, seeds } = options
  const plans = replay === undefined ? plansOf(seeds, options) : [parseReplay(replay, options)]
  const report = {
    runs: 0,
    virtualMs: 0,
    frames: 0,
    agreedAfterMsMax: 0,
    failures: new Map<string, number>(),
    fired: new Map<string, number>(),
  }
  for (const plan of plans) {
    const run = await runPlan(plan, options, scenario)
    report.runs++
    report.virtualMs += run.world.nowMs
    report.frames += run.frames
    report.agreedAfterMsMax = Math.max(report.agreedAfterMsMax, run.agreedAfterMs)
    addUp(report.failures, run.world.ledger.failures)
    addUp(report.fired, run.world.buggify.fired)
  }
  return report
}

function* plansOf(seeds: Iterable<number>, options: SeedsOptions): Iterable<SimPlan> {
  for (const seed of seeds) yield planOf({ ...options, seed })
}

async function runPlan(
  plan: SimPlan,
  options: SeedsOptions,
  scenario: Scenario<unknown>,
): Promise<Simulated<unknown>> {
  const run = await attempt(plan, options, scenario)
  if (run instanceof EdgeError) {
    const made = options.replay === undefined ? await shrink(plan, options, scenario) : plan
    throw await failureOf(made, run, options, scenario)
  }
  if (options.twice === false || options.replay !== undefined) return run
  const again = await attempt(plan, options, scenario)
  const hash = again instanceof EdgeError ? again.message : again.hash
  if (hash === run.hash) return run
  throw new EdgeError(
    'not_deterministic',
    `Seed ${plan.seed} ran differently the second time: ${run.hash}, then ${hash}\n` +
      `replay: ${options.command(replayText(plan))}`,
    { detail: { seed: plan.seed } },
  )
}

/** The error of a run is an answer here. */
function attempt(
  plan: SimPlan,
  options: WorldOptions,
  scenario: Scenario<unknown>,
): Promise<Simulated<unknown> | EdgeError> {
  return simulatePlan(plan, options, scenario).then(
    (run) => run,
    (error: unknown) => error as EdgeError,
  )
}

async function failureOf(
  plan: SimPlan,
  first: EdgeError,
  options: SeedsOptions,
  scenario: Scenario<unknown>,
): Promise<EdgeError> {
  const last = await attempt(plan, options, scenario)
  const shown = last instanceof EdgeError ? last : first
  const text = replayText(
    last instanceof EdgeError ? plan : planOf({ ...options, seed: plan.seed }),
  )
  return new EdgeError('simulation_failed', `run: ${options.command(text)}\n${shown.message}`, {
    cause: first,
    detail: { seed: plan.seed, replay: text },
  })
}

/** The smallest failing part of a plan that was found within its runs. */
export async function shrink(
  whole: SimPlan,
  options: SeedsOptions,
  scenario: Scenario<unknown>,
): Promise<SimPlan> {
  let left = options.shrinkRuns ?? shrinkRunsMax
  const fails = async (nodes: number, kept: readonly number[]): Promise<boolean> => {
    if (left-- <= 0) return false
    return (await attempt(cutPlan(whole, nodes, kept), options, scenario)) instanceof EdgeError
  }
  const all = whole.faults.map((_, at) => at)
  let kept = await shortest(all, (some) => fails(whole.nodes, some))
  for (const fault of kept.toReversed()) {
    const without = kept.filter((other) => other !== fault)
    if (await fails(whole.nodes, without)) kept = without
  }
  let { nodes } = whole
  while (nodes > 2 && (await fails(nodes - 1, kept))) nodes--
  return cutPlan(whole, nodes, kept)
}

/** Halve the list from its end while what is left fails. */
async function shortest(
  list: readonly number[],
  fails: (some: readonly number[]) => Promise<boolean>,
): Promise<readonly number[]> {
  let least = 0
  let most = list.length
  while (least < most) {
    const middle = Math.floor((least + most) / 2)
    if (await fails(list.slice(0, middle))) most = middle
    else least = middle + 1
  }
  return list.slice(0, most)
}

function addUp(sums: Map<string, number>, counts: ReadonlyMap<string, number>): void {
  for (const [name, count] of counts) sums.set(name, (sums.get(name) ?? 0) + count)
}
