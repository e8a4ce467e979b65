/**
 * SimPlan: everything about a run that its seed decides, as data.
 *
 * The size of the cluster, the profile, the order of turns, the pace of the workload and the
 * faults. A plan can be cut down when it fails and written as one short text that replays it.
 */
import { EdgeError } from '../kernel/index.ts'
import { membershipProfiles, type ProfileName } from '../model/membership-profile.ts'
import { type Fault, type FaultKind, faultKinds, nodesOf, planFaults } from './sim-faults.ts'
import { SeededRandom } from './seeded-random.ts'
import type { TurnOrder } from './virtual-runtime.ts'

export interface SimPlan {
  readonly seed: number
  readonly nodes: number
  readonly endMs: number
  /** When faults end. */
  readonly calmMs: number
  readonly profile: ProfileName
  readonly order: TurnOrder
  readonly beatMs: number
  readonly faults: readonly Fault[]
  /** Whether single places misbehave too; see Buggify. */
  readonly buggy: boolean
  /** Which of the faults that the seed drew are left; absent: all. */
  readonly kept?: readonly number[]
}

export interface PlanOptions {
  readonly seed: number
  /** A number, or the least and the most that a seed may draw. Default: 3 to 7. */
  readonly nodes?: number | readonly [number, number]
  readonly seconds?: number
  readonly minutes?: number
  /** Default none; true: every kind. */
  readonly faults?: boolean | readonly FaultKind[]
  /** Default: drawn from the seed when faults are on, else `lan`. */
  readonly profile?: ProfileName
  readonly order?: TurnOrder
}

/** The faults end half-way: the other half belongs to recovery. */
const calmShare = 0.5
const firstFaultMs = 3_000
const faultEveryMs = 2_500

export function planOf(options: PlanOptions): SimPlan {
  const random = new SeededRandom(options.seed, 'plan')
  const { faults = false, nodes: wanted = [3, 7] } = options
  const kinds = faults === true ? faultKinds : faults === false ? [] : faults
  const drawn = typeof wanted === 'number' ? [wanted, wanted] : wanted
  const [least, most] = drawn as readonly [number, number]
  const nodes = least + random.below(most - least + 1)
  const endMs = (options.minutes ?? 0) * 60_000 + (options.seconds ?? 0) * 1_000
  const calmMs = Math.round(endMs * calmShare)
  const names = Object.keys(membershipProfiles) as ProfileName[]
  const profile = random.next() < 0.7 ? 'lan' : random.pick(names)
  const order = random.next() < 0.8 ? 'fifo' : 'seeded'
  return {
    seed: options.seed,
    nodes,
    endMs,
    calmMs,
    profile: options.profile ?? (kinds.length === 0 ? 'lan' : profile),
    order: options.order ?? (kinds.length === 0 ? 'fifo' : order),
    buggy: kinds.length > 0,
    beatMs: Math.round(random.between(200, 1_500)),
    faults: planFaults(random.fork('faults'), {
      nodes,
      fromMs: firstFaultMs,
      untilMs: calmMs,
      everyMs: faultEveryMs,
      kinds,
    }),
  }
}

/** The plan with these of its first faults and nodes alone. */
export function cutPlan(whole: SimPlan, nodes: number, kept: readonly number[]): SimPlan {
  const fits = (fault: Fault | undefined): boolean =>
    fault !== undefined && nodesOf(fault).every((node) => node <= nodes)
  const left = kept.filter((at) => fits(whole.faults[at]))
  return { ...whole, nodes, kept: left, faults: left.flatMap((at) => whole.faults[at] ?? []) }
}

/** What a replay needs besides the scenario. */
export function replayText({ seed, nodes, kept }: SimPlan): string {
  return kept === undefined ? `seed=${seed}` : `seed=${seed} nodes=${nodes} keep=${kept.join(',')}`
}

export function parseReplay(text: string, options: Omit<PlanOptions, 'seed'>): SimPlan {
  const fields = new Map(text.split(/\s+/).map((field) => field.split('=') as [string, string]))
  const seed = Number(fields.get('seed') ?? Number.NaN)
  if (!Number.isSafeInteger(seed)) {
    throw new EdgeError(
      'replay_invalid',
      `${JSON.stringify(text)} names no seed; give seed=NUMBER as the failed run printed it`,
    )
  }
  const plan = planOf({ ...options, seed })
  const keep = fields.get('keep')
  if (keep === undefined) return plan
  const kept = keep.split(',').filter((at) => at !== '')
  return cutPlan(plan, Number(fields.get('nodes') ?? plan.nodes), kept.map(Number))
}
