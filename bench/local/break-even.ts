/**
 * BreakEven: the points at which calls in threads are compared with calls in the caller's thread.
 *
 * The figure of a point is calls a second through two threads over those in the caller's thread;
 * the curve's news is the cost of a call from which threads win at that point and all after it.
 */
import type { Result } from '../report.ts'
import { medianOf } from './statistics.ts'

export interface BreakEvenPoint {
  readonly name: string
  readonly costMs: number
  /** Fewer where a call costs more, so that every point takes about the same time. */
  readonly calls: number
}

export const breakEvenPoints: readonly BreakEvenPoint[] = [
  { costMs: 0, calls: 2_000 },
  { costMs: 0.05, calls: 1_000 },
  { costMs: 0.2, calls: 500 },
  { costMs: 1, calls: 120 },
  { costMs: 5, calls: 32 },
  { costMs: 10, calls: 16 },
].map((point) => ({ ...point, name: `worker-break-even-${point.costMs}` }))

export function breakEvenNotes(results: readonly Result[]): readonly string[] {
  const curve = breakEvenPoints.flatMap(({ name, costMs }) => {
    const found = results.find((result) => result.name === name)
    return found === undefined ? [] : [{ costMs, wins: medianOf(found.runs) > 1 }]
  })
  if (curve.length === 0) return []
  const winner = curve[curve.findLastIndex(({ wins }) => !wins) + 1]
  if (winner === undefined) return ['workers did not win at any cost of a call measured here']
  return [`workers win from ${winner.costMs} ms of work in a call on`]
}
