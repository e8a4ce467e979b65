/**
 * ThreadSide: the entry of a worker thread that an actor lives in.
 *
 * It joins the host of the actor to the two ports that the thread was given: frames for messages,
 * and Comlink for what the outside asks of the thread itself.
 */
import { threadId, workerData } from 'node:worker_threads'
import { expose } from 'comlink'
import { ActorHost } from '../../../workers/actor-host.ts'
import type { Movable } from '../../../workers/thread/transfer.ts'
import type { Runtime } from '../../kernel/index.ts'
import { clockOffsetMs } from './clock-offset.ts'
import { threadLimits, type ThreadData } from './thread.ts'

const { control, frames, begun, runtime: address } = workerData as ThreadData
const { nodeRuntime } = (await import(address)) as { readonly nodeRuntime: () => Runtime }
const runtime = nodeRuntime()

const host = new ActorHost({
  runtime,
  thread: threadId,
  clockOffsetMs: clockOffsetMs(runtime.clock),
  limits: threadLimits,
  begun: new Int32Array(begun),
  post: (batch, transfer) => frames.postMessage(batch, transfer as Movable[]),
})

frames.on('message', (batch: readonly unknown[]) => host.receive(batch))
expose(
  {
    start: host.start.bind(host),
    decide: host.decide.bind(host),
    inspect: host.inspect.bind(host),
    ping: host.ping.bind(host),
    stop: async (how: Parameters<typeof host.stop>[0]) => {
      const answer = await host.stop(how)
      // After the answer has gone out nothing of the actor is left; whatever it opened ends too.
      setTimeout(() => process.exit(0), 0)
      return answer
    },
  },
  control,
)
