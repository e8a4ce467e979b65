/**
 * Incoming: checks the structure of encoded bytes before anything is built from them.
 *
 * One pass without recursion and without allocation reads only lengths and types. It refuses what
 * runs past the end, nests too deep, holds too many values, names an extension that the codec does
 * not write, or has a field that could reach a prototype. What passes is safe to unpack.
 */
import { NATIVE, TAG } from './extensions.ts'
import { elementBytesOf } from './typed-arrays.ts'

interface ScanLimits {
  readonly depthMax: number
  readonly valuesMax: number
}

/** Why bytes were refused; the codec turns it into a coded error. */
export interface ScanFault {
  readonly code: 'decode_failed' | 'payload_too_deep' | 'payload_too_large'
  readonly offset: number
  readonly reason: string
}

/** What the bytes after an extension's header must be. */
type Expected = 'any' | 'nil' | 'array' | 'map' | 'bytes'

const PREFIXED: ReadonlyMap<number, Expected> = new Map([
  [TAG.negativeZero, 'nil'],
  [TAG.map, 'array'],
  [TAG.set, 'array'],
  [TAG.error, 'map'],
  [TAG.ref, 'array'],
  [TAG.utf16, 'bytes'],
])

const PROTO = [0x5f, 0x5f, 0x70, 0x72, 0x6f, 0x74, 0x6f, 0x5f, 0x5f]

const EMPTY = new Uint8Array()
/** Stands for the offset after a fault. */
const STOP = -1

export class Scanner {
  readonly #limits: ScanLimits
  /** Values still to come in each open container, and whether it is a map. */
  readonly #left: Int32Array
  readonly #maps: Uint8Array
  #bytes: Uint8Array = EMPTY
  #depth = 0
  #values = 0
  #expected: Expected = 'any'
  #fault: ScanFault | undefined

  constructor(limits: ScanLimits) {
    this.#limits = limits
    this.#left = new Int32Array(limits.depthMax + 1)
    this.#maps = new Uint8Array(limits.depthMax + 1)
  }

  /** Answer the first fault of the bytes, or nothing when they are sound. */
  scan(bytes: Uint8Array): ScanFault | undefined {
    this.#bytes = bytes
    this.#depth = 0
    this.#left[0] = 1
    this.#values = 1
    this.#expected = 'any'
    this.#fault = undefined
    const end = this.#scanValues(bytes)
    if (this.#fault === undefined && end !== bytes.length) this.#fail(end, 'bytes follow the value')
    this.#bytes = EMPTY
    return this.#fault
  }

  /** Short text, small numbers and field names are met here; all else in a slower place. */
  #scanValues(bytes: Uint8Array): number {
    const left = this.#left
    const maps = this.#maps
    let at = 0
    while (at !== STOP && this.#close()) {
      if (at >= bytes.length) return this.#fail(at, 'the bytes end inside a value')
      const token = bytes[at] ?? 0
      if (this.#expected !== 'any' && !this.#meets(token)) {
        return this.#fail(at, `an extension is followed by ${hex(token)}`)
      }
      const depth = this.#depth
      const remaining = left[depth] ?? 0
      left[depth] = remaining - 1
      if (maps[depth] === 1 && (remaining & 1) === 0) at = this.#key(at + 1, token)
      else if (token < 0x80 || token >= 0xe0) at += 1
      else if (token >= 0xa0 && token < 0xc0) at = this.#skip(at + 1, token & 0x1f)
      else at = this.#other(at + 1, token)
    }
    return at
  }

  /** Leave the containers that are complete; answer whether anything is still to come. */
  #close(): boolean {
    while (this.#left[this.#depth] === 0) {
      if (this.#depth === 0) return false
      this.#depth -= 1
    }
    return true
  }

