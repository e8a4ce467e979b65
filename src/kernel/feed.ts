/**
 * Feed: a bounded queue between an actor's handlers and one reader of a stream.
 *
 * A stream handler returns a feed and keeps it in its state; other handlers push into it. A
 * reader that is too slow costs at most the capacity, and what happens then is named.
 */
import { EdgeError } from './errors.ts'

export interface FeedOptions {
  readonly capacity: number
  /** `drop-old` gives up the oldest item, `drop-new` the pushed one, `close` ends the stream. */
  readonly onFull?: 'drop-old' | 'drop-new' | 'close'
  /** Called once when the reader has left or the feed was closed. */
  readonly onClose?: () => void
}

type Step<T> = IteratorResult<T, undefined>

export class Feed<T> implements AsyncIterableIterator<T> {
  readonly #options: FeedOptions
  readonly #items: T[] = []
  #waiting: ((step: Step<T>) => void) | null = null
  #closed = false
  #dropped = 0

  constructor(options: FeedOptions) {
    if (!(options.capacity > 0)) {
      throw new EdgeError(
        'invalid_option',
        `A feed with a capacity of ${options.capacity} holds nothing; give at least 1`,
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

  /** False when the item, or an older one, had to be given up. */
  push(item: T): boolean {
    if (this.#closed) return false
    if (this.#waiting !== null) {
      const take = this.#waiting
      this.#waiting = null
      take({ done: false, value: item })
      return true
    }
    if (this.#items.length < this.#options.capacity) {
      this.#items.push(item)
      return true
    }
    this.#dropped++
    return this.#overflow(item)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#waiting?.({ done: true, value: undefined })
    this.#waiting = null
    this.#options.onClose?.()
  }

  next(): Promise<Step<T>> {
    const item = this.#items.shift()
    if (item !== undefined) return Promise.resolve({ done: false, value: item })
    if (this.#closed) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve) => {
      this.#waiting = resolve
    })
  }

  return(): Promise<Step<T>> {
    this.#items.length = 0
    this.close()
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #overflow(item: T): boolean {
    if (this.#options.onFull === 'close') this.close()
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
