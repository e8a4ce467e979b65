/**
 * Membership cost: what belonging to a cluster of a given size costs one node, in the scale model.
 *
 * Runs whole clusters of the pure membership rules on virtual time: idle traffic, the price of one
 * death, computing time and memory per node at each size, and the times until a death is known
 * everywhere. Fails when traffic or messages per death grow faster than the logarithm of the size.
 *
 * `npm run bench -- membership-cost [--quick] [--json FILE]`
 */
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { membershipLimits as limits } from 'shoal/protocols/limits'
import { membershipProfiles, MembershipWorld, runCalmTrial, runDetectionTrial } from 'shoal/testing'
import { writeReport } from '../report.ts'
import type { Result } from '../report.ts'

export interface CostOptions {
  readonly sizes: readonly number[]
  /** Virtual time of each of the two phases: idle, and after a death. */
  readonly phaseMs: number
  readonly trials: number
}

export interface CostReport {
  readonly results: readonly Result[]
  readonly notes: readonly string[]
  /** Nothing grew faster than the logarithm of the size. */
  readonly right: boolean
}

interface Cost {
  readonly nodes: number
  readonly messages: number
  readonly bytes: number
  readonly micros: number
  readonly deathMessages: number
  readonly memoryBytes: number
  readonly unaware: number
}

export const fullCost: CostOptions = {
  sizes: [10, 100, 1_000, 10_000],
  phaseMs: 10_000,
  trials: 200,
}
export const quickCost: CostOptions = { sizes: [10, 100, 1_000], phaseMs: 10_000, trials: 50 }

const profile = membershipProfiles.lan
/** Measurement noise that growth may show beyond the logarithm. */
const tolerance = 1.25

/** Measure all sizes; prints as it goes, because the largest takes a while. */
export function measureMembershipCost(options: CostOptions): CostReport {
  const costs = options.sizes.map((nodes) => measureSize(nodes, options.phaseMs))
  const detection = [3, 5, 20, 100].flatMap((nodes) => measureDetection(nodes, options.trials))
  const calm = measureCalm()
  const notes = costs.flatMap((cost) => growthNotes(cost, costs[0]))
  return {
    results: [...costs.flatMap(resultsOf), ...detection, ...calm],
    notes,
    right: notes.length === 0,
  }
}

function measureSize(nodes: number, phaseMs: number): Cost {
  const before = memoryInUse()
  const world = new MembershipWorld({
    seed: 1,
    nodes,
    profile,
    limits,
    met: true,
    heartbeats: true,
  })
  world.run(3_000)
  const start = sentPerNode(world)
  const startedMs = performance.now()
  world.run(phaseMs)
  const spentMs = performance.now() - startedMs
  const idle = sentPerNode(world)
  world.kill(0)
  world.run(phaseMs)
  const after = sentPerNode(world)
  const seconds = phaseMs / 1_000
  const cost = {
    nodes,
    messages: (idle.messages - start.messages) / seconds,
    bytes: (idle.bytes - start.bytes) / seconds,
    micros: (spentMs * 1_000) / nodes / seconds,
    deathMessages: after.messages - idle.messages - (idle.messages - start.messages),
    memoryBytes: (memoryInUse() - before) / nodes,
    unaware: unawareOf(world),
  }
  print(
    `${String(nodes).padStart(6)} nodes, each: ${cost.messages.toFixed(2)} messages/s, ` +
      `${cost.bytes.toFixed(0)} B/s, ${cost.micros.toFixed(0)} us CPU/s, ` +
      `one death ${cost.deathMessages.toFixed(0)} messages, ` +
      `${(cost.memoryBytes / 1_024).toFixed(0)} KiB; unaware of it: ${cost.unaware}`,
  )
  return cost
}

