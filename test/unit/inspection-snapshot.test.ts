/**
 * InspectionSnapshot: copies to look at, digests to compare and shapes that tell no content.
 */
import { describe, expect, test } from 'vitest'
import {
  actor,
  digestOf,
  protocol,
  shapeOf,
  shownAs,
  snapshotOf,
  tell,
} from '../../src/kernel/index.ts'
import { testSystem } from '../../src/testing/index.ts'

class Account {
  readonly owner: string
  readonly #pin = 1234

  constructor(owner: string) {
    this.owner = owner
  }

  get pin(): number {
    return this.#pin
  }
}

class Vault {
  [shownAs](): object {
    return { sealed: true }
  }

  readonly secret = 'do not show'
}

const circular: Record<string, unknown> = { name: 'loop' }
circular['self'] = circular
const shared = { n: 1 }

describe('OB-1: snapshots', () => {
  test.for([
    { what: 'plain data', value: { a: [1, 'x', null, undefined, 2n] }, copy: undefined },
    { what: 'a Map and a Set', value: new Map([['k', new Set([1, 2])]]), copy: undefined },
    { what: 'a Date', value: new Date(5), copy: undefined },
    { what: 'NaN', value: Number.NaN, copy: undefined },
    {
      what: 'an instance',
      value: new Account('ann'),
      copy: { $class: 'Account', owner: 'ann' },
    },
    { what: 'an object that shows itself', value: new Vault(), copy: { sealed: true } },
    { what: 'a loop', value: circular, copy: { name: 'loop', self: '[circular]' } },
    { what: 'twice the same', value: [shared, shared], copy: [{ n: 1 }, { n: 1 }] },
    { what: 'a function', value: { f: Math.max }, copy: { f: '[function max]' } },
    { what: 'a promise', value: Promise.resolve(1), copy: '[Promise]' },
    { what: 'bytes', value: new Uint8Array(3), copy: '[Uint8Array(3)]' },
    {
      what: 'an error',
      value: new TypeError('no'),
      copy: { name: 'TypeError', message: 'no' },
    },
    { what: 'no prototype', value: Object.create(null) as object, copy: {} },
  ])('OB-1: $what', ({ value, copy }) => {
    expect(snapshotOf(value)).toEqual(copy ?? value)
  })

  test('OB-1: no getter runs, not even one of the state itself', () => {
    const calls: string[] = []
    const value = {
      get costly() {
        calls.push('called')
        return 1
      },
    }
    expect(snapshotOf(value)).toEqual({ costly: '[getter]' })
    expect(calls).toEqual([])
  })

  test('OB-1: what is too deep, too long or too much is named, not copied', () => {
    let deep: unknown = 'bottom'
    for (let i = 0; i < 1_000; i++) deep = { deep }
    expect(JSON.stringify(snapshotOf(deep)).length).toBeLessThan(200)
    expect((snapshotOf(Array.from({ length: 5_000 }, () => 1)) as unknown[]).at(-1)).toBe(
      '[4000 more]',
    )
    expect(snapshotOf('x'.repeat(10_000))).toMatch(/… \(10000\)$/)
    const wide = Array.from({ length: 900 }, () => Array.from({ length: 900 }, () => ({ n: 1 })))
    expect(JSON.stringify(snapshotOf(wide)).length).toBeLessThan(200_000)
  })

  test('OB-1: a ref is shown by its address and nothing is sent to it', async () => {
    const kit = await testSystem({ seed: 1 })
    const Silent = protocol('test.silent/1', { any: tell() })
    const ref = kit.spawn(actor(Silent, { state: () => null, on: { any: () => {} } }), undefined, {
      name: 'silent',
    })
    expect(snapshotOf({ ref })).toEqual({ ref: String(ref) })
    await kit.stop()
  })

  test('OB-1: a key named __proto__ is a key like others (JS-12)', () => {
    const copy = snapshotOf(JSON.parse('{"__proto__":{"admin":true}}')) as object
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype)
    expect(Object.keys(copy)).toEqual(['__proto__'])
  })
})

describe('OB-3: digests and shapes', () => {
  test.for([
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    [new Set([1, 2]), new Set([2, 1])],
    [new Map([[1, 'a']]), new Map([[1, 'a']])],
  ])('OB-3: %o and %o have one digest', ([one, two]) => {
    expect(digestOf(one)).toBe(digestOf(two))
    expect(digestOf(one)).toMatch(/^[0-9a-f]{16}$/)
  })

  test.for([
    [{ a: 1 }, { a: 2 }],
    [{ a: 1 }, { a: '1' }],
    [
      [1, 2],
      [2, 1],
    ],
    [0, -0],
    [1, 1n],
    [null, undefined],
    [new Map(), new Set()],
  ])('OB-3: %o and %o have different digests', ([one, two]) => {
    expect(digestOf(one)).not.toBe(digestOf(two))
  })

  test('OB-3: a shape tells names and kinds, and nothing of the content', () => {
    const payload = { user: 'alice', pin: 1234, tags: ['a'], body: new Uint8Array(9), gone: null }
    const shape = shapeOf(payload)
    expect(shape).toEqual({
      user: 'string(5)',
      pin: 'number',
      tags: 'array(1)',
      body: 'Uint8Array(9)',
      gone: 'null',
    })
    expect(JSON.stringify(shape)).not.toMatch(/alice|1234/)
    expect(shapeOf('secret')).toBe('string(6)')
    expect(shapeOf(undefined)).toBe('undefined')
    const wide = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, i]))
    expect(shapeOf(wide)).toMatchObject({ '…': '68 more' })
  })
})
