/**
 * SystemRefs: how refs pass a codec inside a test, as data that leads back to the same ref.
 */
import { type AnyRef, EdgeError, isRef } from '../kernel/index.ts'
import type { RefCodec } from '../ports/codec.ts'

export class SystemRefs implements RefCodec {
  /** Refs that crossed and may come back; an actor that ended is no longer found by its path. */
  readonly #crossed = new Map<string, AnyRef>()

  isRef(value: object): boolean {
    return isRef(value)
  }

  dehydrate(ref: object): unknown {
    const known = ref as AnyRef
    const address = known.toString()
    this.#crossed.set(address, known)
    return { address }
  }

  hydrate(data: unknown): unknown {
    const address = typeof data === 'object' && data !== null && 'address' in data && data.address
    const ref = this.#crossed.get(String(address))
    if (ref !== undefined) return ref
    throw new EdgeError('decode_failed', `No ref ${String(address)} has crossed this codec`)
  }
}