function measureDetection(nodes: number, trials: number): readonly Result[] {
  const ways = [
    { name: 'kill', fault: 'kill', refuses: true },
    { name: 'kill-unreachable', fault: 'kill', refuses: false },
    { name: 'stop', fault: 'stop', refuses: true },
  ] as const
  return ways.map(({ name, fault, refuses }) => {
    const runs = Array.from({ length: trials }, (_, seed) => {
      const trial = { seed, nodes, profile, limits, fault, refuses }
      return runDetectionTrial(trial).everywhereMs
    }).toSorted((a, b) => a - b)
    const [p50, p90, p99, max] = [0.5, 0.9, 0.99, 1].map((share) => quantile(runs, share))
    print(`${name.padEnd(16)} of ${nodes}: p50 ${p50} p90 ${p90} p99 ${p99} max ${max} ms`)
    return {
      name: `membership-${name}-${nodes}`,
      system: 'model',
      value: p50 ?? 0,
      unit: 'ms',
      runs,
    }
  })
}

function measureCalm(): readonly Result[] {
  const disturbances = [
    { name: 'loss-5%', loss: 0.05 },
    { name: 'stalls-1-2s', stalls: { minMs: 1_000, maxMs: 2_000, everyMs: 5_000 } },
    { name: 'starved-cpu', stalls: { minMs: 100, maxMs: 1_000, everyMs: 150 } },
  ] as const
  return disturbances.flatMap(({ name, ...disturbance }) =>
    [5, 20].map((nodes) => {
      const trial = { seed: 1, nodes, profile, limits, durationMs: 3_600_000, ...disturbance }
      const { falseDeaths, suspicions } = runCalmTrial(trial)
      print(`${name} of ${nodes}, one hour: ${falseDeaths} false deaths, ${suspicions} suspicions`)
      const runs = [falseDeaths]
      return {
        name: `false-deaths-${name}-${nodes}`,
        system: 'model',
        value: falseDeaths,
        unit: '/h',
        runs,
      }
    }),
  )
}

function resultsOf(cost: Cost): readonly Result[] {
  const figures: readonly (readonly [string, number, string])[] = [
    ['idle-messages', cost.messages, '1/s'],
    ['idle-bytes', cost.bytes, 'B/s'],
    ['idle-cpu', cost.micros, 'us/s'],
    ['death-messages', cost.deathMessages, 'messages'],
    ['memory', cost.memoryBytes, 'B'],
  ]
  return figures.map(([name, value, unit]) => ({
    name: `membership-${name}-${cost.nodes}`,
    system: 'model',
    value,
    unit,
    runs: [value],
  }))
}

function growthNotes(cost: Cost, base: Cost | undefined): readonly string[] {
  if (base === undefined) return []
  const allowed = (Math.log10(cost.nodes) / Math.log10(base.nodes)) * tolerance
  const figures = [
    ['idle messages', cost.messages / base.messages],
    ['idle bytes', cost.bytes / base.bytes],
    ['messages per death', cost.deathMessages / base.deathMessages],
  ] as const
  const notes = figures
    .filter(([, ratio]) => ratio > allowed)
    .map(([name, ratio]) => `${name} grew ${ratio.toFixed(2)}x to ${cost.nodes} nodes`)
  if (cost.unaware > 0) notes.push(`${cost.unaware} of ${cost.nodes} did not learn of a death`)
  return notes
}

function sentPerNode(world: MembershipWorld): {
  readonly messages: number
  readonly bytes: number
} {
  const { nodes } = world.options
  let [messages, bytes] = [0, 0]
  for (let node = 0; node < nodes; node += 1) {
    const sent = world.sent(node)
    messages += sent.messages
    bytes += sent.bytes
  }
  return { messages: messages / nodes, bytes: bytes / nodes }
}

function unawareOf(world: MembershipWorld): number {
  let unaware = 0
  for (let node = 1; node < world.options.nodes; node += 1) {
    if (world.state(node).table.count('dead') !== 1) unaware += 1
  }
  return unaware
}

function quantile(sorted: readonly number[], share: number): number {
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0)
}

function memoryInUse(): number {
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** `bench -- membership-cost`: fails when something grew faster than it may. */
export async function benchMembershipCost(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { quick: { type: 'boolean', default: false }, json: { type: 'string' } },
  })
  const { results, notes, right } = measureMembershipCost(values.quick ? quickCost : fullCost)
  for (const note of notes) print(note)
  if (values.json !== undefined) await writeReport(values.json, { results, notes })
  return right ? 0 : 1
}
