/**
 * Liveness: a word from a node whose main thread is busy, given by a thread that nothing blocks.
 *
 * Probes travel on the main thread, which user code can hold for seconds: busy is not dead. The
 * responder says how long its main thread has not come back; a process that is stopped or gone
 * says nothing. Answers are authenticated with a key derived from the cluster's secret.
 */

export interface LivenessTarget {
  readonly peerId: string
  /** What its record says about its responder. */
  readonly responder: string
  /** Where it may be, as in its record; its host is taken from there. */
  readonly addresses: readonly string[]
}

export interface Liveness {
  /** For this node's record. */
  readonly responder: string
  /** The main thread came back to its event loop. */
  beat(): void
  /** For how long the target's main thread has not come back; null without an answer in time. */
  ask(target: LivenessTarget, timeoutMs: number): Promise<number | null>
  close(): Promise<void>
}
