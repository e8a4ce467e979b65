/**
 * OriginRates: how fast each origin publishes on a topic, and what is to be done about it.
 *
 * Too fast is ignored, which costs nobody else; far too fast is rejected, which costs the peer
 * that passed it on, because an honest one would have ignored it.
 */
import { topicOriginsMax } from './limits.ts'
import type { Topic } from './net.ts'
import { fullBucket, takeTokens } from './rate.ts'
import type { TokenBucket, TokenRate } from './rate.ts'

interface OriginRate {
  readonly fair: TokenBucket
  readonly abuse: TokenBucket
}

export class OriginRates {
  readonly #rates = new Map<string, OriginRate>()

  /** Count a message of an origin and judge it. */
  judge(topic: Topic, origin: string, nowMs: number): 'accept' | 'ignore' | 'reject' {
    const fair = rateOf(topic.perOriginPerSecond)
    const abuse = rateOf(topic.perOriginAbusePerSecond)
    const key = `${topic.name} ${origin}`
    const rate = this.#rates.get(key) ?? {
      fair: fullBucket(fair, nowMs),
      abuse: fullBucket(abuse, nowMs),
    }
    this.#remember(key, rate)
    if (!takeTokens(rate.abuse, abuse, nowMs)) return 'reject'
    return takeTokens(rate.fair, fair, nowMs) ? 'accept' : 'ignore'
  }

  /** In the order of use, so that the first is the one to forget. */
  #remember(key: string, rate: OriginRate): void {
    this.#rates.delete(key)
    this.#rates.set(key, rate)
    if (this.#rates.size <= topicOriginsMax) return
    const oldest = this.#rates.keys().next()
    if (oldest.done !== true) this.#rates.delete(oldest.value)
  }
}

/** Two seconds' worth may come at once. */
function rateOf(perSecond: number): TokenRate {
  return { perSecond, burst: perSecond * 2 }
}
