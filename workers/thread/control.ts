/**
 * Control: what the outside may ask of a thread apart from messages to its actor.
 *
 * It runs over a port of its own, so that a thread full of messages can still be asked how it is.
 * Answers are plain data: a failure is a value here, for an exception would lose its code.
 */

export interface LodgerOrder {
  /** Name of the system in the thread. */
  readonly system: string
  /** Names from the root to the actor, so that its path reads the same on both sides. */
  readonly names: readonly string[]
  /** Address of the module and name of the definition that it exports. */
  readonly module: string
  readonly export: string
  readonly protocol: string
  readonly init: unknown
  readonly initCarried: boolean
  readonly order: 'arrival' | 'priority' | 'control'
  readonly graceMs: number
  /** Somebody outside follows traces. */
  readonly traced: boolean
  /** Incarnations that lived in earlier threads. */
  readonly incarnations: number
}

export type Answer =
  | { readonly ok: true }
  /** The error is a carrier; `waiting` when the actor waits for a verdict. */
  | { readonly ok: false; readonly waiting: boolean; readonly error: unknown }

/** What becomes of an actor that failed and waits. */
export type Verdict = 'restart' | 'resume' | 'stop'

/** The actor as it is now, between two turns. */
export interface LodgerView {
  readonly path: string
  readonly incarnation: number
  readonly processed: number
  readonly queued: number
  readonly restarts: number
  readonly children: readonly string[]
  /** A bounded copy of its state. */
  readonly state: unknown
}

export interface Control {
  /** Load the module and start the actor; answers when its state is ready or has failed. */
  start(order: LodgerOrder): Promise<Answer>
  /** Decide about a failure; a restart answers when the next state is ready or has failed. */
  decide(verdict: Verdict): Promise<Answer>
  /** End the actor, then the system. `drain` lets it process what it was sent. */
  stop(how: { readonly graceMs: number; readonly drain: boolean }): Promise<Answer>
  inspect(): Promise<LodgerView | null>
  /** The event loop turns. */
  ping(): Promise<true>
}
