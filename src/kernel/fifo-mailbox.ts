/**
 * FifoMailbox: messages in order of arrival, in linked chunks of slots.
 *
 * A message takes three slots (message, payload, rider), so waiting costs no object. Chunks are
 * never copied: a queue of a million costs per message what a queue of ten does, gives its memory
 * back while it drains, and an idle actor keeps room for two messages only.
 */
import type { Mailbox, Rider, Waiting } from './mailbox.ts'
import type { Message } from './protocol.ts'

const stride = 3
const firstMessages = 2
const growth = 4
/** Large enough to be rare, small enough to be allocated where young objects live. */
const messagesMax = 512
/** A drained queue keeps a chunk of at most this many messages. */
const messagesKept = 32

/** Slots of messages, then one slot for the next chunk. */
type Chunk = unknown[]
const none: Chunk = [undefined]

export class FifoMailbox implements Mailbox {
  #head = none
  #first = 0
  #tail = none
  #end = 0
  size = 0

  push(message: Message, payload: unknown, rider: Rider): void {
    let at = this.#end
    let tail = this.#tail
    if (at === tail.length - 1) {
      tail = this.#extend()
      at = 0
    }
    tail[at] = message
    tail[at + 1] = payload
    tail[at + 2] = rider
    this.#end = at + stride
    this.size++
  }

  pushFront(message: Message, payload: unknown, rider: Rider): void {
    if (this.size === 0) {
      this.push(message, payload, rider)
      return
    }
    if (this.#first === 0) this.#prepend()
    const at = this.#first - stride
    this.#head[at] = message
    this.#head[at + 1] = payload
    this.#head[at + 2] = rider
    this.#first = at
    this.size++
  }

  head(): Message | undefined {
    return this.size === 0 ? undefined : (this.#head[this.#first] as Message)
  }

  payload(): unknown {
    return this.#head[this.#first + 1]
  }

  rider(): Rider {
    return this.#head[this.#first + 2] as Rider
  }

  drop(): void {
    const chunk = this.#head
    const at = this.#first
    chunk[at + 1] = undefined
    chunk[at + 2] = null
    this.#first = at + stride
    if (--this.size === 0) this.#reset()
    else if (this.#first === chunk.length - 1) this.#advance()
  }

  evict(): Waiting | undefined {
    const signals: Waiting[] = []
    let victim: Waiting | undefined
    while (victim === undefined && this.size > 0) {
      const message = this.head() as Message
      const waiting = { message, payload: this.payload(), rider: this.rider() }
      this.drop()
      if (message.index < 0) signals.push(waiting)
      else victim = waiting
    }
    for (const { message, payload, rider } of signals.toReversed()) {
      this.pushFront(message, payload, rider)
    }
    return victim
  }

  /** All chunks but one are behind us already; a burst must not pin the last one either. */
  #reset(): void {
    this.#first = 0
    this.#end = 0
    if (this.#head.length <= messagesKept * stride + 1) return
    this.#head = none
    this.#tail = none
  }

  #advance(): void {
    this.#head = this.#head[this.#head.length - 1] as Chunk
    this.#first = 0
  }

  #extend(): Chunk {
    const before = this.#tail
    const messages = before === none ? firstMessages : ((before.length - 1) / stride) * growth
    const chunk = newChunk(Math.min(messages, messagesMax))
    if (before === none) this.#head = chunk
    else before[before.length - 1] = chunk
    this.#tail = chunk
    return chunk
  }

  #prepend(): void {
    const chunk = newChunk(messagesKept)
    chunk[chunk.length - 1] = this.#head
    this.#head = chunk
    this.#first = chunk.length - 1
  }
}

function newChunk(messages: number): Chunk {
  const chunk: Chunk = []
  // One allocation of the right size; nothing is copied while it fills.
  chunk.length = messages * stride + 1
  return chunk
}
