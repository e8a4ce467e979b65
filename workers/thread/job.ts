/**
 * JobCall: one call of a function for which a thread was asked, as both sides know it.
 *
 * Two words of shared memory go with it, so that a job that never awaits can still see that it was
 * given up, and so that it is known whether it had begun when its thread died.
 */
import type { Movable } from './transfer.ts'

export interface JobCall {
  readonly module: string
  readonly export: string
  readonly input: unknown
  readonly carried: boolean
  readonly words: Int32Array
}

export const word = { given: 0, begun: 1 } as const
/** Values of the first word; `over` wakes what waits for the job to be given up. */
export const given = { no: 0, up: 1, over: 2 } as const

export function openWords(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(8))
}

export type JobOutcome =
  | { readonly ok: true; readonly value: unknown; readonly carried: boolean }
  | { readonly ok: false; readonly error: unknown }

/** An outcome on its way out of the thread, with the buffers that go over. */
export interface SentOutcome {
  readonly outcome: JobOutcome
  readonly transfer: readonly Movable[]
}
