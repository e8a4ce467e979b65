/**
 * Lanes: one peer's small and bulk channels, behind one way to send and one to receive.
 *
 * A frame that would make small ones wait goes in pieces over the bulk channel. Each channel keeps
 * its order; what must keep order across both says so itself (see link.ts).
 */
import { actorBulkFromBytes, actorPieceBytes } from '../../protocols/limits.ts'
import type { Channel } from '../ports/net.ts'

export type LaneName = 'small' | 'bulk'

const more = 0
const last = 1

export function laneOf(bytes: Uint8Array): LaneName {
  return bytes.length > actorBulkFromBytes ? 'bulk' : 'small'
}

/** False when the channel has no room; nothing of the frame was sent then. */
export function sendOn(channel: Channel, lane: LaneName, bytes: Uint8Array): boolean {
  if (lane === 'small') return channel.send(bytes)
  for (let from = 0; from < bytes.length; from += actorPieceBytes) {
    const to = Math.min(bytes.length, from + actorPieceBytes)
    const piece = new Uint8Array(to - from + 1)
    piece[0] = to === bytes.length ? last : more
    piece.set(bytes.subarray(from, to), 1)
    // A half-sent frame cannot be taken back: the link has to end.
    if (!channel.send(piece)) return from === 0 ? false : fail(channel)
  }
  return true
}

function fail(channel: Channel): false {
  channel.abort('a large frame did not fit into the queue')
  return false
}

/** Puts pieces together again; a frame larger than `bytesMax` is refused. */
export class Assembler {
  readonly #bytesMax: number
  #pieces: Uint8Array[] = []
  #size = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** The whole frame when this was its last piece; `refused` when it cannot become one. */
  add(piece: Uint8Array): Uint8Array | 'more' | 'refused' {
    this.#size += piece.length - 1
    if (piece.length < 1 || this.#size > this.#bytesMax) return 'refused'
    // Views of received bytes do not last: what is kept is copied.
    this.#pieces.push(piece.slice(1))
    return piece[0] === last ? this.#join() : 'more'
  }

  #join(): Uint8Array {
    const whole = new Uint8Array(this.#size)
    let at = 0
    for (const piece of this.#pieces) {
      whole.set(piece, at)
      at += piece.length
    }
    this.#pieces = []
    this.#size = 0
    return whole
  }
}
