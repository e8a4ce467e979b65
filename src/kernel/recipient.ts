/**
 * Recipient: whatever stands behind a ref.
 *
 * A cell of this system, an actor in a worker thread and an actor on another peer all take
 * messages through this one door, which is why a ref looks the same wherever its actor lives.
 */
import type { DeadLetters } from './dead-letters.ts'
import type { Rider } from './mailbox.ts'
import type { Message } from './protocol.ts'
import type { Carrier, Clock } from './runtime.ts'
import type { TimerWheel } from './timer-wheel.ts'

/** What every recipient's home system offers to those who send. */
export interface Home {
  readonly name: string
  readonly clock: Clock
  readonly wheel: TimerWheel
  readonly carrier: Carrier
  readonly deadLetters: DeadLetters
  /** Budget of an ask whose caller names none. */
  readonly askDeadlineMs: number
  readonly terminated: boolean
  readonly tracer: Tracer | null
}

/** Where an actor lives, in words that survive a thread or a network. */
export interface Address {
  /** Empty for an actor of the same system. */
  readonly node: string
  readonly path: string
  /** Distinguishes actors that had the same path one after another. */
  readonly uid: number
}

export interface Recipient {
  readonly home: Home
  readonly address: Address
  /** Messages that wait or are under way, as far as they can be seen from here. */
  readonly load?: number
  /** Takes no more messages; what is sent now becomes a dead letter. */
  readonly closed?: boolean
  /** Take a message; never throws for a valid one, whatever the state of the recipient. */
  accept(message: Message, payload: unknown, rider: Rider): void
  /** True when an ask of this call chain could never be answered. */
  wouldDeadlock(chain: number, message: Message): boolean
  /** Tell `watcher` once when this recipient has ended. */
  addWatcher(watcher: Watcher): void
  removeWatcher(watcher: Watcher): void
}

export type ExitReason = 'normal' | 'shutdown' | 'killed' | 'failed' | 'no-such-actor' | 'node-lost'

export interface Exit {
  readonly reason: ExitReason
  readonly cause?: unknown
}

/** One who asked to be told; `ended` is called exactly once unless removed before. */
export interface Watcher {
  ended(recipient: Recipient, exit: Exit): void
}

/** Our own sampling bit: the kernel carries what the tracer gives it and never looks inside. */
export interface Tracer {
  /** Context for a message sent in a turn that carries `parent`; undefined carries nothing on. */
  inject(parent: unknown, message: Message, to: Recipient): unknown
  /** A turn that carries a context ended; one that answers later, too. */
  turnEnded(trace: unknown, message: Message, at: Address, error: unknown): void
}
