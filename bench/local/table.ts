/**
 * Table: the figures as people read them, with the spread of the runs and the ratio to shoal.
 *
 * A ratio above one means that shoal does better, whatever the unit's direction.
 */
import type { Result } from '../report.ts'
import { targets } from '../targets.ts'
import type { Target } from '../targets.ts'
import type { Measured, Row } from './schedule.ts'
import { medianOf, spreadOf } from './statistics.ts'
import type { Workload } from './workloads.ts'

export function printRows(workload: Workload, measured: Measured, tookMs: number): void {
  const lines = [`\n${workload.name}: ${workload.about} (${(tookMs / 1_000).toFixed(1)} s)`]
  const ours = measured.rows.find(({ system }) => system === 'shoal')
  for (const row of measured.rows) lines.push(rowLine(row, ours))
  for (const { system, reason } of measured.failures) lines.push(`  ${system} FAILED: ${reason}`)
  if (measured.inexpressible.length > 0) {
    lines.push(`  not expressible: ${measured.inexpressible.join(', ')}`)
  }
  process.stdout.write(`${lines.join('\n')}\n`)
}

export function printTargets(results: readonly Result[], wanted = targets): void {
  const lines = wanted.map((target) => targetLine(target, results))
  process.stdout.write(`\ntargets\n${lines.join('\n')}\n`)
}

function rowLine(row: Row, ours: Row | undefined): string {
  const { min, max } = spreadOf(row.runs)
  const cells = [
    row.system.padEnd(10),
    figure(medianOf(row.runs)).padStart(12),
    row.workload.unit.padEnd(14),
    `${figure(min)}–${figure(max)}`.padEnd(24),
    ours === undefined || ours === row ? ''.padEnd(14) : ratioOf(row, ours).padEnd(14),
    row.size === row.workload.size ? '' : `size ${figure(row.size)}`,
  ]
  return `  ${cells.join(' ')}`.trimEnd()
}

function ratioOf(row: Row, ours: Row): string {
  const ratio = medianOf(ours.runs) / medianOf(row.runs)
  return `shoal ${(row.workload.more ? ratio : 1 / ratio).toFixed(2)}x`
}

function targetLine(target: Target, results: readonly Result[]): string {
  const find = (system: string) =>
    results.find((result) => result.name === target.name && result.system === system)
  const own = find('shoal')
  const other = target.against === undefined ? undefined : find(target.against)
  const name = `  ${target.name}`.padEnd(26)
  if (own === undefined || (target.against !== undefined && other === undefined)) {
    return `${name} not measured`
  }
  const base = other?.value ?? 1
  const met =
    target.bound === 'at least' ? own.value >= goal(target, base) : own.value <= goal(target, base)
  const wanted = `${target.bound} ${figure(goal(target, base))} ${own.unit}`
  const source = target.against === undefined ? '' : ` (${target.factor}x ${target.against})`
  const share = goal(target, base) === 0 ? '' : `: ${(own.value / goal(target, base)).toFixed(2)}x`
  return `${name} ${met ? 'met   ' : 'MISSED'} ${figure(own.value)}, ${wanted}${source}${share}`
}

function goal({ factor }: Target, base: number): number {
  return factor * base
}

export function figure(value: number): string {
  return value >= 1_000 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
}
