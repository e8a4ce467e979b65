/**
 * Outcome: what one run of a workload hands back, and the checks that make it count.
 *
 * Only completed work counts: every workload compares what its actors did with what was asked of
 * them and throws when they differ, so that a system cannot look fast by losing messages.
 */
import { performance } from 'node:perf_hooks'

/** Work done in a time (a rate), or a figure that is measured directly (a size, a delay). */
export type Outcome =
  | { readonly ms: number; readonly work: number }
  | { readonly ms: number; readonly value: number; readonly note?: string }

/** A workload of one system: `size` is the amount of work, `actors` the shape's actor count. */
export type Run = (size: number, actors: number) => Promise<Outcome>

/** The reason why a system has no such workload is shown instead of a figure. */
export type Workloads = Readonly<Record<string, Run>>

export async function timed(work: number, body: () => unknown): Promise<Outcome> {
  const startedMs = performance.now()
  await body()
  return { ms: performance.now() - startedMs, work }
}

export function verify(what: string, actual: unknown, expected: unknown): void {
  if (actual === expected) return
  throw new Error(`wrong result: ${what} is ${String(actual)}, expected ${String(expected)}`)
}

/** The sum of the numbers of all skynet leaves. */
export function skynetSum(leaves: number): number {
  return (leaves * (leaves - 1)) / 2
}

/** A promise with its resolver, for actors that report back to the one who measures. */
export function completion(): { done: Promise<number>; complete: (value: number) => void } {
  const { promise, resolve } = Promise.withResolvers<number>()
  return { done: promise, complete: resolve }
}
