/**
 * WorkersPayloadTest: what crosses a thread arrives as it was, or is refused by its path.
 */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { knownErrors, RemoteError } from '../../workers/thread/error-form.ts'
import { Packer } from '../../workers/thread/payload.ts'
import { unpack } from '../../workers/thread/revival.ts'
import type { Movable } from '../../workers/thread/transfer.ts'

const limits = { depthMax: 32, valuesMax: 1_000, bytesMax: 10_000 }
const packer = new Packer(limits, null)

function cross(value: unknown, transfer: readonly Movable[] = [], errors = knownErrors()): unknown {
  const parcel = packer.pack(value, 'payload', transfer)
  const sent: unknown = structuredClone(parcel.value, { transfer: parcel.transfer as never })
  return parcel.carried ? unpack(sent, { errors, refOf: (form) => form }) : sent
}

test('JS-13: any plain value arrives as it was, and the one sent is not touched', () => {
  const key = fc.oneof(fc.string(), fc.constant('$shoal'), fc.constant('constructor'))
  const { value: any } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(undefined, null, true, NaN, -0, Infinity),
      fc.string(),
      fc.bigInt(),
      fc.date(),
      fc.uint8Array(),
      fc.float64Array(),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
      fc.array(fc.tuple(fc.string(), tie('value')), { maxLength: 3 }).map((e) => new Map(e)),
      fc.array(tie('value'), { maxLength: 3 }).map((items) => new Set(items)),
    ),
  }))
  fc.assert(
    fc.property(any, (value) => {
      const before = structuredClone(value)
      expect(cross(value)).toEqual(value)
      expect(value).toEqual(before)
    }),
    { numRuns: 300 },
  )
})

test('JS-12: dangerous keys do no harm and do not get lost', () => {
  const value: unknown = JSON.parse('{"constructor":1,"$shoal":"ref","data":{"$shoal":"error"}}')
  expect(cross(value)).toEqual(value)
  const polluting: unknown = JSON.parse('{"__proto__":{"polluted":true},"$shoal":1}')
  cross(polluting)
  expect(Reflect.get({}, 'polluted')).toBeUndefined()
})

test('AK-17, JS-11: errors arrive with class, code, fields, causes and what they gather', () => {
  class Known extends Error {
    override readonly name = 'Known'
  }
  class Foreign extends TypeError {
    readonly extra = { list: [1] }
    readonly call = (): void => {}
  }
  const known = knownErrors([{ name: 'Known', create: (message) => new Known(message) }])
  const error = new Known('outer', { cause: new Foreign('inner', { cause: { plain: 1 } }) })
  const back = cross({ error }, [], known) as { error: Error }
  expect(back.error).toBeInstanceOf(Known)
  expect(back.error.stack).toBe(error.stack)
  const inner = back.error.cause as RemoteError & { extra: unknown; call: unknown }
  expect(inner).toBeInstanceOf(RemoteError)
  expect(inner).toMatchObject({ remoteClass: 'Foreign', message: 'inner', cause: { plain: 1 } })
  expect(inner.extra).toEqual({ list: [1] })
  expect(inner.call).toBe('[function: payload_not_cloneable]')
  const aborted = cross(new DOMException('gone', 'AbortError'))
  expect(aborted).toBeInstanceOf(DOMException)
  expect(aborted).toMatchObject({ name: 'AbortError', message: 'gone' })
  const gathered = cross(new AggregateError([new RangeError('a')], 'many')) as AggregateError
  expect(gathered.errors[0]).toBeInstanceOf(RangeError)
})

test('an error that contains itself arrives, cut where it begins anew', () => {
  const error = new Error('round')
  error.cause = error
  expect(cross(error)).toMatchObject({ message: 'round', cause: { message: 'round' } })
})

class Account {
  readonly balance = 0
}

test.for([
  ['a function', { a: () => 1 }, 'payload.a'],
  ['a symbol', [1, Symbol('x')], 'payload[1]'],
  ['a class', { a: [{ b: new Account() }] }, 'payload.a[0].b'],
  ['a promise', new Map([['k', Promise.resolve()]]), 'payload[0][1]'],
  ['a weak map', new Set([new WeakMap()]), 'payload[0]'],
  ['a subclass of a map', { m: new (class Sub extends Map {})() }, 'payload.m'],
] as const)('BI-1: %s is refused by its place', ([, value, place]) => {
  expect(() => packer.pack(value, 'payload')).toThrow(
    expect.objectContaining({
      code: 'payload_not_cloneable',
      detail: expect.objectContaining({ place }),
    }),
  )
})

test('BI-1: too deep, too many, too large: each has its code', () => {
  const deep = Array.from({ length: 40 }).reduce<unknown>((inner) => [inner], 1)
  const refused = (value: unknown): unknown => {
    try {
      return packer.pack(value, 'payload')
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  expect(refused(deep)).toBe('payload_too_deep')
  expect(refused(Array.from({ length: 2_000 }, () => []))).toBe('payload_too_large')
  expect(refused('x'.repeat(20_000))).toBe('payload_too_large')
  expect(refused(new Uint8Array(20_000))).toBe('payload_too_large')
  expect(refused([1])).toMatchObject({ carried: false })
})

test('JS-8: views of a moved buffer move with it, the old ones are empty', () => {
  const buffer = new ArrayBuffer(16)
  const value = { bytes: new Uint8Array(buffer, 4, 8), words: new Uint32Array(buffer), other: [1] }
  value.bytes.fill(1)
  const back = cross(value, [buffer]) as typeof value
  expect(buffer.detached).toBe(true)
  expect(value.bytes.length).toBe(0)
  expect(back.bytes).toEqual(new Uint8Array(8).fill(1))
  expect(back.bytes.buffer).toBe(back.words.buffer)
  expect(back.words.length).toBe(4)
})

test('JS-8: a refused payload loses no buffer', () => {
  const buffer = new ArrayBuffer(8)
  expect(() => packer.pack({ buffer, call: () => 1 }, 'payload', [buffer])).toThrow(/function/)
  expect(buffer.byteLength).toBe(8)
  expect(() => packer.pack(Buffer.from('pooled'), 'x', [Buffer.from('pooled').buffer])).toThrow(
    /pool/,
  )
})

test('a small view does not take the slab behind it along', () => {
  const view = new Uint8Array(1_000_000).subarray(5, 9)
  expect((cross(view) as Uint8Array).buffer.byteLength).toBe(4)
  const text = cross(Buffer.from('abc')) as Uint8Array
  expect(text).toEqual(new Uint8Array([97, 98, 99]))
  expect(text.buffer.byteLength).toBe(3)
})

test('shared memory is shared', () => {
  const words = new Int32Array(new SharedArrayBuffer(4))
  const back = cross({ words }) as { words: Int32Array }
  back.words[0] = 7
  expect(words[0]).toBe(7)
})
