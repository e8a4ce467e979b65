/**
 * Window: asks something a number of times with a bounded number under way, and what each took.
 *
 * All systems are driven by it, so the cost of measuring is the same for each.
 */
import { performance } from 'node:perf_hooks'
import { timed, verify } from '../local/outcome.ts'
import type { Outcome } from '../local/outcome.ts'

/** One question to the other process; answers how many bytes came back. */
export type AskOnce = (body: Uint8Array) => Promise<number>

/** So many questions, `inFlight` at a time; the work counts when every answer was whole. */
export async function askMany(
  ask: AskOnce,
  { count, inFlight, bytes }: { count: number; inFlight: number; bytes: number },
): Promise<Outcome> {
  const body = new Uint8Array(bytes).fill(7)
  let whole = 0
  const asker = async (): Promise<void> => {
    for (let asked = 0; asked < count / inFlight; asked++) {
      if ((await ask(body)) === bytes) whole++
    }
  }
  const share = Math.ceil(count / inFlight) * inFlight
  const outcome = await timed(share, () => Promise.all(Array.from({ length: inFlight }, asker)))
  verify('the number of whole answers', whole, share)
  return outcome
}

/** The median of single round trips, in microseconds. */
export async function roundTrip(ask: AskOnce, count: number, bytes: number): Promise<Outcome> {
  const { ms, tookMs } = await oneByOne(ask, count, bytes)
  return { ms, value: quantileOf(tookMs, 0.5) * 1_000 }
}

/** The 99th percentile of small round trips while large ones never pause, in milliseconds. */
export async function smallDuringBulk(
  ask: AskOnce,
  { count, bytes, bulkBytes }: { count: number; bytes: number; bulkBytes: number },
): Promise<Outcome> {
  const small = { done: false }
  const bulk = async (): Promise<void> => {
    while (!small.done) await askMany(ask, { count: 1, inFlight: 1, bytes: bulkBytes })
  }
  const trips = oneByOne(ask, count, bytes).finally(() => {
    small.done = true
  })
  const [{ ms, tookMs }] = await Promise.all([trips, bulk(), bulk()])
  return { ms, value: quantileOf(tookMs, 0.99) }
}

export function quantileOf(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

async function oneByOne(ask: AskOnce, count: number, bytes: number) {
  const body = new Uint8Array(bytes).fill(7)
  const tookMs: number[] = []
  const startedMs = performance.now()
  for (let asked = 0; asked < count; asked++) {
    const beganMs = performance.now()
    verify('the length of an answer', await ask(body), bytes)
    tookMs.push(performance.now() - beganMs)
  }
  return { ms: performance.now() - startedMs, tookMs }
}
