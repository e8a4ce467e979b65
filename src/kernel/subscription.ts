/**
 * Subscription: an actor that hears of something by a message of its own, until it ends.
 *
 * It rides with each message that it sends, so that after `cancel` not even what is already
 * queued arrives, and it watches its actor, so that nothing is sent to one that has ended.
 */
import { Envelope, type Withdrawal } from './envelope.ts'
import { EdgeError } from './errors.ts'
import type { Message } from './protocol.ts'
import type { Recipient, Watcher } from './recipient.ts'
import { AnyRef, protocolOf, sendTell } from './ref.ts'

/** The tells of a ref that take an event. */
export type TellsTaking<R, E> = {
  [K in keyof R & string]: R[K] extends (payload: infer P) => infer O
    ? [E] extends [P]
      ? O extends object
        ? never
        : K
      : never
    : never
}[keyof R & string]

export class Subscription extends Envelope implements Watcher {
  readonly #to: Recipient
  readonly #message: Message
  readonly #onEnd: () => void
  #cancelled = false

  constructor(ref: AnyRef, name: string, onEnd: () => void) {
    super(null)
    this.#to = AnyRef.recipientOf(ref)
    this.#message = tellOf(ref, name)
    this.#onEnd = onEnd
  }

  /** A dead actor is forgotten at once. */
  watch(): void {
    this.#to.addWatcher(this)
  }

  send(payload: unknown): void {
    if (this.#cancelled) return
    // Only here can it be asked whether a queued message is still wanted.
    if (this.#to.load === undefined) sendTell(this.#to, this.#message, payload)
    else this.#to.accept(this.#message, payload, this)
  }

  /** True for a letter that this very subscription could not deliver. */
  sent(letter: { readonly recipient: string; readonly message: string }): boolean {
    return letter.message === this.#message.name && letter.recipient === this.#to.address.path
  }

  cancel(): void {
    if (this.#cancelled) return
    this.#cancelled = true
    this.#to.removeWatcher(this)
    this.#onEnd()
  }

  ended(): void {
    this.cancel()
  }

  override withdrawn(): Withdrawal | null {
    return this.#cancelled ? 'stale' : null
  }
}

function tellOf(ref: AnyRef, name: string): Message {
  const protocol = protocolOf(ref)
  const message = protocol?.table.find((candidate) => candidate.name === name)
  if (message?.kind === 'tell') return message
  throw new EdgeError(
    'unknown_message',
    `${String(ref)} speaks ${protocol?.id ?? 'nothing'}, which has no tell ` +
      `${JSON.stringify(name)} to subscribe with`,
    { detail: { message: name } },
  )
}
