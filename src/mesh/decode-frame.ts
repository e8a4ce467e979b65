/**
 * DecodeFrame: the bytes of a peer as a value that this node understands, or nothing.
 *
 * A peer may send anything. What is refused is the business of whoever counts refusals.
 */
import type { Codec } from '../ports/codec.ts'

export function decodeFrame<T>(
  codec: Codec,
  bytes: Uint8Array,
  parse: (value: unknown) => T | undefined,
): T | undefined {
  try {
    return parse(codec.decode(bytes))
  } catch {
    return undefined
  }
}
