/**
 * Inbox: turns the pieces that a stream delivers into frames, and lets a slow reader slow the peer.
 *
 * The stream is paused in a microtask of its own: a pause inside its message event is lost by the
 * muxer, which then resets the stream. What arrives until then waits here, which the stream's
 * window bounds; more than the peer's allowance ends the channel.
 */
import type { Stream } from '@libp2p/interface'
import { Deframer, oversized } from '../../../protocols/frame.ts'
import { borrowTokens, fullBucket } from '../../../protocols/rate.ts'
import type { TokenBucket, TokenRate } from '../../../protocols/rate.ts'

export interface InboxInit {
  readonly stream: Stream
  readonly frameBytesMax: number
  readonly readRate: TokenRate | undefined
  /** Bytes began to wait here or were read. Answers false when this peer's allowance is used up. */
  readonly onHeld: (difference: number) => boolean
  readonly onBytes: (bytes: number) => void
  readonly onViolation: (violation: 'oversized' | 'overflow') => void
  /** The last frame before the end was read. */
  readonly onEmpty: () => void
}

/** What stops the reading; each is lifted by whoever set it. */
type Brake = 'reader' | 'rate'

export class Inbox {
  readonly #init: InboxInit
  readonly #deframer: Deframer
  readonly #brakes = new Set<Brake>(['reader'])
  readonly #bucket: TokenBucket | undefined
  #reader: ((frame: Uint8Array) => void) | undefined
  #pieces: Uint8Array[] = []
  #firstPieceFrom = 0
  #heldBytes = 0
  #streamPaused = false
  #reading = false
  #ended = false
  #beganAtMs = 0
  #rateTimer: NodeJS.Timeout | undefined

  constructor(init: InboxInit) {
    this.#init = init
    this.#deframer = new Deframer(init.frameBytesMax)
    const { readRate } = init
    this.#bucket = readRate === undefined ? undefined : fullBucket(readRate, performance.now())
  }

  get empty(): boolean {
    return this.#pieces.length === 0
  }

  /** How long a frame has been incomplete although the reader waits for it. */
  waitingMs(nowMs: number): number {
    return this.#deframer.midFrame && this.#brakes.size === 0 ? nowMs - this.#beganAtMs : 0
  }

  read(reader: (frame: Uint8Array) => void): void {
    this.#reader = reader
    this.release('reader')
  }

  /** Take what the stream delivered: one piece or a list of pieces. */
  take(data: Uint8Array | Iterable<Uint8Array>): void {
    if (data instanceof Uint8Array) this.#takePiece(data)
    else for (const piece of data) this.#takePiece(piece)
    this.#readOn()
  }

  brake(brake: Brake): void {
    this.#brakes.add(brake)
    queueMicrotask(() => this.#pauseStream())
  }

  release(brake: Brake): void {
    this.#brakes.delete(brake)
    this.#readOn()
    if (this.#brakes.size === 0) this.#resumeStream()
  }

  end(): void {
    this.#ended = true
    clearTimeout(this.#rateTimer)
    this.#init.onHeld(-this.#heldBytes)
    this.#heldBytes = 0
    this.#pieces = []
  }

  #takePiece(piece: Uint8Array): void {
    if (this.#ended) return
    this.#init.onBytes(piece.length)
    // A Buffer's slice is no copy; readers get what they expect of a Uint8Array.
    this.#pieces.push(new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength))
    this.#heldBytes += piece.length
    const allowed = this.#init.onHeld(piece.length)
    if (!allowed) this.#init.onViolation('overflow')
    else if (this.#bucket !== undefined) this.#keepRate(this.#bucket, piece.length)
    if (this.#brakes.size > 0) queueMicrotask(() => this.#pauseStream())
  }

  #keepRate(bucket: TokenBucket, bytes: number): void {
    const waitMs = borrowTokens(bucket, this.#init.readRate as TokenRate, performance.now(), bytes)
    if (waitMs === 0 || this.#brakes.has('rate')) return
    this.brake('rate')
    this.#rateTimer = setTimeout(() => this.release('rate'), waitMs)
  }

  /** Hand on frames until the reader brakes or nothing is left. */
  #readOn(): void {
    if (this.#reading) return
    this.#reading = true
    while (this.#brakes.size === 0 && this.#pieces.length > 0) this.#readPiece()
    this.#reading = false
    if (this.#pieces.length === 0 && !this.#ended) this.#init.onEmpty()
  }

  #readPiece(): void {
    const piece = this.#pieces[0] as Uint8Array
    const wasMidFrame = this.#deframer.midFrame
    const at = this.#deframer.push(piece, this.#firstPieceFrom, this.#sink)
    if (this.#ended) return
    if (at === oversized) {
      this.#init.onViolation('oversized')
      return
    }
    if (!wasMidFrame && this.#deframer.midFrame) this.#beganAtMs = performance.now()
    if (at < piece.length) {
      this.#firstPieceFrom = at
      return
    }
    this.#pieces.shift()
    this.#firstPieceFrom = 0
    this.#heldBytes -= piece.length
    this.#init.onHeld(-piece.length)
  }

  readonly #sink = (frame: Uint8Array): boolean => {
    this.#reader?.(frame)
    return this.#brakes.size === 0 && !this.#ended
  }

  #pauseStream(): void {
    const { stream } = this.#init
    if (this.#ended || this.#streamPaused || this.#brakes.size === 0) return
    if (stream.readStatus !== 'readable') return
    this.#streamPaused = true
    stream.pause()
  }

  #resumeStream(): void {
    if (this.#ended || !this.#streamPaused) return
    this.#streamPaused = false
    if (this.#init.stream.readStatus === 'paused') this.#init.stream.resume()
  }
}
