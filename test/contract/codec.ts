/**
 * Codec contract: carry a value exactly, or refuse it with a code.
 *
 * Run against each adapter; random parts print their seed and path on failure.
 */
import assert from 'node:assert/strict'

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { codecErrorContract } from './codec-errors.ts'
import { hostileBytesContract } from './codec-hostile.ts'
import { attempt, carriedValue, refusalOf } from './codec-samples.ts'
import type { OpenCodec } from './codec-samples.ts'

export function codecContract(name: string, open: OpenCodec): void {
  describe(`${name} carries values`, () => {
    carriesValues(open)
  })
  describe(`${name} refuses at the sender`, () => {
    refusesAtTheSender(open)
  })
  describe(`${name} carries errors`, () => {
    codecErrorContract(open)
  })
  describe(`${name} meets hostile bytes`, () => {
    hostileBytesContract(open)
  })
}

function carriesValues(open: OpenCodec): void {
  test('JS-13: any nesting of plain data, Map, Set, Date, bigint and bytes round-trips', () => {
    const codec = open()
    fc.assert(
      fc.property(carriedValue, (value) => {
        assert.deepStrictEqual(codec.decode(codec.encode(value)), value)
      }),
      { numRuns: 1_000 },
    )
  })

  test.for<[string, unknown]>([
    ['-0', -0],
    ['NaN', Number.NaN],
    ['undefined', undefined],
    ['a field that is undefined', { a: undefined, b: [undefined] }],
    ['a bigint of 64 bits', -(2n ** 63n)],
    ['a bigint beyond 64 bits', 2n ** 64n + 1n],
    ['an invalid Date', new Date(Number.NaN)],
    ['a Date before 1970', new Date(-1)],
    ['the last Date', new Date(8.64e15)],
    ['text with a lone surrogate', `a${String.fromCharCode(0xd800)}b`],
    ['long text after a byte order mark', `\u{feff}${'x'.repeat(200)}`],
    ['text beyond the first plane', '😀'.repeat(100)],
    [
      'a Map with keys of every kind',
      new Map<unknown, unknown>([
        [{ a: 1 }, [1]],
        ['__proto__', 2],
      ]),
    ],
    ['a Set in a Map in an array', [new Map([[new Set([1]), new Set()]])]],
    ['an ArrayBuffer', new Uint8Array([1, 2, 3]).buffer],
    ['a DataView', new DataView(new Uint8Array([1, 2, 3]).buffer, 1)],
    ['a view of a part of its buffer', new Uint8Array([1, 2, 3, 4]).subarray(1, 3)],
    ['floats at an odd place', { a: 'b', f: new Float32Array([1.5, -0]) }],
    ['the fields of Object', { constructor: 1, toString: null, hasOwnProperty: 2, toJSON: 3 }],
  ])('JS-13: %s arrives as it left', ([, value]) => {
    const codec = open()
    const arrived = codec.decode(codec.encode(value))
    assert.deepStrictEqual(arrived, value)
  })

  test('JS-13: every kind of typed array keeps its kind and its elements', () => {
    const codec = open()
    const kinds = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array]
    for (const Kind of [...kinds, Uint32Array, Float32Array, Float64Array]) {
      const arrived = codec.decode(codec.encode(new Kind([1, 2, 250])))
      assert.deepStrictEqual(arrived, new Kind([1, 2, 250]))
    }
    for (const Kind of [BigInt64Array, BigUint64Array]) {
      assert.deepStrictEqual(codec.decode(codec.encode(new Kind([7n]))), new Kind([7n]))
    }
  })

  test('what arrives shares no memory with the bytes', () => {
    const codec = open()
    const bytes = codec.encode({ body: new Uint8Array([1, 2, 3]), text: 'abc' }).slice()
    const arrived = codec.decode(bytes)
    bytes.fill(0)
    expect(arrived).toEqual({ body: new Uint8Array([1, 2, 3]), text: 'abc' })
  })

  test('an earlier body is not written over by later ones, small or large', () => {
    const codec = open()
    const first = codec.encode({ n: 'first' })
    const large = codec.encode(new Uint8Array(200_000).fill(1))
    for (let i = 0; i < 1_000; i += 1) codec.encode({ n: i, pad: 'x'.repeat(i) })
    codec.encode(new Uint8Array(3_000_000).fill(2))
    expect(codec.decode(first)).toEqual({ n: 'first' })
    expect(codec.decode(large)).toEqual(new Uint8Array(200_000).fill(1))
  })

  test('an actor ref crosses as its data and comes to life anew, at any depth', () => {
    const codec = open({ refs })
    const sent = { to: new Ref('/user/a'), all: new Set([new Ref('/user/b')]) }
    const arrived = codec.decode(codec.encode(sent))
    assert.deepStrictEqual(arrived, sent)
    assert.deepStrictEqual(codec.decode(codec.encode(new Ref('/x'))), new Ref('/x'))
  })

  test('a ref that nobody can read is refused with decode_failed', () => {
    const bytes = open({ refs }).encode(new Ref('/user/a'))
    expect(() => open().decode(bytes)).toThrow(expect.objectContaining({ code: 'decode_failed' }))
  })
}

