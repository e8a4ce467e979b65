/**
 * Door of the Comlink adapter: actors that live in a thread of their own.
 *
 * `workerActor(Protocol, { module, export })` is a definition like any other: spawn it where an
 * actor may be spawned, with the same options, and speak to it through the same kind of ref.
 */
import * as limits from '../../../protocols/limits.ts'
import { type KnownError, knownErrors } from '../../../workers/thread/error-form.ts'
import { Packer } from '../../../workers/thread/payload.ts'
import { takeMark } from '../../../workers/thread/transfer.ts'
import {
  type ActorDef,
  type Duration,
  durationMs,
  type Messages,
  type Protocol,
} from '../../kernel/index.ts'
import type { Cloneable, CloneableMessages } from '../../ports/workers.ts'
import { standIn } from './stand-in.ts'
import { threadLimits } from './thread.ts'

export { type KnownError, RemoteError } from '../../../workers/thread/error-form.ts'
export type { LodgerView } from '../../../workers/thread/control.ts'
export { lookInThread } from './stand-in.ts'
export { transferring } from '../../../workers/thread/transfer.ts'

export interface WorkerActorOptions<A> {
  /** Where the definition is exported: `new URL('./crunch.ts', import.meta.url)`. */
  readonly module: URL | string
  /** The name under which the module exports what `actor(…)` returned. */
  readonly export: string
  /** What its state is made from; it crosses to the thread. */
  readonly init?: Cloneable<A>
  /** Heap that the thread may use; beyond it the thread ends and the policy decides. */
  readonly memoryMb?: number
  /** The actor calls native code, so its thread is never ended by force. */
  readonly native?: boolean
  /** How long the thread may give no sign of life before it is ended. */
  readonly stuckAfter?: Duration
  readonly startTimeout?: Duration
  /** Classes of errors that keep their identity on the way out. */
  readonly errors?: readonly KnownError[]
}

export interface WorkerActorsOptions {
  /** Address of the module whose `nodeRuntime` gives a thread its clock and event loop. */
  readonly runtime: string
}

export type WorkerActor = <M extends Messages, A = void>(
  protocol: Protocol<M> & CloneableMessages<M>,
  options: WorkerActorOptions<A>,
) => ActorDef<M>

export function workerActors({ runtime }: WorkerActorsOptions): WorkerActor {
  return (protocol, options) => {
    const { init, native, memoryMb, stuckAfter, startTimeout } = options
    const packer = new Packer(threadLimits, () => true)
    return standIn(protocol, {
      protocol,
      runtime,
      errors: knownErrors(options.errors),
      module: String(options.module),
      export: options.export,
      init: packer.pack(init, 'init', takeMark(init)),
      memoryMb,
      native: native === true,
      stuckMs: stuckAfter === undefined ? limits.threadStuckMs : durationMs(stuckAfter),
      startTimeoutMs: startTimeout === undefined ? limits.threadStartMs : durationMs(startTimeout),
    })
  }
}
