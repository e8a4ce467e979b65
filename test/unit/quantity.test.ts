/**
 * Quantities: durations, sizes and rates as people write them.
 */
import { expect, test } from 'vitest'

import {
  parseDurationMs,
  parseRateBitsPerSecond,
  parseSizeBytes,
} from '../../protocols/quantity.ts'

test.for<[string | number, number | undefined]>([
  ['10s', 10_000],
  ['5 min', 300_000],
  ['1.5s', 1_500],
  ['250ms', 250],
  ['1h', 3_600_000],
  ['7d', 604_800_000],
  ['300', 300_000],
  [30, 30_000],
  [0.5, 500],
  ['0', 0],
  ['', undefined],
  ['s', undefined],
  ['-1s', undefined],
  [-1, undefined],
  ['1e3', undefined],
  ['ten', undefined],
  ['10 parsecs', undefined],
  ['constructor', undefined],
  ['1 constructor', undefined],
  [Number.NaN, undefined],
  [Infinity, undefined],
  ['99999999999999999d', undefined],
])('R163, R165: the duration %s is %s ms', ([text, expected]) => {
  expect(parseDurationMs(text)).toBe(expected)
})

test.for<[string | number, number | undefined]>([
  ['64MB', 64_000_000],
  ['64 MiB', 67_108_864],
  ['1gb', 1_000_000_000],
  ['512', 512],
  [1.4, 1],
  ['5 kbit/s', undefined],
])('the size %s is %s bytes', ([text, expected]) => {
  expect(parseSizeBytes(text)).toBe(expected)
})

test('the rate 5 kbit/s is 5000 bits a second', () => {
  expect(parseRateBitsPerSecond('5 kbit/s')).toBe(5_000)
  expect(parseRateBitsPerSecond('1MB')).toBeUndefined()
})
