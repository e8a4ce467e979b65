/**
 * Workers: running a stateless job in a thread, so that long work does not block the actors.
 *
 * A job is a function that a module exports. It ends in its result or in a named failure; one that
 * fails, is aborted or runs out of time never harms a neighbour. A job that may be inside a native
 * call is asked to end and never ended by force, because that would take the process down.
 */
import type { AnyRef, AskSpec, Messages, StreamSpec, TellSpec } from '../kernel/index.ts'

type Plain = string | number | bigint | boolean | null | undefined
/** What a structured clone carries whole, whatever is inside. */
type Whole = Date | RegExp | Error | ArrayBuffer | SharedArrayBuffer | ArrayBufferView | AnyRef

/** What can cross to another thread; a field that cannot becomes `never`. */
export type Cloneable<T> = T extends Plain | Whole
  ? T
  : T extends symbol | ((...args: never[]) => unknown) | PromiseLike<unknown>
    ? never
    : T extends ReadonlyMap<infer K, infer V>
      ? ReadonlyMap<Cloneable<K>, Cloneable<V>>
      : T extends ReadonlySet<infer V>
        ? ReadonlySet<Cloneable<V>>
        : T extends WeakKeyed
          ? never
          : T extends object
            ? { [K in keyof T]: Cloneable<T[K]> }
            : T

type WeakKeyed =
  | WeakMap<WeakKey, unknown>
  | WeakSet<WeakKey>
  | WeakRef<WeakKey>
  | AsyncIterable<unknown>

/** What goes in and what comes out of a message. */
type Carried<S> =
  S extends AskSpec<infer I, infer O>
    ? readonly [I, O]
    : S extends StreamSpec<infer I, infer O>
      ? readonly [I, O]
      : S extends TellSpec<infer I>
        ? readonly [I]
        : never

type Uncloneable<M extends Messages> = {
  [K in keyof M]: Carried<M[K]> extends Cloneable<Carried<M[K]>> ? never : K
}[keyof M]

/** Nothing for a protocol that can be spoken to a thread; else names the messages that cannot. */
export type CloneableMessages<M extends Messages> = [Uncloneable<M>] extends [never]
  ? unknown
  : { readonly 'these messages cannot cross to a thread': Uncloneable<M> }

/** What a job may know while it runs. */
export interface JobContext {
  /** Aborted when the result is no longer wanted; fires whenever the job awaits. */
  readonly signal: AbortSignal
  /** The same for a job that never awaits: look at it once in a while. */
  readonly cancelled: boolean
  /** Say that these buffers of the result go over instead of being copied. */
  transfer(buffers: readonly ArrayBuffer[]): void
}

export type JobFunction = (input: never, job: JobContext) => unknown
type InputOf<F extends JobFunction> = Parameters<F>[0]
type OutputOf<F extends JobFunction> = Awaited<ReturnType<F>>

export interface Job<F extends JobFunction> {
  /** Address of the module: `new URL('./sum.ts', import.meta.url)`. */
  readonly module: URL | string
  /** Name of the function that it exports. */
  readonly export: string
  readonly input: InputOf<F> extends Cloneable<InputOf<F>> ? InputOf<F> : Cloneable<InputOf<F>>
  /** Buffers of the input that go over; they are empty here as soon as `run` has returned. */
  readonly transfer?: readonly ArrayBuffer[]
  readonly signal?: AbortSignal
  /** Milliseconds the result may take, waiting for a thread included. */
  readonly deadlineMs?: number
  /** Heap of the thread; beyond it the job fails as `worker_out_of_memory`. */
  readonly memoryMb?: number
  /** It may be inside a native call: it is asked to end and never ended by force. */
  readonly native?: boolean
}

/** Plain integers; those named `…Now` go up and down. */
export interface WorkersStats {
  readonly slots: number
  readonly runningNow: number
  readonly waitingNow: number
  /** Slots whose native job was given up and has not returned. */
  readonly quarantinedNow: number
  readonly completed: number
  readonly failed: number
  readonly refused: number
  /** Threads that had to be ended by force. */
  readonly terminated: number
}

export interface Workers {
  /**
   * Run a job. It is refused as `overloaded`, `payload_not_cloneable`, `payload_too_deep`,
   * `payload_too_large`, `transfer_refused`, `worker_module_invalid` or `invalid_option`, and ends
   * as `timeout`, `cancelled`, `worker_exited`, `worker_out_of_memory`, `stopped`, or with the
   * error that the function threw.
   */
  run<F extends JobFunction>(job: Job<F>): Promise<OutputOf<F>>
  stats(): WorkersStats
  /** Take no more, let what runs end within the grace, then end every thread that may be ended. */
  close(options?: { readonly graceMs?: number }): Promise<void>
}
