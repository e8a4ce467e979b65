/**
 * Der: the little of ASN.1 that a certificate needs, written and read strictly.
 *
 * Lengths are definite and minimal, nothing may follow what was announced, and whatever does not
 * fit is an error: what comes in here comes from strangers.
 */

/** One value: its tag, what it holds, and all its bytes. */
export interface DerValue {
  readonly tag: number
  readonly content: Uint8Array
  readonly whole: Uint8Array
}

export const derTags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  /** The version and the extensions of a certificate. */
  version: 0xa0,
  extensions: 0xa3,
} as const

export function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(contents)
  return Buffer.concat([Uint8Array.of(tag, ...lengthOf(content.length)), content])
}

/** Exactly one value, and nothing behind it. */
export function readDer(bytes: Uint8Array): DerValue {
  const [value, ...more] = readDerAll(bytes)
  if (value === undefined || more.length > 0) throw new Error('not one DER value')
  return value
}

/** All values, one behind the other. */
export function readDerAll(bytes: Uint8Array): DerValue[] {
  const values: DerValue[] = []
  let at = 0
  while (at < bytes.length) {
    const value = readAt(bytes, at)
    values.push(value)
    at += value.whole.length
  }
  return values
}

function readAt(bytes: Uint8Array, at: number): DerValue {
  const tag = byteAt(bytes, at)
  const first = byteAt(bytes, at + 1)
  const lengthBytes = first < 0x80 ? 0 : first - 0x80
  if (lengthBytes > 3 || first === 0x80) throw new Error('DER length is indefinite or too long')
  let length = lengthBytes === 0 ? first : 0
  for (let index = 0; index < lengthBytes; index += 1) {
    length = length * 256 + byteAt(bytes, at + 2 + index)
  }
  if (lengthOf(length).length !== lengthBytes + 1) throw new Error('DER length is not minimal')
  const from = at + 2 + lengthBytes
  const end = from + length
  if (end > bytes.length) throw new Error('DER value is cut off')
  return { tag, content: bytes.subarray(from, end), whole: bytes.subarray(at, end) }
}

function byteAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at]
  if (byte === undefined) throw new Error('DER value is cut off')
  return byte
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length]
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return [0x80 + bytes.length, ...bytes]
}
