/**
 * Membership trial: one seeded experiment in the membership world, and what it measured.
 *
 * A detection trial ends one node and measures when every other one knows; a calm trial ends
 * nobody, disturbs everybody, and counts the verdicts that were wrong. The profiles were chosen by
 * these trials; the figures stand in docs/adr/0020-membership-profiles.md.
 */
import type { MembershipLimits } from '../../protocols/membership.ts'
import type { MembershipProfile } from './membership-profile.ts'
import { MembershipWorld, nodeName } from './membership-world.ts'

export interface TrialOptions {
  readonly seed: number
  readonly nodes: number
  readonly profile: MembershipProfile
  readonly limits: MembershipLimits
  readonly loss?: number
  readonly latencyMs?: { readonly min: number; readonly mean: number }
  readonly refuses?: boolean
}

/** A killed process closes its connections, a stopped one does not. */
export type Fault = 'kill' | 'stop'

export interface Detection {
  /** When the first and the last of the others held the node for dead, after the fault. */
  readonly firstMs: number
  readonly everywhereMs: number
  /** Others that live but were declared dead by someone. */
  readonly falseDeaths: number
}

export interface Stalls {
  readonly minMs: number
  readonly maxMs: number
  /** Mean time between two stalls anywhere in the cluster. */
  readonly everyMs: number
}

export interface CalmOptions extends TrialOptions {
  readonly durationMs: number
  readonly stalls?: Stalls
}

export interface Calm {
  readonly stalls: number
  readonly suspicions: number
  /** Every time that one node declared another dead which lived. */
  readonly falseDeaths: number
  readonly fences: number
}

/** Longer than any profile needs; a trial that reaches it reports infinity. */
const patienceInPeriods = 60

export function runDetectionTrial(options: TrialOptions & { readonly fault: Fault }): Detection {
  const victim = nodeName(0)
  const knownAtMs = new Map<number, number>()
  let falseDeaths = 0
  let faultAtMs = Number.POSITIVE_INFINITY
  const world = new MembershipWorld({
    ...options,
    met: true,
    heartbeats: true,
    onEffect: (observer, effect, nowMs) => {
      if (effect.type !== 'event' || effect.event !== 'member.dead' || observer === 0) return
      if (effect.member.id !== victim || nowMs < faultAtMs) falseDeaths += 1
      else knownAtMs.set(observer, nowMs - faultAtMs)
    },
  })
  const { probeIntervalMs } = options.profile
  world.run((4 + 4 * world.random()) * probeIntervalMs)
  faultAtMs = world.nowMs
  if (options.fault === 'kill') world.kill(0)
  else world.pause(0)
  for (let left = patienceInPeriods; left > 0 && knownAtMs.size < options.nodes - 1; left -= 1) {
    world.run(probeIntervalMs)
  }
  const times = [...knownAtMs.values()].toSorted((a, b) => a - b)
  const complete = times.length === options.nodes - 1
  return {
    firstMs: times[0] ?? Number.POSITIVE_INFINITY,
    everywhereMs: complete ? (times.at(-1) ?? 0) : Number.POSITIVE_INFINITY,
    falseDeaths,
  }
}

export function runCalmTrial(options: CalmOptions): Calm {
  const counts = { stalls: 0, suspicions: 0, falseDeaths: 0, fences: 0 }
  const world = new MembershipWorld({
    ...options,
    met: true,
    heartbeats: true,
    onEffect: (_, effect) => {
      if (effect.type === 'fence') counts.fences += 1
      if (effect.type !== 'event') return
      if (effect.event === 'member.dead') counts.falseDeaths += 1
      if (effect.event === 'member.suspect') counts.suspicions += 1
    },
  })
  const { stalls } = options
  if (stalls !== undefined) planStalls(world, { ...stalls, onStall: () => (counts.stalls += 1) })
  world.run(options.durationMs)
  return counts
}

/** Stall one node that runs, again and again; stalls of one node never overlap. */
function planStalls(
  world: MembershipWorld,
  stalls: Stalls & { readonly onStall: () => void },
): void {
  const { nodes } = world.options
  const busyUntilMs = new Map<number, number>()
  const stallOne = (): void => {
    const node = Math.floor(world.random() * nodes)
    const lengthMs = stalls.minMs + world.random() * (stalls.maxMs - stalls.minMs)
    if ((busyUntilMs.get(node) ?? 0) < world.nowMs) {
      world.pause(node, lengthMs)
      busyUntilMs.set(node, world.nowMs + lengthMs)
      stalls.onStall()
    }
    world.at(stalls.everyMs * (0.5 + world.random()), stallOne)
  }
  world.at(stalls.everyMs, stallOne)
}
