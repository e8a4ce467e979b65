/**
 * Envelope: what rides with a message that is more than a plain tell.
 *
 * An ask, a timer tick, a traced tell and a message from another thread or peer each have one.
 * It says whether the message is still wanted when its turn comes, and takes the answer.
 */
import type { Sender } from './mailbox.ts'
import { WheelEntry } from './timer-wheel.ts'

/** Why a waiting message is not processed: only `stale` ones are not counted. */
export type Withdrawal = 'expired' | 'cancelled' | 'stale'

export abstract class Envelope extends WheelEntry {
  readonly isEnvelope = true
  readonly sender: Sender | null
  /** Clock time after which nobody waits for the answer; Infinity when nobody waits at all. */
  deadlineAt = Infinity
  /** Identifies the call chain, so that a cycle of asks is recognised; 0 means none. */
  chain = 0
  /** Trace context, carried but never read by the kernel. */
  trace: unknown = undefined

  constructor(sender: Sender | null) {
    super()
    this.sender = sender
  }

  /** Reason not to process the message any more, or null. */
  withdrawn(): Withdrawal | null {
    return null
  }

  /** True when somebody waits for an answer. */
  get expectsReply(): boolean {
    return false
  }

  succeed(_value: unknown): void {}

  fail(_error: Error): void {}

  /** Fail, unless nobody waits any more: only answers can be late, refusals cannot. */
  refuse(error: Error): void {
    if (this.withdrawn() === null) this.fail(error)
  }

  /** Aborted when the answer is no longer wanted; made on first use. */
  get signal(): AbortSignal {
    return neverAborted
  }

  /** The actor has to stop: what still works on this message may give up. */
  abortWork(_why: Error): void {}

  fire(): void {}
}

const neverAborted = new AbortController().signal

/** A tell that carries a trace. */
export class TracedTell extends Envelope {
  constructor(sender: Sender | null, trace: unknown) {
    super(sender)
    this.trace = trace
  }
}
