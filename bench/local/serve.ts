/**
 * Serve: the loop of a measured process. One process holds one framework and one workload.
 *
 * Reads `run NAME SIZE ACTORS` lines, answers each with one `@bench {json}` line; other output of
 * the framework passes by unharmed. Ends when its input closes, so no process is left behind.
 */
import { performance } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import type { Outcome, Workloads } from './outcome.ts'

declare const gc: (() => void) | undefined

export async function serve(workloads: Workloads): Promise<void> {
  answer({ ready: true, names: Object.keys(workloads) })
  for await (const line of createInterface({ input: process.stdin })) {
    const [, name = '', size = '0', actors = '0'] = line.trim().split(' ')
    answer(await attempt(workloads, name, Number(size), Number(actors)))
  }
  process.exit(0)
}

/** The border where a failing run becomes data: the measuring side decides what it means. */
async function attempt(
  workloads: Workloads,
  name: string,
  size: number,
  actors: number,
): Promise<Outcome | { error: string }> {
  try {
    const run = workloads[name]
    if (run === undefined) throw new Error(`no workload '${name}' here`)
    gc?.()
    return await run(size, actors)
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

function answer(message: object): void {
  process.stdout.write(`@bench ${JSON.stringify({ ...message, at: performance.now() })}\n`)
}
