/**
 * Codec samples: values that must arrive, and how outcomes are read.
 */
import assert from 'node:assert/strict'

import * as fc from 'fast-check'

import type { Codec, CodecOptions } from '../../src/ports/codec.ts'

export type OpenCodec = (options?: CodecOptions) => Codec

/** Everything that must arrive as it left. */
export const carriedValue = fc.anything({
  key: fc.string({ unit: 'grapheme' }).filter((key) => key !== '__proto__'),
  maxDepth: 4,
  values: [
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.double(),
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.bigInt(),
    fc.bigInt({ min: -(2n ** 300n), max: 2n ** 300n }),
    fc.date({ noInvalidDate: false }),
    fc.constantFrom(null, undefined, -0, Number.NaN, Infinity, -Infinity, 2 ** 53),
    fc.uint8Array(),
    fc.float64Array(),
    fc.int16Array(),
    fc.bigInt64Array(),
  ],
  withMap: true,
  withSet: true,
})

export interface Refusal {
  readonly code: string
  readonly message: string
}

export function refusalOf(run: () => unknown): Refusal {
  const thrown = attempt(run)
  assert.ok(thrown instanceof Error && 'code' in thrown, `no coded error but ${String(thrown)}`)
  return thrown as Error & Refusal
}

/** The result, or what was thrown. */
export function attempt(run: () => unknown): unknown {
  try {
    return run()
  } catch (thrown) {
    return thrown
  }
}
