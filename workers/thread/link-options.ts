/**
 * LinkOptions: what a link is given, and what it tells beyond messages between actors.
 */
import type { ActorSystem, Exit, Rule } from '../../src/kernel/index.ts'
import type { KnownErrors } from './error-form.ts'
import type { PayloadLimits } from './payload.ts'
import type { Movable } from './transfer.ts'

export interface LinkOptions {
  readonly system: ActorSystem
  /** Number of this thread in the process. */
  readonly thread: number
  /** What to add to the system's clock to get the time that all threads of the process share. */
  readonly clockOffsetMs: number
  readonly errors: KnownErrors
  readonly limits: PayloadLimits & { readonly framesPerPost: number }
  readonly post: (frames: readonly unknown[], transfer: readonly Movable[]) => void
  readonly hear: LinkListener
}

/** What concerns the thread as a whole, and not one actor. */
export interface LinkListener {
  /** The actor of the thread has begun with so many of the messages that it was sent. */
  taken?(count: number): void
  /** The turn of a message for the actor of this thread has come. */
  begun?: () => void
  failed?(failure: LodgerFailure): void
  exited?(exit: Exit): void
  /** A turn there that carries a trace has ended. */
  traced?(turn: TracedTurn): void
  bye?(): void
}

export interface TracedTurn {
  readonly trace: unknown
  readonly protocol: string
  readonly message: string
  readonly path: string
  readonly error: unknown
}

export interface LodgerFailure {
  readonly error: unknown
  /** What the definition itself says about it. */
  readonly rule: Rule | null
  /** The state could not be made. */
  readonly starting: boolean
}
