/**
 * TurnReport: how one message that was run went, and what it did.
 */
import { Envelope } from '../kernel/index.ts'
import type { Effect, EffectKind, EffectOf } from './effect.ts'

export type TurnOutcome =
  | { readonly status: 'pending' }
  | { readonly status: 'done'; readonly reply: unknown }
  | { readonly status: 'failed'; readonly error: Error }

export class TurnReport {
  readonly #effects: readonly Effect[]
  readonly #from: number
  readonly #answer: Answer

  constructor(effects: readonly Effect[], answer: Answer) {
    this.#effects = effects
    this.#from = effects.length
    this.#answer = answer
  }

  /** What the message has caused so far, in order. */
  get effects(): readonly Effect[] {
    return this.#effects.slice(this.#from)
  }

  /** The effects of one kind. */
  all<K extends EffectKind>(kind: K): readonly EffectOf<K>[] {
    return this.effects.filter((effect): effect is EffectOf<K> => effect.kind === kind)
  }

  /** `pending` while a handler awaits, and while an ask is to be answered later. */
  get outcome(): TurnOutcome {
    return this.#answer.outcome
  }

  /** The answer of an ask, or undefined. */
  get reply(): unknown {
    return this.outcome.status === 'done' ? this.outcome.reply : undefined
  }

  /** Resolves when the message has been handled; never rejects, the outcome tells. */
  get settled(): Promise<TurnOutcome> {
    return this.#answer.settled
  }
}

/** Rides with the message and takes its answer. */
export class Answer extends Envelope {
  readonly #asks: boolean
  #resolve!: (outcome: TurnOutcome) => void
  readonly settled: Promise<TurnOutcome>
  outcome: TurnOutcome = { status: 'pending' }

  constructor(asks: boolean) {
    super(null)
    this.#asks = asks
    this.settled = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  override get expectsReply(): boolean {
    return this.#asks
  }

  override succeed(reply: unknown): void {
    this.#settle({ status: 'done', reply })
  }

  override fail(error: Error): void {
    this.#settle({ status: 'failed', error })
  }

  #settle(outcome: TurnOutcome): void {
    if (this.outcome.status !== 'pending') return
    this.outcome = outcome
    this.#resolve(outcome)
  }
}
