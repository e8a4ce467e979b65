/**
 * Frames: a length of four bytes and a body, as plain as it can be written.
 * What a message costs here is what it costs at least on a socket of this machine.
 */
const headerBytes = 4

export function frameOf(body: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(headerBytes + body.length)
  frame.writeUInt32BE(body.length, 0)
  frame.set(body, headerBytes)
  return frame
}

/** Hands on every whole body; what is incomplete waits for its rest. */
export class FrameReader {
  readonly #onBody: (body: Buffer) => void
  #pieces: Buffer[] = []
  #bytes = 0
  #wanted = headerBytes

  constructor(onBody: (body: Buffer) => void) {
    this.#onBody = onBody
  }

  take(piece: Buffer): void {
    this.#pieces.push(piece)
    this.#bytes += piece.length
    if (this.#bytes < this.#wanted) return
    const all = this.#pieces.length === 1 ? piece : Buffer.concat(this.#pieces)
    let at = 0
    this.#wanted = headerBytes
    while (all.length - at >= headerBytes) {
      const size = headerBytes + all.readUInt32BE(at)
      this.#wanted = size
      if (all.length - at < size) break
      this.#onBody(all.subarray(at + headerBytes, at + size))
      at += size
      this.#wanted = headerBytes
    }
    this.#pieces = at < all.length ? [all.subarray(at)] : []
    this.#bytes = all.length - at
  }
}
