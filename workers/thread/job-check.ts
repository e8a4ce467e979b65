/**
 * JobCheck: refuses a job that could not run, before anything of it has been moved or queued.
 */
import { EdgeError } from '../../src/kernel/index.ts'
import type { Job, JobFunction } from '../../src/ports/workers.ts'

export function checkJob(
  job: Job<JobFunction>,
  limits: { readonly memoryMbMin: number; readonly deadlineMsMax: number },
): void {
  const { deadlineMs, memoryMb, signal } = job
  if (typeof job.export !== 'string' || job.export === '' || String(job.module) === '') {
    throw new EdgeError(
      'invalid_option',
      'A job needs the address of a module and the name of a function that it exports',
    )
  }
  if (deadlineMs !== undefined && !(deadlineMs > 0)) {
    throw new EdgeError(
      'invalid_deadline',
      `Job ${job.export} has a deadline of ${deadlineMs} ms; give milliseconds above 0`,
    )
  }
  const enough = memoryMb === undefined || memoryMb >= limits.memoryMbMin
  if (!enough || memoryMb === Infinity) {
    throw new EdgeError(
      'invalid_option',
      `Job ${job.export} asks for ${memoryMb} MiB of heap; give at least ${limits.memoryMbMin}`,
    )
  }
  if (signal?.aborted === true) {
    throw new EdgeError('cancelled', `Job ${job.export} was not run: its signal was aborted`, {
      cause: signal.reason,
    })
  }
}
