/**
 * Simulate: one seed runs a whole cluster's day in one process, the same way every time.
 *
 * Nodes meet, the scenario acts while faults befall them, calm returns, and then everyone must
 * agree again. What must hold at any time is looked at every second. A run that fails says how to
 * repeat it.
 */
import { EdgeError } from '../kernel/index.ts'
import { restartChains } from '../kernel/turn.ts'
import { inSimulation } from '../adapters/memory/index.ts'
import { becalm, beginDay } from './sim-day.ts'
import { faultText } from './sim-faults.ts'
import { planOf, type PlanOptions, replayText, type SimPlan } from './sim-plan.ts'
import { SimWorld, type WorldOptions } from './sim-world.ts'

export interface SimulateOptions extends PlanOptions, WorldOptions {}

export interface Simulated<T> {
  readonly plan: SimPlan
  readonly result: T
  /** Equal for equal runs. */
  readonly hash: string
  readonly frames: number
  /** From the begin of the calm until everyone agreed. */
  readonly agreedAfterMs: number
  readonly world: SimWorld
}

export type Scenario<T> = (world: SimWorld) => Promise<T>

/** How long everyone may need to agree once faults have ended; the slow profile needs it. */
const agreeWithinMs = 90_000
const linesShown = 40

/** Run one seed. */
export function simulate(options: SimulateOptions): Promise<Simulated<void>>
export function simulate<T>(options: SimulateOptions, scenario: Scenario<T>): Promise<Simulated<T>>
export function simulate<T>(
  options: SimulateOptions,
  scenario?: Scenario<T>,
): Promise<Simulated<T | void>> {
  return simulatePlan(planOf(options), options, scenario ?? (async () => undefined))
}

/** Run what a seed would have drawn, or part of it. */
export function simulatePlan<T>(
  plan: SimPlan,
  options: WorldOptions,
  scenario: Scenario<T>,
): Promise<Simulated<T>> {
  return inSimulation(async () => {
    restartChains()
    const world = new SimWorld(plan, options)
    return live(world, scenario).then(undefined, (error: unknown) => {
      throw simulationError(world, error)
    })
  })
}

async function live<T>(world: SimWorld, scenario: Scenario<T>): Promise<Simulated<T>> {
  const { plan, trace } = world
  for (const { number } of world.nodes) await world.start(number)
  beginDay(world)
  const result = await scenario(world)
  while (world.nowMs < plan.calmMs) await world.run(Math.min(1_000, plan.calmMs - world.nowMs))
  await becalm(world)
  const agreedAfterMs = await world.until(() => world.agreed(), agreeWithinMs)
  while (world.nowMs < plan.endMs) await world.run(Math.min(1_000, plan.endMs - world.nowMs))
  return { plan, result, hash: trace.hash, frames: trace.count, agreedAfterMs, world }
}

function simulationError({ plan, log, nowMs }: SimWorld, error: unknown): EdgeError {
  const why = error instanceof Error ? error.message : String(error)
  return new EdgeError(
    'simulation_failed',
    [
      `Seed ${plan.seed} fails at ${nowMs} ms with ${plan.nodes} nodes (${plan.profile}): ${why}`,
      `replay: ${replayText(plan)}`,
      `faults: ${plan.faults.map(faultText).join('; ')}`,
      ...log.slice(-linesShown).map((line) => `  ${line}`),
    ].join('\n'),
    { cause: error, detail: { replay: replayText(plan) } },
  )
}
