/**
 * Schedule: runs one workload on every system that offers it, fairly.
 *
 * Each system gets a fresh process. First all warm up; then they take turns, in an order that
 * rotates, so that what else the machine does hits all alike. The size of a slow peer's run is
 * cut until it takes about `peerRunMs`. `endsAtMs` bounds the whole: past it one run must do.
 */
import { performance } from 'node:perf_hooks'
import { Session } from './session.ts'
import type { Reply } from './session.ts'
import type { System } from './systems.ts'
import type { Workload } from './workloads.ts'

export interface Row {
  readonly workload: Workload
  readonly system: string
  readonly size: number
  readonly runs: number[]
}

export interface Measured {
  readonly rows: readonly Row[]
  readonly failures: readonly Failure[]
  readonly inexpressible: readonly string[]
}

export interface Failure {
  readonly system: string
  readonly workload: string
  readonly reason: string
}

export interface Plan {
  readonly runs: number
  readonly endsAtMs: number
}

interface Lane {
  readonly system: System
  readonly session: Session
  size: number
  failed?: string
  readonly runs: number[]
}

const openTimeoutMs = 20_000
const runTimeoutMs = 60_000

export async function measure(
  workload: Workload,
  systems: readonly System[],
  plan: Plan,
): Promise<Measured> {
  const lanes = systems.map((system) => openLane(system, workload))
  try {
    const offers = await Promise.all(lanes.map((lane) => offersOf(lane)))
    const able = lanes.filter((lane, index) => offers[index]?.includes(workload.name))
    for (const lane of able) await warmUp(lane, workload)
    await takeTurns(able, workload, plan)
    return summaryOf(lanes, able, workload)
  } finally {
    await Promise.all(lanes.map((lane) => lane.session.close()))
  }
}

function openLane(system: System, workload: Workload): Lane {
  return { system, session: new Session(system.command), size: workload.size, runs: [] }
}

async function offersOf(lane: Lane): Promise<readonly string[]> {
  const reply = await lane.session.open(openTimeoutMs)
  if (reply.error !== undefined) lane.failed = reply.error
  return reply.names ?? []
}

/** Two small runs for the compiler, then one of the size that will be measured. */
async function warmUp(lane: Lane, workload: Workload): Promise<void> {
  if (workload.steps === 'fixed') return
  for (const part of [100, 10]) {
    const size = fitted(workload.size / part, workload)
    const reply = await runOnce(lane, workload, size)
    if (reply === undefined) return
    const expectedMs = (reply.ms ?? 0) * (workload.size / size)
    if (lane.system.full) continue
    lane.size = fitted(workload.size * Math.min(1, workload.peerRunMs / expectedMs), workload)
    if (lane.size <= size) return
  }
  if (workload.more) await runOnce(lane, workload, lane.size)
}

async function takeTurns(lanes: readonly Lane[], workload: Workload, plan: Plan): Promise<void> {
  const rounds = Math.min(plan.runs, workload.runs ?? plan.runs)
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < lanes.length; turn++) {
      const lane = lanes[(turn + round) % lanes.length]!
      const late = performance.now() > plan.endsAtMs
      if (late && lane.runs.length > 0) continue
      const reply = await runOnce(lane, workload, lane.size)
      if (reply !== undefined) lane.runs.push(figureOf(reply))
    }
  }
}

async function runOnce(lane: Lane, workload: Workload, size: number): Promise<Reply | undefined> {
  if (lane.failed !== undefined) return undefined
  const reply = await lane.session.run(workload.name, size, workload.actors, runTimeoutMs)
  if (reply.error === undefined) return reply
  lane.failed = reply.error.replaceAll(/\s+/g, ' ').slice(0, 200)
  return undefined
}

function figureOf({ ms = 0, work = 0, value }: Reply): number {
  return value ?? (work / ms) * 1_000
}

/** The nearest size that the shape can have: whole shares per actor, or a power of ten. */
function fitted(size: number, workload: Workload): number {
  const { steps, actors, more } = workload
  if (steps === 'powers') return 10 ** Math.max(2, Math.round(Math.log10(size)))
  if (!more) return Math.max(100, Math.round(size))
  const share = actors < 2 ? 1 : actors
  return share * Math.max(10, Math.round(size / share))
}

function summaryOf(lanes: readonly Lane[], able: readonly Lane[], workload: Workload): Measured {
  const sound = able.filter((lane) => lane.failed === undefined && lane.runs.length > 0)
  return {
    rows: sound.map(({ system, size, runs }) => ({ workload, system: system.name, size, runs })),
    failures: lanes.flatMap(({ system, failed }) =>
      failed === undefined
        ? []
        : [{ system: system.name, workload: workload.name, reason: failed }],
    ),
    inexpressible: lanes
      .filter((lane) => lane.failed === undefined && !able.includes(lane))
      .map((lane) => lane.system.name),
  }
}
