/**
 * WorkerJobs: threads for stateless jobs, put together for this process.
 *
 * What only jobs need is loaded with the first pool, not with the package.
 */
import type { PiscinaWorkersOptions } from './adapters/piscina/index.ts'
import type { Workers } from './ports/workers.ts'

export async function openWorkers(options: PiscinaWorkersOptions = {}): Promise<Workers> {
  const { piscinaWorkers } = await import('./adapters/piscina/index.ts')
  return piscinaWorkers(options)
}
