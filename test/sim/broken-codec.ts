/**
 * BrokenCodec: a codec that fails when it is told to, as a defect in this node would.
 */
import type { Codec } from '../../src/ports/codec.ts'

export interface BrokenCodec extends Codec {
  /** So many of the next messages cannot be encoded. */
  failures: number
}

export function encodeNothing(codec: Codec): BrokenCodec {
  return {
    failures: 0,
    limits: codec.limits,
    decode: (bytes) => codec.decode(bytes),
    encode(value, subject) {
      if (this.failures > 0) {
        this.failures -= 1
        throw new Error('a defect')
      }
      return codec.encode(value, subject)
    },
  }
}
