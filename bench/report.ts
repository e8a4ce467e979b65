/**
 * Report: what a benchmark run writes with --json and what `compare` reads.
 *
 * `value` is the median of `runs`; all are in `unit`. A workload that gave a wrong result, or
 * that a system cannot express, has no entry: its reason stands in `notes`.
 */
import { readFile, writeFile } from 'node:fs/promises'

export interface Result {
  readonly name: string
  readonly system: string
  readonly value: number
  readonly unit: string
  readonly runs: readonly number[]
}

export interface Report {
  readonly results: readonly Result[]
  readonly machine?: Readonly<Record<string, string>>
  readonly notes?: readonly string[]
}

export async function writeReport(file: string, report: Report): Promise<void> {
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`)
}

export async function readReport(file: string): Promise<Report> {
  const report: unknown = JSON.parse(await readFile(file, 'utf8'))
  if (!isReport(report)) throw new TypeError(`${file} holds no results of a benchmark run`)
  return report
}

function isReport(value: unknown): value is Report {
  return (
    typeof value === 'object' &&
    value !== null &&
    'results' in value &&
    Array.isArray(value.results)
  )
}
