/**
 * Frame: a length of four bytes, big-endian, and a body; how channels keep message boundaries.
 *
 * Streams deliver arbitrary pieces. The length is checked before a byte of the body is kept, a
 * frame inside one piece is handed on without a copy, and a frame that spans pieces is copied
 * once; room for it grows with what has arrived, not with what was announced.
 */

export const frameHeaderBytes = 4

/** Answer of `push` when a frame announces more than is allowed; the stream must end. */
export const oversized = -1

/** Takes a frame; answers false to stop reading after it. */
export type FrameSink = (frame: Uint8Array) => boolean

const firstRoomBytes = 64 * 1024

export function writeFrameHeader(target: Uint8Array, at: number, length: number): void {
  target[at] = length >>> 24
  target[at + 1] = length >>> 16
  target[at + 2] = length >>> 8
  target[at + 3] = length
}

/** One frame as one piece of bytes. */
export function frameOf(body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(frameHeaderBytes + body.length)
  writeFrameHeader(bytes, 0, body.length)
  bytes.set(body, frameHeaderBytes)
  return bytes
}

export class Deframer {
  readonly #frameBytesMax: number
  #header = 0
  #headerBytes = 0
  #body: Uint8Array | undefined
  #bodyBytes = 0
  #length = 0

  constructor(frameBytesMax: number) {
    this.#frameBytesMax = frameBytesMax
  }

  /** Whether a frame has begun and is not complete. */
  get midFrame(): boolean {
    return this.#headerBytes > 0 || this.#body !== undefined
  }

  /**
   * Read frames from `piece`, beginning at `from`. Answers how far it came: the end of the piece,
   * the place behind the frame after which the sink said stop, or `oversized`.
   */
  push(piece: Uint8Array, from: number, sink: FrameSink): number {
    let at = from
    while (at < piece.length) {
      if (this.#body === undefined) {
        at = this.#readHeader(piece, at)
        if (this.#headerBytes < frameHeaderBytes) return at
        if (this.#length > this.#frameBytesMax) return oversized
        this.#headerBytes = 0
      }
      const missing = this.#length - this.#bodyBytes
      const end = Math.min(piece.length, at + missing)
      const frame = this.#takeBody(piece, at, end)
      at = end
      if (frame !== undefined && !sink(frame)) return at
    }
    return at
  }

  #readHeader(piece: Uint8Array, from: number): number {
    let at = from
    while (this.#headerBytes < frameHeaderBytes && at < piece.length) {
      this.#header = ((this.#header << 8) | (piece[at] as number)) >>> 0
      this.#headerBytes += 1
      at += 1
    }
    this.#length = this.#header
    return at
  }

  /** The whole frame once its last byte is there. */
  #takeBody(piece: Uint8Array, from: number, end: number): Uint8Array | undefined {
    if (this.#body === undefined && end - from === this.#length) return piece.subarray(from, end)
    const room = this.#roomFor(end - from)
    room.set(piece.subarray(from, end), this.#bodyBytes)
    this.#bodyBytes += end - from
    if (this.#bodyBytes < this.#length) return undefined
    this.#body = undefined
    this.#bodyBytes = 0
    return room
  }

  #roomFor(more: number): Uint8Array {
    const needed = this.#bodyBytes + more
    const held = this.#body
    if (held !== undefined && held.length >= needed) return held
    const grown = Math.max(firstRoomBytes, needed, this.#bodyBytes * 4)
    const room = new Uint8Array(Math.min(this.#length, grown))
    if (held !== undefined) room.set(held.subarray(0, this.#bodyBytes))
    this.#body = room
    return room
  }
}
