/**
 * Outbound: asks and streams under way to another system, and where their answers go.
 *
 * Ids are unique within this system, so an ask that was forwarded can be answered by a third one:
 * word of the move and the answer come over different links and may come in either order.
 */
import { actorAbandonedAsks, actorEarlyAnswers } from '../../protocols/limits.ts'
import type { Envelope, Message, Sink } from '../kernel/index.ts'

export interface Waiting {
  readonly envelope: Envelope
  readonly message: Message
  /** Set for streams: items are put in order before they are handed on. */
  readonly reader: InOrder | null
  /** The system that is expected to answer. */
  system: string
}

export type Answer = (waiting: Waiting) => void

/** Items may come over two lanes; the window bounds how many wait for an earlier one. */
export class InOrder {
  readonly #sink: Sink
  readonly #early = new Map<number, unknown>()
  #next = 0
  #ends = Infinity

  constructor(sink: Sink) {
    this.#sink = sink
  }

  item(number: number, value: unknown): void {
    if (number < this.#next) return
    this.#early.set(number, value)
    this.#flush()
  }

  /** True when the stream is over: all its items have been handed on. */
  end(items: number): boolean {
    this.#ends = items
    return this.#flush()
  }

  #flush(): boolean {
    while (this.#early.has(this.#next)) {
      const value = this.#early.get(this.#next)
      this.#early.delete(this.#next++)
      this.#sink.item(value)
    }
    if (this.#next < this.#ends) return false
    this.#sink.end()
    return true
  }
}

export class Outbound {
  readonly #waiting = new Map<number, Waiting>()
  readonly #early = new Map<number, { readonly system: string; readonly answer: Answer }>()
  readonly #abandoned = new Map<number, Waiting>()
  #ids = 0

  get size(): number {
    return this.#waiting.size
  }

  add(waiting: Waiting): number {
    const id = ++this.#ids
    this.#waiting.set(id, waiting)
    return id
  }

  get(id: number, system: string): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    return waiting?.system === system ? waiting : undefined
  }

  /** Take the answer of a system; one that is not expected (yet) is kept for a while. */
  settle(id: number, system: string, answer: Answer): void {
    const waiting = this.#waiting.get(id)
    if (waiting?.system === system) {
      this.#waiting.delete(id)
      answer(waiting)
      return
    }
    const late = this.#abandoned.get(id)
    if (waiting === undefined && late !== undefined) {
      this.#abandoned.delete(id)
      answer(late)
      return
    }
    if (waiting === undefined) return
    this.#early.set(id, { system, answer })
    forgetOldest(this.#early, actorEarlyAnswers)
  }

  /** The answer will come from another system. */
  move(id: number, from: string, to: string): void {
    const waiting = this.get(id, from)
    if (waiting === undefined) return
    waiting.system = to
    const early = this.#early.get(id)
    this.#early.delete(id)
    if (early?.system === to) this.settle(id, to, early.answer)
  }

  /** Nobody waits any more; a late answer is recognised for a while. */
  abandon(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return undefined
    this.#waiting.delete(id)
    this.#abandoned.set(id, waiting)
    forgetOldest(this.#abandoned, actorAbandonedAsks)
    return waiting
  }

  /** The link to a system has ended: what it owed fails. */
  failAll(system: string, why: Error): void {
    for (const [id, waiting] of this.#waiting) {
      if (waiting.system !== system) continue
      this.#waiting.delete(id)
      waiting.envelope.fail(why)
    }
  }
}

function forgetOldest(map: Map<number, unknown>, most: number): void {
  if (map.size <= most) return
  const [oldest] = map.keys()
  if (oldest !== undefined) map.delete(oldest)
}
