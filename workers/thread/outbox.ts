/**
 * Outbox: frames gather here while actors run, and go out in one post.
 *
 * The post follows in the microtask after the code that is running, so a burst of messages costs
 * about as much as one. A frame that cannot be cloned after all harms no other of its post.
 */
import { fieldsOf } from './frames.ts'
import type { Movable } from './transfer.ts'

export interface OutboxOptions {
  readonly framesPerPost: number
  readonly post: (frames: readonly unknown[], transfer: readonly Movable[]) => void
  /** This one could not be posted; what it returns goes out in its place. */
  readonly unfit: (frame: readonly unknown[], cause: unknown) => readonly unknown[] | null
}

export class Outbox {
  readonly #options: OutboxOptions
  #frames: unknown[] = []
  #count = 0
  #transfer: Movable[] = []
  #flushing = false

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  push(fields: readonly unknown[], transfer?: readonly Movable[]): void {
    const frames = this.#frames
    for (const field of fields) frames.push(field)
    if (transfer !== undefined && transfer.length > 0) this.#transfer.push(...transfer)
    if (++this.#count >= this.#options.framesPerPost) this.flush()
    else if (!this.#flushing) this.#flushSoon()
  }

  flush(): void {
    if (this.#frames.length === 0) return
    const frames = this.#frames
    const transfer = this.#transfer
    this.#frames = []
    this.#transfer = []
    this.#count = 0
    try {
      this.#options.post(frames, transfer)
    } catch {
      this.#postOneByOne(frames, transfer)
    }
  }

  #flushSoon(): void {
    this.#flushing = true
    queueMicrotask(() => {
      this.#flushing = false
      this.flush()
    })
  }

  #postOneByOne(frames: readonly unknown[], transfer: readonly Movable[]): void {
    let movables = transfer
    for (let at = 0; at < frames.length;) {
      const length = 1 + (fieldsOf[frames[at] as number] as number)
      const one = frames.slice(at, at + length)
      at += length
      try {
        this.#options.post(one, movables)
        movables = []
      } catch (cause) {
        const instead = this.#options.unfit(one, cause)
        if (instead !== null) this.#options.post(instead, [])
      }
    }
  }
}
