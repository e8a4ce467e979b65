/**
 * BlockReport: what the watchdog saw while the main thread did not come back to its event loop.
 */

export interface BlockReport {
  /** The actor whose turn it is, and its message; null outside any turn. */
  readonly path: string | null
  readonly message: string | null
  /** How long the thread had not come back when this was written. */
  readonly blockedMs: number
  /** Innermost call first; empty when the thread was inside a native call. */
  readonly stack: readonly string[]
}

/** What the watching thread is given. */
export interface WatchOrder {
  /** Beats of the main thread, and whether to stop. */
  readonly words: Int32Array
  readonly intervalMs: number
  readonly doubtMs: number
  readonly limitMs: number
  readonly framesMax: number
  readonly fd: number | null
}

export const word = { beats: 0, stop: 1 } as const

/** Under this name the main thread says which turn runs, to whoever looks in from outside. */
export const runningKey = 'shoal.running'
