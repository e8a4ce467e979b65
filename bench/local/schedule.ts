/**
 * Schedule: runs one workload on every system that offers it, fairly.
 *
 * Each system gets a fresh process. First all warm up; then they take turns, in an order that
 * rotates, so that what else the machine does hits all alike. The size of a slow peer's run is
 * cut until it takes about `peerRunMs`. Rounds stop when the workload's share of the time is
 * spent; when all time is up, what is missing is left out and said to be.
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
  /** What stands behind the last run's figure. */
  readonly note?: string
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
  /** The time was up: nothing is wrong with the result, there is none. */
  readonly late: boolean
}

export interface Plan {
  readonly runs: number
  readonly peerRuns: number
  /** Past this only rounds begin that are needed for a figure. */
  readonly roundsEndAtMs: number
  /** Past this nothing runs. */
  readonly endsAtMs: number
}

interface Lane {
  readonly system: System
  readonly session: Session
  size: number
  failed?: string
  late: boolean
  note?: string
  readonly runs: number[]
}

const openTimeoutMs = 20_000
const runTimeoutMs = 60_000

/** What each system offers, learned when its first process opens; spares idle processes. */
export type Offers = Map<string, readonly string[]>

export async function measure(
  workload: Workload,
  systems: readonly System[],
  plan: Plan,
  offers: Offers,
): Promise<Measured> {
  const mayOffer = ({ name }: System) => offers.get(name)?.includes(workload.name) ?? true
  const lanes = systems.filter((system) => mayOffer(system)).map((one) => openLane(one, workload))
  try {
    await Promise.all(lanes.map((lane) => learnOffers(lane, offers)))
    const able = lanes.filter(({ system }) => offers.get(system.name)?.includes(workload.name))
    for (const lane of able) await warmUp(lane, workload, plan)
    await takeTurns(able, workload, plan)
    const inexpressible = systems.filter((system) => !mayOffer(system)).map(({ name }) => name)
    return { ...summaryOf(lanes, able, workload), inexpressible }
  } finally {
    await Promise.all(lanes.map((lane) => lane.session.close()))
  }
}

function openLane(system: System, workload: Workload): Lane {
  const session = new Session(system.command)
  return { system, session, size: workload.size, late: false, runs: [] }
}

async function learnOffers(lane: Lane, offers: Offers): Promise<void> {
  const reply = await lane.session.open(openTimeoutMs)
  if (reply.names !== undefined) offers.set(lane.system.name, reply.names)
  else lane.failed = reply.error ?? 'the process did not say what it offers'
}

/** Two small runs for the compiler, then one of the size that will be measured, if it is short. */
async function warmUp(lane: Lane, workload: Workload, plan: Plan): Promise<void> {
  if (workload.steps === 'fixed') return
  for (const part of [100, 10]) {
    const size = fitted(workload.size / part, workload)
    const reply = await runOnce(lane, workload, size, plan)
    if (reply === undefined) return
    const expectedMs = (reply.ms ?? 0) * (workload.size / size)
    if (lane.system.full) continue
    lane.size = fitted(workload.size * Math.min(1, workload.peerRunMs / expectedMs), workload)
    if (lane.size <= size) return
  }
  if (workload.steps === 'any' && workload.more) await runOnce(lane, workload, lane.size, plan)
}

async function takeTurns(lanes: readonly Lane[], workload: Workload, plan: Plan): Promise<void> {
  const rounds = Math.min(plan.runs, workload.runs ?? plan.runs)
  for (let round = 0; round < rounds; round++) {
    const spent = performance.now() > plan.roundsEndAtMs
    const racing = lanes.filter(({ system }) => round < roundsOf(system, plan, spent))
    for (let turn = 0; turn < racing.length; turn++) {
      const lane = racing[(turn + round) % racing.length]!
      const reply = await runOnce(lane, workload, lane.size, plan)
      if (reply === undefined) continue
      lane.runs.push(figureOf(reply))
      if (reply.note !== undefined) lane.note = reply.note
    }
  }
}

/** When the share is spent, peers that have a figure stop, and the others after three. */
function roundsOf({ full }: System, plan: Plan, spent: boolean): number {
  if (spent) return full ? 3 : 1
  return full ? plan.runs : plan.peerRuns
}

async function runOnce(
  lane: Lane,
  workload: Workload,
  size: number,
  plan: Plan,
): Promise<Reply | undefined> {
  if (lane.failed !== undefined) return undefined
  const leftMs = plan.endsAtMs - performance.now()
  const timeoutMs = Math.max(1, Math.min(runTimeoutMs, leftMs))
  const reply = await lane.session.run(workload.name, size, workload.actors, timeoutMs)
  if (reply.error === undefined) return reply
  lane.late = performance.now() >= plan.endsAtMs
  lane.failed = lane.late ? 'the time was up' : reply.error.replaceAll(/\s+/g, ' ').slice(0, 200)
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

function summaryOf(lanes: readonly Lane[], able: readonly Lane[], workload: Workload) {
  const sound = able.filter(({ runs, failed, late }) => runs.length > 0 && (!failed || late))
  const failed = lanes.filter((lane) => lane.failed !== undefined && !sound.includes(lane))
  return {
    rows: sound.map(({ system, size, runs, note }) => {
      const row = { workload, system: system.name, size, runs }
      return note === undefined ? row : { ...row, note }
    }),
    failures: failed.map(({ system, failed: reason = '', late }) => ({
      system: system.name,
      workload: workload.name,
      reason,
      late,
    })),
  }
}
