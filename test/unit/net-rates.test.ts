/**
 * Rates: token buckets, and what an origin may publish.
 */
import { describe, expect, test } from 'vitest'

import { topicOriginsMax } from '../../protocols/limits.ts'
import { topic } from '../../protocols/net.ts'
import { OriginRates } from '../../protocols/origin-rates.ts'
import { borrowTokens, fullBucket, takeTokens } from '../../protocols/rate.ts'

const rate = { perSecond: 10, burst: 20 }

describe('a token bucket', () => {
  test('gives its burst at once, then its rate, and never saves more than its burst', () => {
    const bucket = fullBucket(rate, 0)
    const taken = (nowMs: number): number => {
      let count = 0
      while (takeTokens(bucket, rate, nowMs)) count += 1
      return count
    }
    expect([taken(0), taken(0), taken(99), taken(100), taken(1_100), taken(1e9)]).toEqual([
      20, 0, 0, 1, 10, 20,
    ])
  })

  test('is not refilled by a clock that steps back', () => {
    const bucket = fullBucket(rate, 1_000)
    takeTokens(bucket, rate, 1_000, 20)
    expect(takeTokens(bucket, rate, 0)).toBe(false)
  })

  test('lends at any time and says when the debt is paid', () => {
    const bucket = fullBucket(rate, 0)
    expect(borrowTokens(bucket, rate, 0, 20)).toBe(0)
    expect(borrowTokens(bucket, rate, 0, 5)).toBe(500)
    expect(borrowTokens(bucket, rate, 500, 0)).toBe(0)
  })
})

describe('an origin', () => {
  const quiet = topic('c', 'quiet', { perOriginPerSecond: 5, perOriginAbusePerSecond: 20 })

  test('is heard up to its rate, ignored beyond it, rejected far beyond it', () => {
    const rates = new OriginRates()
    const verdicts = Array.from({ length: 60 }, () => rates.judge(quiet, 'one', 0))
    expect(verdicts.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 'accept'))
    expect(verdicts.slice(10, 40)).toEqual(Array.from({ length: 30 }, () => 'ignore'))
    expect(verdicts.slice(40)).toEqual(Array.from({ length: 20 }, () => 'reject'))
    expect(rates.judge(quiet, 'other', 0)).toBe('accept')
    expect(rates.judge(quiet, 'one', 10_000)).toBe('accept')
  })

  test('is forgotten when too many others came after it', () => {
    const rates = new OriginRates()
    for (let count = 0; count < 11; count += 1) rates.judge(quiet, 'one', 0)
    expect(rates.judge(quiet, 'one', 0)).toBe('ignore')
    for (let index = 0; index < topicOriginsMax; index += 1) rates.judge(quiet, `o${index}`, 0)
    expect(rates.judge(quiet, 'one', 0)).toBe('accept')
  })
})
