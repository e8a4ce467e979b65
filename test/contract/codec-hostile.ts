/**
 * Codec contract, hostile bytes: what no honest peer sends.
 */
import assert from 'node:assert/strict'

import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { attempt, carriedValue, refusalOf } from './codec-samples.ts'
import type { OpenCodec } from './codec-samples.ts'

const CODES = ['decode_failed', 'payload_too_large', 'payload_too_deep', 'payload_not_cloneable']

export function hostileBytesContract(open: OpenCodec): void {
  const codec = open()

  /** Decode and check that the outcome is a value or a coded error, and that no prototype moved. */
  const mustStaySafe = (bytes: Uint8Array): void => {
    const outcome = attempt(() => codec.decode(bytes))
    if (outcome instanceof Error && 'code' in outcome) return
    const polluted = ({} as Record<string, unknown>)['polluted']
    assert.equal(polluted, undefined)
  }
  const decodeMustBeCoded = (bytes: Uint8Array): void => {
    try {
      codec.decode(bytes)
    } catch (thrown) {
      assert.ok(CODES.includes((thrown as { code: string }).code), String(thrown))
    }
    mustStaySafe(bytes)
  }

  test('random bytes give a value or a coded error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => decodeMustBeCoded(bytes)),
      { numRuns: 5_000 },
    )
  })

  test('valid bytes with bytes changed, cut or added give a value or a coded error', () => {
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(carriedValue, edits, fc.integer({ min: -3, max: 3 }), (value, changes, grow) => {
        const bytes = codec.encode(value)
        const changed = new Uint8Array(Math.max(0, bytes.length + grow))
        changed.set(bytes.subarray(0, changed.length))
        for (const [at, byte] of changes)
          if (changed.length > 0) changed[at % changed.length] = byte
        decodeMustBeCoded(changed)
      }),
      { numRuns: 3_000 },
    )
  })

  test('every proper prefix of a body is refused', () => {
    const bytes = codec.encode({ a: [1, 'two', 3n, new Map([[1, 2]])], b: new Float32Array(4) })
    for (let end = 0; end < bytes.length; end += 1) {
      expect(refusalOf(() => codec.decode(bytes.subarray(0, end))).code).toBe('decode_failed')
    }
    expect(refusalOf(() => codec.decode(Buffer.concat([bytes, bytes]))).code).toBe('decode_failed')
  })

  test.for<[string, readonly number[]]>([
    ['array', [0xdd, 0xff, 0xff, 0xff, 0xff]],
    ['map', [0xdf, 0xff, 0xff, 0xff, 0xff]],
    ['text', [0xdb, 0xff, 0xff, 0xff, 0xff, 0x61]],
    ['bytes', [0xc6, 0xff, 0xff, 0xff, 0xff, 0x00]],
    ['extension', [0xc9, 0xff, 0xff, 0xff, 0xff, 0x74, 0x01]],
    ['bigint', [0xc9, 0x7f, 0xff, 0xff, 0xff, 0x42, 0x01]],
    ['field name', [0x81, 0xdb, 0xff, 0xff, 0xff, 0xff, 0x61, 0xc0]],
  ])('a length of 2^32 - 1 for %s allocates nothing and is refused', ([, bytes]) => {
    const before = memoryInUse()
    for (let i = 0; i < 100; i += 1) {
      expect(refusalOf(() => codec.decode(Uint8Array.from(bytes))).code).toBe('decode_failed')
    }
    expect(memoryInUse() - before).toBeLessThan(16 * 1024 * 1024)
  })

  test('decoding four megabytes of bytes or text allocates no more than four times as much', () => {
    const size = 4 * 1024 * 1024
    for (const value of [new Uint8Array(size), 'x'.repeat(size), 'é'.repeat(size / 2)]) {
      const bytes = codec.encode(value)
      globalThis.gc?.()
      const before = memoryInUse()
      const arrived = codec.decode(bytes)
      expect(memoryInUse() - before).toBeLessThan(4 * size)
      expect(arrived).toHaveLength(value.length)
    }
  })

  test('nested lengths that each fit alone are refused together, before they are built', () => {
    const levels = 200
    const bytes = new Uint8Array(levels * 5 + 60_000).fill(0xc0)
    for (let level = 0; level < levels; level += 1) {
      bytes.set([0xdd, 0, 0, 0xea, 0x60], level * 5)
    }
    expect(CODES).toContain(refusalOf(() => codec.decode(bytes)).code)
  })

  test('a megabyte of opened arrays is refused as too deep without touching the stack', () => {
    const bytes = new Uint8Array(1_000_000).fill(0x91)
    expect(refusalOf(() => codec.decode(bytes)).code).toBe('payload_too_deep')
    const maps = new Uint8Array(1_000_000).fill(0x81)
    expect(CODES).toContain(refusalOf(() => codec.decode(maps)).code)
    const tags = Uint8Array.from({ length: 999_999 }, (_, i) => [0xd4, 0x02, 0x00][i % 3] ?? 0)
    expect(refusalOf(() => codec.decode(tags)).code).toBe('decode_failed')
  })

  test('JS-12: a field named __proto__ is refused however its name is written', () => {
    const name = [...Buffer.from('__proto__')]
    const value = [0x81, 0xa8, ...Buffer.from('polluted'), 0x01]
    for (const header of [[0xa9], [0xd9, 9], [0xda, 0, 9], [0xdb, 0, 0, 0, 9]]) {
      const bytes = Uint8Array.from([0x81, ...header, ...name, ...value])
      expect(refusalOf(() => codec.decode(bytes)).message).toContain('__proto__')
      mustStaySafe(bytes)
    }
  })

  test('extension types that the codec does not write are refused', () => {
    for (let type = 0; type < 256; type += 1) {
      if ([0x42, 0x74, 0xff].includes(type)) continue
      const ext8 = Uint8Array.from([0xc7, 3, type, 1, 2, 3])
      expect(refusalOf(() => codec.decode(ext8)).code).toBe('decode_failed')
    }
    const regexp = [0xd4, 0x78, 0x00, 0x92, 0xa1, 0x61, 0xa0]
    const record = [0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 0x01]
    const pointer = [0xd6, 0x70, 0, 0, 0, 1]
    for (const bytes of [regexp, record, pointer, [0xc1]]) {
      expect(refusalOf(() => codec.decode(Uint8Array.from(bytes))).code).toBe('decode_failed')
    }
  })

  test('too many values and too many bytes are refused at the receiver too', () => {
    const generous = open({ limits: { valuesMax: 1_000_000, bytesMax: 100_000_000 } })
    const strict = open({ limits: { valuesMax: 100, bytesMax: 1_000 } })
    const many = generous.encode(Array(200).fill(1))
    expect(refusalOf(() => strict.decode(many)).code).toBe('payload_too_large')
    const large = generous.encode('x'.repeat(2_000))
    expect(refusalOf(() => strict.decode(large)).code).toBe('payload_too_large')
  })
}

function memoryInUse(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
