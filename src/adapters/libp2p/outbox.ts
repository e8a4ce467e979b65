/**
 * Outbox: the bounded queue between `send` and a stream; many frames leave as one write.
 *
 * The cost of a stream is per write, therefore frames are copied into a slab and cut into pieces
 * when enough has gathered or when the connection's turn ends, which also says who goes first.
 * When the stream says that it is full, pieces wait here until its `drain` event; its own
 * `onDrain()` answers at once from the second time on and must not be used.
 */
import type { Stream } from '@libp2p/interface'
import { frameHeaderBytes, writeFrameHeader } from '../../../protocols/frame.ts'
import { netBulkPieceBytes, netCopyBytesMax, netFlushBytes } from '../../../protocols/limits.ts'
import type { Lane } from '../../../protocols/net.ts'
import { gatherPieceBytesMax } from './write-turn.ts'
import type { Writer, WriteTurn } from './write-turn.ts'

const slabBytes = 64 * 1024

export interface OutboxInit {
  readonly stream: Stream
  readonly lane: Lane
  readonly turn: WriteTurn
  /** Bytes began to wait or left; the difference is the argument. */
  readonly onQueued: (difference: number) => void
  /** Called after every flush. */
  readonly onFlushed: () => void
}

export class Outbox implements Writer {
  readonly lane: Lane
  readonly #init: OutboxInit
  #pieces: Uint8Array[] = []
  #nextPiece = 0
  #slab = new Uint8Array(0)
  #slabFrom = 0
  #slabTo = 0
  #bytes = 0
  #full = false
  #ended = false
  #movedAtMs = 0

  constructor(init: OutboxInit) {
    this.#init = init
    this.lane = init.lane
  }

  /** Bytes that the socket has not taken. */
  get queuedBytes(): number {
    return this.#bytes + (this.#ended ? 0 : this.#init.stream.writeBufferLength)
  }

  get empty(): boolean {
    return this.#bytes === 0
  }

  /** How long nothing has moved although something waits. */
  stalledMs(nowMs: number): number {
    return this.queuedBytes === 0 ? 0 : nowMs - this.#movedAtMs
  }

  add(frame: Uint8Array): void {
    if (this.#bytes === 0) this.#movedAtMs = performance.now()
    const size = frameHeaderBytes + frame.length
    if (frame.length > netCopyBytesMax) this.#addLarge(frame)
    else this.#addSmall(frame, size)
    this.#bytes += size
    this.#init.onQueued(size)
    this.#schedule()
  }

  /** The stream can take more. */
  drained(): void {
    this.#full = false
    this.#movedAtMs = performance.now()
    this.#schedule()
  }

  /** Send what the stream takes, of bulk one piece; true when more could be sent later. */
  flush(): boolean {
    this.#seal()
    while (!this.#full && !this.#ended && this.#nextPiece < this.#pieces.length) {
      this.#sendPiece()
      if (this.lane === 'bulk') break
    }
    if (!this.#ended) this.#init.onFlushed()
    return !this.#full && !this.#ended && this.#nextPiece < this.#pieces.length
  }

  end(): void {
    this.#ended = true
    this.#init.onQueued(-this.#bytes)
    this.#bytes = 0
    this.#pieces = []
    this.#slab = new Uint8Array(0)
  }

  #addSmall(frame: Uint8Array, size: number): void {
    if (this.#slab.length - this.#slabTo < size) {
      this.#seal()
      this.#slab = new Uint8Array(Buffer.allocUnsafeSlow(slabBytes).buffer)
      this.#slabFrom = 0
      this.#slabTo = 0
    }
    writeFrameHeader(this.#slab, this.#slabTo, frame.length)
    this.#slab.set(frame, this.#slabTo + frameHeaderBytes)
    this.#slabTo += size
    if (this.#slabTo - this.#slabFrom >= netFlushBytes && this.lane !== 'bulk') this.flush()
  }

  #addLarge(frame: Uint8Array): void {
    const header = new Uint8Array(frameHeaderBytes)
    writeFrameHeader(header, 0, frame.length)
    this.#seal()
    this.#pieces.push(header)
    for (let at = 0; at < frame.length; at += netBulkPieceBytes) {
      this.#pieces.push(frame.subarray(at, at + netBulkPieceBytes))
    }
  }

  /** Cut what the slab has gathered into a piece; the rest of the slab is used further. */
  #seal(): void {
    if (this.#slabTo === this.#slabFrom) return
    this.#pieces.push(this.#slab.subarray(this.#slabFrom, this.#slabTo))
    this.#slabFrom = this.#slabTo
  }

  #sendPiece(): void {
    const piece = this.#pieces[this.#nextPiece] as Uint8Array
    this.#nextPiece += 1
    if (this.#nextPiece === this.#pieces.length) {
      this.#pieces = []
      this.#nextPiece = 0
    }
    this.#bytes -= piece.length
    this.#init.onQueued(-piece.length)
    const { stream } = this.#init
    // A stream that was reset a moment ago takes nothing; its channel hears of it by itself.
    this.#full = stream.writeStatus !== 'writable' || !stream.send(piece)
    if (!this.#full) this.#movedAtMs = performance.now()
    this.#reuseSlab(piece)
  }

  /** What was copied on its way out leaves its room to the next frames. */
  #reuseSlab(piece: Uint8Array): void {
    const { stream, turn } = this.#init
    const last = this.#pieces.length === 0 && this.#slabFrom === this.#slabTo
    if (!last || !turn.copies || piece.length > gatherPieceBytesMax) return
    if (piece.buffer !== this.#slab.buffer || stream.writeBufferLength > 0) return
    this.#slabFrom = 0
    this.#slabTo = 0
  }

  #schedule(): void {
    if (!this.#full && !this.#ended) this.#init.turn.mark(this)
  }
}
