/**
 * BareThreads: a message to a thread and back over its own port, nothing else.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { timed, verify } from '../outcome.ts'
import type { Workloads } from '../outcome.ts'

async function workerRoundTrip(size: number) {
  const worker = new Worker(new URL('./echo-thread.ts', import.meta.url))
  await once(worker, 'online')
  let heard = 0
  const outcome = await timed(size, async () => {
    for (let asked = 0; asked < size; asked++) {
      worker.postMessage({ by: 1 })
      const [answer] = (await once(worker, 'message')) as [{ by: number }]
      heard += answer.by
    }
  })
  await worker.terminate()
  verify('the answers heard', heard, size)
  return outcome
}

export const bareThreads: Workloads = { 'worker-roundtrip': workerRoundTrip }
