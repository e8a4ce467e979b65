/**
 * Local: `bench -- local`, everything that one process can show, beside the peers when asked.
 *
 * Ends within three minutes with --quick on two busy cores: rounds stop when the time is up.
 * The exit code tells whether every result of shoal and of the bare mailbox was right.
 */
import { execFileSync } from 'node:child_process'
import { cpus, loadavg } from 'node:os'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { writeReport } from '../report.ts'
import type { Result } from '../report.ts'
import { breakEvenNotes } from './break-even.ts'
import { measure } from './schedule.ts'
import type { Failure, Measured, Offers } from './schedule.ts'
import { medianOf } from './statistics.ts'
import { openSystems } from './systems.ts'
import type { System } from './systems.ts'
import { printRows, printTargets } from './table.ts'
import { workloads } from './workloads.ts'
import type { Workload } from './workloads.ts'

/** Three minutes are promised for --quick: rounds are planned for less, and all ends before. */
const quick = { runs: 5, peerRuns: 3, planMs: 130_000, endsAtMs: 165_000 }
const full = { runs: 11, peerRuns: 5, planMs: 15 * 60_000, endsAtMs: 30 * 60_000 }
const mustBeRight = new Set(['shoal', 'bare'])

export async function benchLocal(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      peers: { type: 'boolean', default: false },
      json: { type: 'string' },
      only: { type: 'string' },
      systems: { type: 'string' },
    },
  })
  await using systems = await openSystems({ peers: values.peers })
  const present = chosen(systems.present, values.systems)
  const machine = describeMachine(present)
  print(Object.entries(machine).map(([key, value]) => `${key}: ${value}`))
  const measured = await measureAll(
    chosen(workloads, values.only),
    present,
    values.quick ? quick : full,
  )
  const results = measured.flatMap(({ rows }) => rows).map((row) => resultOf(row))
  const notes = [
    ...systems.notes,
    ...measured.flatMap((one) => notesOf(one)),
    ...breakEvenNotes(results),
  ]
  printTargets(results)
  print(['', ...notes])
  if (values.json !== undefined) await writeReport(values.json, { results, machine, notes })
  const wrong = measured.flatMap(({ failures }) => failures).filter((failure) => isOurs(failure))
  return wrong.length > 0 ? 1 : 0
}

export async function measureAll(
  table: readonly Workload[],
  systems: readonly System[],
  pace: typeof quick,
): Promise<readonly Measured[]> {
  const measured: Measured[] = []
  const offers: Offers = new Map()
  for (const [index, workload] of table.entries()) {
    const startedMs = performance.now()
    const sharesLeft = table.slice(index).reduce((sum, { share }) => sum + share, 0)
    const shareMs = Math.max(0, pace.planMs - startedMs) * (workload.share / sharesLeft)
    const plan = { ...pace, roundsEndAtMs: startedMs + shareMs }
    const one = await measure(workload, systems, plan, offers)
    measured.push(one)
    printRows(workload, one, performance.now() - startedMs)
  }
  return measured
}

export function chosen<T extends { readonly name: string }>(
  all: readonly T[],
  names?: string,
): T[] {
  if (names === undefined) return [...all]
  return names.split(',').flatMap((wanted) => {
    const found = all.filter(({ name }) => name === wanted)
    if (found.length > 0) return found
    const known = all.map(({ name }) => name).join(', ')
    throw new RangeError(`There is no '${wanted}' to measure; there are ${known}`)
  })
}

export function resultOf({ workload, system, runs }: Measured['rows'][number]): Result {
  return { name: workload.name, system, value: medianOf(runs), unit: workload.unit, runs }
}

export function notesOf({ rows, failures }: Measured): readonly string[] {
  const said = rows.flatMap(({ workload, note }) => (note ? [`${workload.name}: ${note}`] : []))
  const wrong = failures.map((one) => `${one.system}: ${one.workload} failed: ${one.reason}`)
  return [...said, ...wrong]
}

/** Late is not wrong, and what a peer does wrong is the peer's. */
function isOurs({ system, late }: Failure): boolean {
  return !late && mustBeRight.has(system)
}

export function describeMachine(systems: readonly System[]): Record<string, string> {
  const cores = cpus()
  const load = loadavg().map((value) => value.toFixed(1))
  const machine = {
    processor: `${cores[0]?.model ?? 'unknown'}, ${cores.length} cores, load ${load.join(' ')}`,
    node: process.version,
  }
  if (!systems.some(({ name }) => name === 'erlang')) return machine
  const code = 'io:format("OTP ~s, one scheduler", [erlang:system_info(otp_release)]), halt().'
  return { ...machine, erlang: execFileSync('erl', ['-noshell', '-eval', code]).toString() }
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`)
}