class Ref {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }
}

const refs = {
  isRef: (value: object) => value instanceof Ref,
  dehydrate: (ref: object) => ({ path: (ref as Ref).path }),
  hydrate: (data: unknown) => new Ref((data as { path: string }).path),
}

function refusesAtTheSender(open: OpenCodec): void {
  class Socket {
    readonly fd = 3
  }
  class Special extends Map {}
  const transferred = new Uint8Array(4)
  structuredClone(transferred, { transfer: [transferred.buffer] })
  const sparse: unknown[] = [1]
  sparse[2] = 3

  test.for<[string, unknown, string]>([
    ['a function', { items: [0, { run: () => 1 }] }, 'payload.items[1].run is a function'],
    ['a symbol', [Symbol('s')], 'payload[0] is a symbol'],
    ['an instance of a class', { socket: new Socket() }, 'payload.socket is Socket'],
    ['a subclass of Map', new Special(), 'payload is Special'],
    ['a Promise', { later: Promise.resolve() }, 'payload.later is Promise'],
    ['a RegExp', /x/, 'payload is RegExp'],
    ['a hole', sparse, 'payload[1] is a hole'],
    ['a transferred array', { body: transferred }, 'payload.body is a Uint8Array'],
    ['a field named __proto__', JSON.parse('{"__proto__":1}'), 'payload.__proto__ is a field'],
  ])('RM-4, JS-13: %s is refused by place and type', ([, value, message]) => {
    const refusal = refusalOf(() => open().encode(value))
    expect(refusal.code).toBe('payload_not_cloneable')
    expect(refusal.message).toContain(message)
  })

  test('RM-4: the refusal names the message that was being sent', () => {
    const refusal = refusalOf(() => open().encode({ by: () => 1 }, 'counter.add'))
    expect(refusal.message).toContain('counter.add.by')
  })

  test('RM-4: a body over the limit is refused with its size', () => {
    const codec = open({ limits: { bytesMax: 1_000 } })
    expect(codec.encode('x'.repeat(990))).toHaveLength(993)
    const refusal = refusalOf(() => codec.encode('é'.repeat(600), 'blob.put'))
    expect(refusal.code).toBe('payload_too_large')
    expect(refusal.message).toContain('blob.put has 1203 bytes and the limit is 1000 bytes')
    expect(refusalOf(() => codec.encode(new Uint8Array(2_000))).code).toBe('payload_too_large')
  })

  test('too many values are refused, also when the same array is repeated', () => {
    const codec = open({ limits: { valuesMax: 1_000 } })
    expect(refusalOf(() => codec.encode(Array(1_001).fill(0))).code).toBe('payload_too_large')
    let bomb: unknown[] = [1]
    for (let i = 0; i < 40; i += 1) bomb = [bomb, bomb]
    expect(refusalOf(() => codec.encode(bomb)).code).toBe('payload_too_large')
  })

  test('a cycle and a deep nest are refused as too deep', () => {
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    expect(refusalOf(() => open().encode(cycle)).code).toBe('payload_too_deep')
    const codec = open({ limits: { depthMax: 3 } })
    expect(codec.decode(codec.encode([[[1]]]))).toEqual([[[1]]])
    expect(refusalOf(() => codec.encode([[[[1]]]])).code).toBe('payload_too_deep')
  })

  test('what the sender may send within its limits, the receiver may read', () => {
    const codec = open({ limits: { valuesMax: 60, depthMax: 4 } })
    fc.assert(
      fc.property(carriedValue, (value) => {
        const bytes = attempt(() => codec.encode(value))
        if (bytes instanceof Uint8Array) assert.deepStrictEqual(codec.decode(bytes), value)
      }),
      { numRuns: 500 },
    )
  })
}
