/**
 * TypedArrays: the kinds of binary value that cross, each with its number on the wire.
 *
 * The numbers are those of msgpackr's typed-array extension, which writes and reads the bytes.
 */

const ELEMENT_BYTES: readonly (readonly [name: string, bytes: number])[] = [
  ['Int8Array', 1],
  ['Uint8Array', 1],
  ['Uint8ClampedArray', 1],
  ['Int16Array', 2],
  ['Uint16Array', 2],
  ['Int32Array', 4],
  ['Uint32Array', 4],
  ['Float32Array', 4],
  ['Float64Array', 8],
  ['BigInt64Array', 8],
  ['BigUint64Array', 8],
]

const ARRAY_BUFFER = 16
const DATA_VIEW = 17
const names = new Set([...ELEMENT_BYTES.map(([name]) => name), 'DataView'])

export function isTypedArrayName(name: string): boolean {
  return names.has(name)
}

/** Bytes of one element of the kind with this number, or nothing for an unknown kind. */
export function elementBytesOf(kind: number): number | undefined {
  if (kind === ARRAY_BUFFER || kind === DATA_VIEW) return 1
  return ELEMENT_BYTES[kind]?.[1]
}
