/**
 * Rate: how much of it a token bucket has left, given when it was last used.
 *
 * A plain value and one function, so that one bucket per peer, origin or channel costs two
 * numbers and no timer.
 */

export interface TokenBucket {
  tokens: number
  atMs: number
}

export interface TokenRate {
  readonly perSecond: number
  readonly burst: number
}

export function fullBucket(rate: TokenRate, nowMs: number): TokenBucket {
  return { tokens: rate.burst, atMs: nowMs }
}

/** Take `count` tokens if they are there. */
export function takeTokens(
  bucket: TokenBucket,
  rate: TokenRate,
  nowMs: number,
  count = 1,
): boolean {
  refill(bucket, rate, nowMs)
  if (bucket.tokens < count) return false
  bucket.tokens -= count
  return true
}

/** Take `count` tokens in any case; answers after how long the debt is paid, 0 without one. */
export function borrowTokens(
  bucket: TokenBucket,
  rate: TokenRate,
  nowMs: number,
  count: number,
): number {
  refill(bucket, rate, nowMs)
  bucket.tokens -= count
  return bucket.tokens >= 0 ? 0 : Math.ceil((-bucket.tokens / rate.perSecond) * 1000)
}

function refill(bucket: TokenBucket, rate: TokenRate, nowMs: number): void {
  const passedMs = Math.max(0, nowMs - bucket.atMs)
  bucket.tokens = Math.min(rate.burst, bucket.tokens + (passedMs / 1000) * rate.perSecond)
  bucket.atMs = nowMs
}
