/**
 * Duration: a span of time as people write it, in milliseconds as programs need it.
 */
import { EdgeError } from './errors.ts'

type Unit = 'ms' | 's' | 'min' | 'h' | 'd'
export type Duration = number | `${number}${Unit}` | `${number} ${Unit}`

const factors: Readonly<Record<Unit, number>> = {
  ms: 1,
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** A plain number is milliseconds already. */
export function durationMs(duration: Duration): number {
  if (typeof duration === 'number') return duration
  const match = /^(\d+(?:\.\d+)?) ?(ms|s|min|h|d)$/.exec(duration)
  if (match === null) {
    throw new EdgeError(
      'invalid_duration',
      `${JSON.stringify(duration)} is no duration; write a number of milliseconds or ` +
        "something like '250ms', '10s', '5min'",
    )
  }
  return Number(match[1]) * factors[match[2] as Unit]
}
