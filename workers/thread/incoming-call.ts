/**
 * IncomingCall: an ask or a stream that came over a link, as the envelope of its local turn.
 *
 * Its asker hears exactly one end of it. A call that nobody waits for any more is dropped when its
 * turn comes, and the other side is told so.
 */
import { EdgeError, Envelope, type Tap, type Withdrawal } from '../../src/kernel/index.ts'

/** Carries what a call comes to back to its asker. */
export interface CallReturn {
  now(): number
  reply(id: number, value: unknown): void
  refuse(id: number, error: Error): void
  dropped(id: number): void
  opened(id: number): void
  item(id: number, value: unknown): void
  end(id: number): void
  late(call: IncomingCall, value: unknown): void
}

/** Told when the turn of a message has come, or when it was given up before. */
export type Begun = (() => void) | null

/** A tell that came over a link. */
export class IncomingTell extends Envelope {
  #begun: Begun

  constructor(begun: Begun, trace: unknown) {
    super(null)
    this.#begun = begun
    this.trace = trace
  }

  override withdrawn(): Withdrawal | null {
    this.#begun?.()
    this.#begun = null
    return null
  }
}

export class IncomingCall extends Envelope {
  readonly id: number
  readonly #back: CallReturn
  #begun: Begun
  #settled = false
  #given = false
  #controller: AbortController | null = null
  #tap: Tap | null = null

  constructor(
    id: number,
    back: CallReturn,
    rides: {
      readonly deadlineAt: number
      readonly chain: number
      readonly trace: unknown
      readonly begun: Begun
    },
  ) {
    super(null)
    this.id = id
    this.#back = back
    this.deadlineAt = rides.deadlineAt
    this.chain = rides.chain
    this.trace = rides.trace
    this.#begun = rides.begun
  }

  override get expectsReply(): boolean {
    return true
  }

  override withdrawn(): Withdrawal | null {
    this.#begun?.()
    this.#begun = null
    if (this.#settled) return 'stale'
    const reason = this.#given ? 'cancelled' : this.#late() ? 'expired' : null
    if (reason !== null) this.#settle(() => this.#back.dropped(this.id))
    return reason
  }

  override get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#given) this.#controller.abort(cancelled())
    return this.#controller.signal
  }

  override abortWork(why: Error): void {
    this.#controller?.abort(why)
  }

  override succeed(value: unknown): void {
    if (this.#settled) this.#back.late(this, value)
    else this.#settle(() => this.#back.reply(this.id, value))
  }

  override fail(error: Error): void {
    if (this.#settled) this.#back.late(this, error)
    else this.#settle(() => this.#back.refuse(this.id, error))
  }

  opened(tap: Tap): void {
    this.#tap = tap
    if (this.#given) tap.cancel()
    else this.#back.opened(this.id)
  }

  item(value: unknown): void {
    if (!this.#settled) this.#back.item(this.id, value)
  }

  end(): void {
    this.#settle(() => this.#back.end(this.id))
  }

  /** The reader can take more. */
  grant(items: number): void {
    this.#tap?.grant(items)
  }

  /** The asker gave up. */
  abandon(): void {
    this.#given = true
    this.#controller?.abort(cancelled())
    if (this.#tap === null) return
    this.#tap.cancel()
    this.#settle(() => this.#back.dropped(this.id))
  }

  /** No answer can get through any more. */
  cut(): void {
    this.#settled = true
    this.abandon()
  }

  #late(): boolean {
    return this.deadlineAt !== Infinity && this.#back.now() > this.deadlineAt
  }

  #settle(tell: () => void): void {
    if (this.#settled) return
    this.#settled = true
    tell()
  }
}

function cancelled(): EdgeError {
  return new EdgeError('cancelled', 'The asker in another thread gave up')
}
