/**
 * Extensions: the MessagePack extension types that this codec writes, and the only ones it reads.
 *
 * A value that MessagePack has no form for is replaced by a carrier before packing; its tag says
 * what the plain data inside stand for. msgpackr keeps its extensions for the whole process, so
 * the codec at work is named here while it decodes.
 */
import { addExtension } from 'msgpackr'
import { reviveUtf16 } from './utf16.ts'

/** Tags written as `fixext 1`, one filler byte, then the data as an ordinary value. */
export const TAG = {
  undefined: 0x00,
  negativeZero: 0x01,
  map: 0x02,
  set: 0x03,
  error: 0x04,
  ref: 0x05,
  utf16: 0x06,
} as const

/** Types that msgpackr itself writes with their bytes inside the extension. */
export const NATIVE = { bigInt: 0x42, typedArray: 0x74, timestamp: 0xff } as const

/** What a decoder needs beyond the bytes: how refs and errors come to life. */
export interface Reviver {
  reviveRef(data: unknown): unknown
  reviveError(data: unknown): unknown
}

abstract class Carrier {
  readonly data: unknown

  constructor(data: unknown) {
    this.data = data
  }
}

export class NegativeZero extends Carrier {}
/** Keys and values of a Map, one after the other. */
export class MapCarrier extends Carrier {}
export class SetCarrier extends Carrier {}
export class ErrorCarrier extends Carrier {}
/** Always an array of one, so that an extension never directly follows an extension. */
export class RefCarrier extends Carrier {}
/** Code units of a string that UTF-8 cannot carry unchanged. */
export class Utf16Carrier extends Carrier {}

export const NEGATIVE_ZERO = new NegativeZero(null)

let current: Reviver | undefined

/** Let one decoding use its reviver; a reviver may itself decode, so the outer one comes back. */
export function enterReviver(reviver: Reviver): Reviver | undefined {
  const outer = current
  current = reviver
  return outer
}

export function leaveReviver(outer: Reviver | undefined): void {
  current = outer
}

register(TAG.negativeZero, NegativeZero, () => -0)
register(TAG.map, MapCarrier, (flat) => reviveMap(flat as readonly unknown[]))
register(TAG.set, SetCarrier, (items) => new Set(items as readonly unknown[]))
register(TAG.error, ErrorCarrier, (data) => current?.reviveError(data))
register(TAG.ref, RefCarrier, (data) => current?.reviveRef((data as readonly unknown[])[0]))
register(TAG.utf16, Utf16Carrier, (bytes) => reviveUtf16(bytes))

function register(type: number, Class: typeof Carrier, read: (data: unknown) => unknown): void {
  addExtension({ Class, type, write: (carrier: Carrier) => carrier.data, read })
}

function reviveMap(flat: readonly unknown[]): Map<unknown, unknown> {
  if (flat.length % 2 !== 0) throw new TypeError('a map has a key without a value')
  const map = new Map<unknown, unknown>()
  for (let at = 0; at < flat.length; at += 2) map.set(flat[at], flat[at + 1])
  return map
}
