/**
 * Feed: a bounded queue between an actor's handlers and one reader of a stream.
 *
 * A stream handler returns a feed and keeps it in its state; other handlers push into it. A
 * reader that is too slow costs at most the capacity, and what happens then is named: nothing is
 * given up that nobody can see, in `dropped` or in the error that the reader gets.
 */
import { EdgeError } from './errors.ts'

export interface FeedOptions {
  readonly capacity: number
  /**
   * `drop-old` (the default) gives up the oldest item, `drop-new` the pushed one, `close` ends the
   * stream: its reader gets what was queued and then `overloaded`.
   */
  readonly onFull?: 'drop-old' | 'drop-new' | 'close'
  /** Called once when the reader has left or the feed was closed. */
  readonly onClose?: () => void
}

type Step<T> = IteratorResult<T, undefined>

export class Feed<T> implements AsyncIterableIterator<T> {
  readonly #options: FeedOptions
  readonly #items: T[] = []
  readonly #waiting: ((step: Step<T>) => void)[] = []
  #taken = false
  #closed = false
  #refusal: Error | null = null
  #dropped = 0

  constructor(options: FeedOptions) {
    const { capacity } = options
    if (!(Number.isInteger(capacity) && capacity > 0)) {
      throw new EdgeError(
        'invalid_option',
        `A feed cannot have a capacity of ${capacity}; give a whole number of items above 0`,
      )
    }
    this.#options = options
  }

  /** Items given up because the reader was too slow. */
  get dropped(): number {
    return this.#dropped
  }

  get closed(): boolean {
    return this.#closed
  }

  /** What the reader gets after the last item, instead of a good end. */
  get refusal(): Error | null {
    return this.#refusal
  }

  /** False when the item, or an older one, had to be given up. */
  push(item: T): boolean {
    if (this.#closed) return false
    const take = this.#waiting.shift()
    if (take !== undefined) take({ done: false, value: item })
    else if (this.#items.length < this.#options.capacity) this.#items.push(item)
    else return this.#overflow(item)
    return true
  }

  /** No more items come; what is queued is still read. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const take of this.#waiting.splice(0)) take({ done: true, value: undefined })
    this.#options.onClose?.()
  }

  /** Close it with an error for the reader; the actor itself has not failed. */
  fail(error: Error): void {
    if (this.#closed) return
    this.#refusal = error
    this.close()
  }

  next(): Promise<Step<T>> {
    if (this.#items.length > 0) {
      return Promise.resolve({ done: false, value: this.#items.shift() as T })
    }
    if (this.#closed) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  return(): Promise<Step<T>> {
    this.#items.length = 0
    this.close()
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    if (this.#taken) throw takenError()
    this.#taken = true
    return this
  }

  #overflow(item: T): boolean {
    this.#dropped++
    if (this.#options.onFull === 'close') this.fail(tooSlowError(this.#options.capacity))
    else if (this.#options.onFull !== 'drop-new') {
      this.#items.shift()
      this.#items.push(item)
    }
    return false
  }
}

export function feed<T>(options: FeedOptions): Feed<T> {
  return new Feed<T>(options)
}

function tooSlowError(capacity: number): EdgeError {
  return new EdgeError(
    'overloaded',
    `The stream was closed because its reader was too slow: ${capacity} items already waited; ` +
      'read faster, or open it again',
    { detail: { capacity } },
  )
}

/** Two readers would get every other item each, and neither would know. */
function takenError(): EdgeError {
  return new EdgeError('feed_taken', 'A feed has one reader, and this one has it; make another')
}
