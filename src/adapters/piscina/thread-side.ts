/**
 * ThreadSide: the entry of a pool's thread; Piscina calls `run` for each job.
 */
import { move } from 'piscina'
import { runJob } from '../../../workers/job-runner.ts'
import type { JobCall } from '../../../workers/thread/job.ts'
import { jobLimits } from '../../../workers/thread/job-limits.ts'

export async function run(call: JobCall): Promise<unknown> {
  const { outcome, transfer } = await runJob(call, jobLimits)
  if (transfer.length === 0) return outcome
  return move(new Moved(outcome, transfer) as never)
}

/** Tells Piscina what to send, and which of its buffers go over. */
class Moved {
  readonly #value: unknown
  readonly #transfer: readonly unknown[]

  constructor(value: unknown, transfer: readonly unknown[]) {
    this.#value = value
    this.#transfer = transfer
  }

  get [Symbol.for('Piscina.transferable') as never](): readonly unknown[] {
    return this.#transfer
  }

  get [Symbol.for('Piscina.valueOf') as never](): unknown {
    return this.#value
  }
}
