/**
 * Journey: one message on its way through a test system, and its answer on the way back.
 *
 * It rides in place of the message's own envelope and hands everything on to it, so that the test
 * kit sees when a turn begins and how it ends, and may delay and re-encode the answer.
 */
import { type Cell, Envelope, type Message, type Rider, type Withdrawal } from '../kernel/index.ts'
import type { Pump, StreamEnvelope } from '../kernel/index.ts'

/** Told what becomes of messages; carries answers back. */
export interface JourneyWatcher {
  turnBegan(journey: Journey): void
  turnEnded(journey: Journey, error: Error | null): void
  /** Hand `value` to the asker, now or later, by calling `answer` with what arrives. */
  carryBack(journey: Journey, value: unknown, answer: (value: unknown) => void): void
}

export class Journey extends Envelope {
  readonly inner: Rider
  readonly to: Cell
  readonly message: Message
  readonly #watcher: JourneyWatcher
  /** In the recipient's queue. Until then a look at `withdrawn` is a refusal at the door. */
  arrived = false

  constructor(route: Route, watcher: JourneyWatcher) {
    super(route.rider?.isEnvelope === true ? route.rider.sender : route.rider)
    this.inner = route.rider
    this.to = route.to
    this.message = route.message
    this.#watcher = watcher
    const envelope = this.#envelope
    if (envelope === null) return
    this.deadlineAt = envelope.deadlineAt
    this.chain = envelope.chain
    this.trace = envelope.trace
  }

  get #envelope(): Envelope | null {
    return this.inner?.isEnvelope === true ? this.inner : null
  }

  override withdrawn(): Withdrawal | null {
    const reason = this.#envelope?.withdrawn() ?? null
    if (reason === null && this.arrived && this.to.phase === 'running') {
      this.#watcher.turnBegan(this)
    }
    return reason
  }

  override get expectsReply(): boolean {
    return this.#envelope?.expectsReply ?? false
  }

  override succeed(value: unknown): void {
    this.#watcher.turnEnded(this, null)
    const envelope = this.#envelope
    if (envelope === null) return
    if (!envelope.expectsReply) envelope.succeed(value)
    else this.#watcher.carryBack(this, value, (arrived) => envelope.succeed(arrived))
  }

  override fail(error: Error): void {
    this.#watcher.turnEnded(this, error)
    const envelope = this.#envelope
    if (envelope === null) return
    if (!envelope.expectsReply) envelope.fail(error)
    else this.#watcher.carryBack(this, undefined, () => envelope.fail(error))
  }

  /** Asked without `withdrawn`, which would look like the beginning of a turn. */
  override refuse(error: Error): void {
    this.#watcher.turnEnded(this, error)
    const envelope = this.#envelope
    if (envelope === null) return
    this.#watcher.carryBack(this, undefined, () => envelope.refuse(error))
  }

  override get signal(): AbortSignal {
    return this.#envelope?.signal ?? super.signal
  }

  override abortWork(why: Error): void {
    this.#envelope?.abortWork(why)
  }

  opened(pump: Pump): void {
    this.#stream.opened(pump)
  }

  item(value: unknown): void {
    this.#stream.item(value)
  }

  end(): void {
    this.#watcher.turnEnded(this, null)
    this.#stream.end()
  }

  /** Only the reader of a stream gets items, and the reader is what rode with the question. */
  get #stream(): StreamEnvelope {
    return this.#envelope as StreamEnvelope
  }
}

export interface Route {
  readonly to: Cell
  readonly message: Message
  readonly rider: Rider
}
