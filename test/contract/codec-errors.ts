/**
 * Codec contract, errors: identity, causes, and what cannot cross.
 */
import assert from 'node:assert/strict'

import { expect, test } from 'vitest'

import { EdgeError } from '../../src/kernel/errors.ts'
import type { OpenCodec } from './codec-samples.ts'

class QuotaError extends Error {
  override readonly name = 'QuotaError'
  readonly left = 3
}

const quota = { name: 'QuotaError', create: (message: string) => new QuotaError(message) }

export function codecErrorContract(open: OpenCodec): void {
  const roundTrip = (error: Error): Error => {
    const codec = open()
    return codec.decode(codec.encode(error)) as Error
  }

  test('AK-17, JS-11: name, message, code, detail and the chain of causes survive', () => {
    const root = new TypeError('no route')
    const error = new EdgeError('node_unreachable', 'node edge-7 is gone', {
      cause: new Error('dial failed', { cause: root }),
      detail: { node: 'edge-7', tries: 3 },
    })
    const arrived = roundTrip(error)
    assert.ok(arrived instanceof EdgeError)
    expect(arrived).toMatchObject({
      name: 'NodeUnreachable',
      code: 'node_unreachable',
      message: 'node edge-7 is gone',
      detail: { node: 'edge-7', tries: 3 },
    })
    const cause = arrived.cause as Error
    expect(cause.message).toBe('dial failed')
    expect(cause.cause).toBeInstanceOf(TypeError)
    expect((cause.cause as Error).message).toBe('no route')
  })

  test.for([Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError])(
    'AK-17: %s keeps its class and stays an Error that prints itself',
    (Class) => {
      const arrived = roundTrip(new Class('why'))
      expect(arrived).toBeInstanceOf(Class)
      expect(Object.keys(arrived)).toEqual([])
      expect(String(arrived)).toBe(`${Class.name}: why`)
    },
  )

  test('JS-11: an AggregateError keeps its errors', () => {
    const arrived = roundTrip(new AggregateError([new RangeError('a'), 'b'], 'both'))
    assert.ok(arrived instanceof AggregateError)
    expect(arrived.message).toBe('both')
    expect(arrived.errors[0]).toBeInstanceOf(RangeError)
    expect(arrived.errors[1]).toBe('b')
  })

  test('JS-11: a DOMException keeps its name and code', () => {
    const arrived = roundTrip(new DOMException('stop', 'AbortError'))
    assert.ok(arrived instanceof DOMException)
    expect([arrived.name, arrived.message, arrived.code]).toEqual(['AbortError', 'stop', 20])
  })

  test('AK-17: a registered class is the same class again', () => {
    const codec = open({ errors: [quota] })
    const arrived = codec.decode(codec.encode(new QuotaError('full')))
    expect(arrived).toBeInstanceOf(QuotaError)
    expect(arrived).toMatchObject({ message: 'full', left: 3 })
  })

  test('AK-17: an unregistered class arrives as a RemoteError with its name, also twice on', () => {
    const once = roundTrip(new QuotaError('full'))
    const twice = roundTrip(once)
    for (const arrived of [once, twice]) {
      expect(arrived.constructor.name).toBe('RemoteError')
      expect(arrived).toMatchObject({ name: 'QuotaError', message: 'full', left: 3 })
    }
    const codec = open({ errors: [quota] })
    expect(codec.decode(open().encode(once))).toBeInstanceOf(Error)
    expect(codec.decode(open().encode(once))).toBeInstanceOf(QuotaError)
  })

  test('an error with fields that cannot cross still says what went wrong', () => {
    const error = Object.assign(new Error('broken'), { run: () => 1, code: 'E_X', tags: ['a'] })
    error.cause = new Map([[1, () => 2]])
    expect(roundTrip(error)).toMatchObject({
      message: 'broken',
      code: 'E_X',
      tags: ['a'],
      run: '[function: payload_not_cloneable]',
      cause: '[Map: payload_not_cloneable]',
    })
  })

  test('an error that is its own cause crosses with the chain cut', () => {
    const error = new Error('loop')
    error.cause = error
    let link: unknown = roundTrip(error)
    let links = 0
    for (; link instanceof Error; links += 1) link = link.cause
    expect(links).toBeGreaterThan(1)
    expect(link).toBe('[Error: payload_too_deep]')
  })

  test('stacks and prototypes do not cross', () => {
    const codec = open()
    const error = Object.assign(new Error('x'), JSON.parse('{"stack":"at secret.ts"}'))
    const bytes = Buffer.from(codec.encode(error))
    expect(bytes.includes('secret.ts')).toBe(false)
    expect(bytes.includes('codec-errors')).toBe(false)
  })
}