  #key(at: number, token: number): number {
    if (token >= 0xa0 && token < 0xc0) return this.#keyOf(at, token & 0x1f)
    if (token < 0xd9 || token > 0xdb) {
      return this.#fail(at, `a field has the name ${hex(token)}, which is no text`)
    }
    const width = 1 << (token - 0xd9)
    return this.#keyOf(at + width, this.#length(at, width))
  }

  #keyOf(at: number, length: number): number {
    if (length === PROTO.length && PROTO.every((byte, i) => this.#bytes[at + i] === byte)) {
      return this.#fail(at, 'a field has the name "__proto__"')
    }
    return this.#skip(at, length)
  }

  #other(at: number, token: number): number {
    if (token < 0x90) return this.#open(at, { items: (token & 0x0f) * 2, map: true })
    if (token < 0xa0) return this.#open(at, { items: token & 0x0f, map: false })
    switch (token) {
      case 0xc0:
      case 0xc2:
      case 0xc3:
        return at
      case 0xcc:
      case 0xd0:
        return this.#skip(at, 1)
      case 0xcd:
      case 0xd1:
        return this.#skip(at, 2)
      case 0xca:
      case 0xce:
      case 0xd2:
        return this.#skip(at, 4)
      case 0xcb:
      case 0xcf:
      case 0xd3:
        return this.#skip(at, 8)
      default:
        return this.#sized(at, token)
    }
  }

  /** What has a length in one, two or four bytes of its own, and extensions. */
  #sized(at: number, token: number): number {
    if (token >= 0xd4 && token <= 0xd8) return this.#fixedExtension(at, token)
    if (token >= 0xd9 && token <= 0xdb) {
      const width = 1 << (token - 0xd9)
      return this.#skip(at + width, this.#length(at, width))
    }
    if (token === 0xdc || token === 0xdd) {
      const width = token === 0xdc ? 2 : 4
      return this.#open(at + width, { items: this.#length(at, width), map: false })
    }
    if (token === 0xde || token === 0xdf) {
      const width = token === 0xde ? 2 : 4
      return this.#open(at + width, { items: this.#length(at, width) * 2, map: true })
    }
    if (token < 0xc7 || token > 0xc9) return this.#fail(at - 1, `${hex(token)} starts no value`)
    return this.#extension(at, 1 << (token - 0xc7))
  }

  #fixedExtension(at: number, token: number): number {
    const type = this.#bytes[at] ?? 0
    const expected = token === 0xd4 ? PREFIXED.get(type) : undefined
    if (expected === undefined) return this.#payload(at + 1, { type, length: 1 << (token - 0xd4) })
    // The value that follows stands for the extension: it takes its place and its depth.
    this.#expected = expected
    this.#left[this.#depth] = (this.#left[this.#depth] ?? 0) + 1
    return at + 2
  }

  #extension(at: number, width: number): number {
    const length = this.#length(at, width)
    const type = this.#bytes[at + width] ?? 0
    const start = at + width + 1
    if (type !== NATIVE.typedArray) return this.#payload(start, { type, length })
    const elementBytes = length > 0 ? elementBytesOf(this.#bytes[start] ?? 0xff) : undefined
    if (elementBytes === undefined || (length - 1) % elementBytes !== 0) {
      return this.#fail(start, 'a typed array has an unknown kind or a broken length')
    }
    return this.#skip(start, length)
  }

  #payload(at: number, { type, length }: { type: number; length: number }): number {
    const sound =
      (type === TAG.undefined && length === 1) ||
      (type === NATIVE.timestamp && TIMESTAMP_BYTES.has(length)) ||
      (type === NATIVE.bigInt && length > 0)
    if (!sound) return this.#fail(at, `extension ${type} with ${length} bytes is unknown`)
    return this.#skip(at, length)
  }

  #open(at: number, { items, map }: { items: number; map: boolean }): number {
    // Every item takes a byte at least, so a length beyond the end is a lie.
    if (items > this.#bytes.length - at) return this.#fail(at, 'a length points past the end')
    const { depthMax, valuesMax } = this.#limits
    if (this.#depth >= depthMax) {
      const reason = `values are nested deeper than ${depthMax} levels`
      return this.#fail(at, reason, 'payload_too_deep')
    }
    this.#values += items
    if (this.#values > valuesMax) {
      return this.#fail(at, `there are more than ${valuesMax} values`, 'payload_too_large')
    }
    this.#depth += 1
    this.#left[this.#depth] = items
    this.#maps[this.#depth] = map ? 1 : 0
    return at
  }

  #skip(at: number, length: number): number {
    const end = at + length
    return end > this.#bytes.length ? this.#fail(at, 'a length points past the end') : end
  }

  /** Past the end there are zeros; the check of the length that follows finds the end. */
  #length(at: number, width: number): number {
    let length = 0
    for (let i = at; i < at + width; i += 1) length = length * 256 + (this.#bytes[i] ?? 0)
    return length
  }

  #meets(token: number): boolean {
    const met = fits(token, this.#expected)
    this.#expected = 'any'
    return met
  }

  #fail(offset: number, reason: string, code: ScanFault['code'] = 'decode_failed'): number {
    this.#fault = { code, offset, reason }
    return STOP
  }
}

const TIMESTAMP_BYTES = new Set([1, 4, 8, 12])

function fits(token: number, expected: Expected): boolean {
  switch (expected) {
    case 'nil':
      return token === 0xc0
    case 'array':
      return (token >= 0x90 && token < 0xa0) || token === 0xdc || token === 0xdd
    case 'map':
      return (token >= 0x80 && token < 0x90) || token === 0xde || token === 0xdf
    case 'bytes':
      return token >= 0xc7 && token <= 0xc9
    case 'any':
      return true
  }
}

function hex(token: number): string {
  return `0x${token.toString(16).padStart(2, '0')}`
}
