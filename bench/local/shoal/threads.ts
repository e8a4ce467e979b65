/**
 * ShoalThreads: what it costs to have work done in a thread, and from where on that pays.
 */
import { performance } from 'node:perf_hooks'
import { ActorSystem, openWorkers, workerActor } from 'shoal'
import type { Workers } from 'shoal'
import { breakEvenPoints } from '../break-even.ts'
import { timed, verify } from '../outcome.ts'
import type { Outcome, Run, Workloads } from '../outcome.ts'
import { crunch, cruncher, Cruncher } from './crunch.ts'

type Call = (steps: number) => Promise<number>

const module = new URL('./crunch.ts', import.meta.url)
const slots = 2
const warmCalls = 200
const calibrationSteps = 2_000_000

function jobOf(workers: Workers): Call {
  return (steps) => workers.run<typeof crunch>({ module, export: 'crunch', input: { steps } })
}

/** Every caller waits for its answer before it calls again. */
async function calls(size: number, callers: number, steps: number, call: Call): Promise<Outcome> {
  let heard = 0
  const caller = async () => {
    for (let made = 0; made < size / callers; made++) {
      const answer = await call(steps)
      heard += answer
    }
  }
  const outcome = await timed(size, () => Promise.all(Array.from({ length: callers }, caller)))
  verify('the sum of the answers', heard, size * crunch({ steps }))
  return outcome
}

async function workerRoundTrip(size: number) {
  await using system = await ActorSystem.start({ name: 'bench' })
  const ref = system.spawn(workerActor(Cruncher, { module, export: 'cruncher' }))
  await ref.crunch({ steps: 1 })
  return await calls(size, 1, 1, (steps) => ref.crunch({ steps }))
}

async function workerJobs(size: number) {
  const workers = await openWorkers({ slots: 1 })
  try {
    await jobOf(workers)(1)
    return await calls(size, 1, 1, jobOf(workers))
  } finally {
    await workers.close()
  }
}

/** The same calls to an actor here and to the pool, after both have had their warm-up. */
function breakEven(costMs: number): Run {
  return async (size, callers) => {
    await using system = await ActorSystem.start({ name: 'bench' })
    const ref = system.spawn(cruncher)
    const here: Call = (steps) => ref.crunch({ steps }, { deadline: 60_000 })
    const workers = await openWorkers({ slots })
    try {
      const perMs = stepsPerMs()
      const steps = Math.max(1, Math.round(perMs * costMs))
      const warmSteps = Math.round(perMs * 0.05)
      for (const call of [here, jobOf(workers)]) await calls(warmCalls, callers, warmSteps, call)
      const inCaller = await calls(size, callers, steps, here)
      const inThreads = await calls(size, callers, steps, jobOf(workers))
      const [one, two] = [inCaller, inThreads].map(({ ms }) => (size / ms) * 1_000)
      const note = `${rounded(one)} calls/s in the caller, ${rounded(two)} in ${slots} threads`
      return { ms: inCaller.ms + inThreads.ms, value: inCaller.ms / inThreads.ms, note }
    } finally {
      await workers.close()
    }
  }
}

/** The best of a few tries: what else the machine does only makes a try slower. */
function stepsPerMs(): number {
  const tries = Array.from({ length: 5 }, () => {
    const startedMs = performance.now()
    crunch({ steps: calibrationSteps })
    return calibrationSteps / (performance.now() - startedMs)
  })
  return Math.max(...tries)
}

function rounded(value = 0): string {
  return Math.round(value).toLocaleString('en')
}

export const shoalThreads: Workloads = {
  'worker-roundtrip': workerRoundTrip,
  'worker-jobs': workerJobs,
  ...Object.fromEntries(breakEvenPoints.map(({ name, costMs }) => [name, breakEven(costMs)])),
}
