/**
 * Compare: the ratio of each figure of two written runs, the second over the first.
 *
 * A change inside the spread of either run is marked `~`: it shows nothing.
 */
import { spreadOf } from './local/statistics.ts'
import { readReport } from './report.ts'
import type { Result } from './report.ts'

export async function compareRuns(args: readonly string[]): Promise<number> {
  const [before, after] = args
  if (before === undefined || after === undefined) {
    process.stderr.write('compare needs two files that `bench -- local --json FILE` wrote.\n')
    return 2
  }
  const old = new Map((await readReport(before)).results.map((result) => [keyOf(result), result]))
  for (const result of (await readReport(after)).results) {
    process.stdout.write(`${lineOf(old.get(keyOf(result)), result)}\n`)
    old.delete(keyOf(result))
  }
  for (const key of old.keys()) process.stdout.write(`${key.padEnd(40)} only in ${before}\n`)
  return 0
}

function keyOf(result: Result): string {
  return `${result.name} ${result.system}`
}

function lineOf(before: Result | undefined, after: Result): string {
  const name = keyOf(after).padEnd(40)
  if (before === undefined) return `${name} new: ${after.value.toPrecision(4)} ${after.unit}`
  const ratio = (after.value / before.value).toFixed(2)
  const doubtful = overlap(before.runs, after.runs) ? ' ~' : ''
  const values = `${before.value.toPrecision(4)} -> ${after.value.toPrecision(4)} ${after.unit}`
  return `${name} ${ratio.padStart(6)}x${doubtful.padEnd(3)} ${values}`
}

function overlap(before: readonly number[], after: readonly number[]): boolean {
  const [a, b] = [spreadOf(before), spreadOf(after)]
  return a.min <= b.max && b.min <= a.max
}
