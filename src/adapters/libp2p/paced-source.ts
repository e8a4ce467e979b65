/**
 * PacedSource: what gossip reads an inbound stream through, so that its sender can be slowed.
 *
 * Gossip reads streams as async iterables, and a libp2p stream as an async iterable buffers
 * without a bound. This one holds a fixed amount and then pauses the stream.
 */
import type { Stream } from '@libp2p/interface'

type Piece = Stream extends AsyncIterable<infer Item> ? Item : never

export class PacedSource implements AsyncIterableIterator<Piece> {
  readonly protocol: string
  readonly #stream: Stream
  readonly #unreadBytesMax: number
  #pieces: Piece[] = []
  #bytes = 0
  #ended = false
  #wake: (() => void) | undefined

  constructor(stream: Stream, unreadBytesMax: number) {
    this.#stream = stream
    this.#unreadBytesMax = unreadBytesMax
    this.protocol = stream.protocol
    stream.addEventListener('message', (event) => this.#take(event.data))
    stream.addEventListener('end', () => this.#finish())
    stream.addEventListener('close', () => this.#finish())
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Piece>> {
    while (this.#pieces.length === 0) {
      if (this.#ended) return { done: true, value: undefined }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const value = this.#pieces.shift() as Piece
    this.#bytes -= value.byteLength
    if (this.#bytes <= this.#unreadBytesMax / 2) this.#resume()
    return { done: false, value }
  }

  async return(): Promise<IteratorResult<Piece>> {
    this.#finish()
    this.#pieces = []
    this.#resume()
    return { done: true, value: undefined }
  }

  close(options?: Parameters<Stream['close']>[0]): Promise<void> {
    return this.#stream.close(options)
  }

  abort(error: Error): void {
    this.#stream.abort(error)
  }

  #take(piece: Piece): void {
    if (this.#ended) return
    this.#pieces.push(piece)
    this.#bytes += piece.byteLength
    // A pause inside a message event is lost by the muxer.
    if (this.#bytes > this.#unreadBytesMax) queueMicrotask(() => this.#pause())
    this.#wake?.()
  }

  #pause(): void {
    const crowded = this.#bytes > this.#unreadBytesMax
    if (crowded && this.#stream.readStatus === 'readable') this.#stream.pause()
  }

  #resume(): void {
    if (this.#stream.readStatus === 'paused') this.#stream.resume()
  }

  #finish(): void {
    this.#ended = true
    this.#wake?.()
  }
}
