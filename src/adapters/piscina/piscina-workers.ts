/**
 * PiscinaWorkers: the Workers port on threads, as many at work as the machine has cores to spare.
 */
import { availableParallelism } from 'node:os'
import * as limits from '../../../protocols/limits.ts'
import { type KnownError, knownErrors } from '../../../workers/thread/error-form.ts'
import { JobDesk } from '../../../workers/thread/job-desk.ts'
import type { Workers } from '../../ports/workers.ts'
import { jobLimits } from '../../../workers/thread/job-limits.ts'
import { PiscinaExecutor } from './piscina-executor.ts'

export interface PiscinaWorkersOptions {
  /** Jobs at work at the same time; default: one core is left to the actors. */
  readonly slots?: number
  readonly queueMax?: number
  readonly idleMs?: number
  /** Classes of errors that keep their identity on the way out. */
  readonly errors?: readonly KnownError[]
}

export function piscinaWorkers(options: PiscinaWorkersOptions = {}): Workers {
  const slots = options.slots ?? Math.max(1, availableParallelism() - 1)
  const desk = new JobDesk({
    slots,
    executor: new PiscinaExecutor({ slots, idleMs: options.idleMs ?? limits.jobThreadIdleMs }),
    limits: { ...jobLimits, queueMax: options.queueMax ?? limits.jobQueueMax },
    errors: knownErrors(options.errors),
    after: (ms, ring) => {
      const timer = setTimeout(ring, Math.min(ms, longestTimerMs))
      return () => clearTimeout(timer)
    },
  })
  return {
    run: (job) => desk.run(job) as never,
    stats: () => desk.stats(),
    close: (how) => desk.close(how?.graceMs ?? limits.jobCloseGraceMs),
  }
}

/** Node's timers overflow to 1 ms beyond this. */
const longestTimerMs = 2 ** 31 - 1
