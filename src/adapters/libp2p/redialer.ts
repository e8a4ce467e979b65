/**
 * Redialer: stays connected to the peers that a node wants, for as long as it wants them.
 *
 * libp2p gives up after half a minute; a node at the edge may be away for a day. Pauses grow to a
 * minute and are spread by chance, the number of dials per second is bounded, and the peer with
 * the higher id waits a moment so that two nodes rarely dial each other at once.
 */
import {
  dialsPendingFirst,
  dialsPendingMax,
  dialsPerSecond,
  dialYieldMs,
  dialYieldMsMax,
  redialMsMax,
  redialMsMin,
} from '../../../protocols/limits.ts'
import { dialsAtOnce, redialPauseMs, yieldMs } from '../../../protocols/meeting.ts'
import { fullBucket, takeTokens } from '../../../protocols/rate.ts'
import type { DialTarget, PeerId } from '../../ports/net.ts'

export interface RedialerInit {
  readonly self: PeerId
  /** Rejects when the peer is not up afterwards. */
  readonly dial: (target: DialTarget) => Promise<{ readonly peerId: PeerId }>
  readonly up: (peerId: PeerId) => boolean
}

interface Wanted {
  target: DialTarget
  failures: number
  /** Attempts left; a peer that was merely found is not dialled for ever. */
  attempts: number
  timer: NodeJS.Timeout | undefined
  /** When the present wish began; a dial by the other side is awaited from here on. */
  sinceMs: number
  dialingSinceMs: number | undefined
}

const rule = { msMin: redialMsMin, msMax: redialMsMax }
const pendingRule = { first: dialsPendingFirst, max: dialsPendingMax }
const budget = { perSecond: dialsPerSecond, burst: dialsPerSecond }
/** How long a dial waits when the budget is used up. */
const budgetPauseMs = 100
const foundAttempts = 3
const wantedMax = 4_096

export class Redialer {
  readonly #init: RedialerInit
  readonly #wanted = new Map<string, Wanted>()
  readonly #bucket = fullBucket(budget, performance.now())
  #pending = 0
  /** How long a dial takes these days. */
  #dialMs = 0
  #stopped = false

  constructor(init: RedialerInit) {
    this.#init = init
  }

  keep(target: DialTarget): void {
    this.#want(target, Number.POSITIVE_INFINITY)
  }

  /** Somebody seems to be there: try a few times. */
  found(target: DialTarget): void {
    if (!this.#wanted.has(keyOf(target))) this.#want(target, foundAttempts)
  }

  release(peerId: PeerId): void {
    for (const [key, wanted] of this.#wanted) {
      if (wanted.target.peerId !== peerId) continue
      clearTimeout(wanted.timer)
      this.#wanted.delete(key)
    }
  }

  /** A connection is gone: begin again. */
  lost(peerId: PeerId): void {
    for (const wanted of this.#wanted.values()) {
      if (wanted.target.peerId !== peerId || wanted.dialingSinceMs !== undefined) continue
      wanted.failures = 0
      wanted.sinceMs = performance.now()
      this.#later(wanted, redialPauseMs(0, Math.random(), rule) + this.#yieldMs(peerId))
    }
  }

  stop(): void {
    this.#stopped = true
    for (const wanted of this.#wanted.values()) clearTimeout(wanted.timer)
    this.#wanted.clear()
  }

  #want(target: DialTarget, attempts: number): void {
    if (this.#stopped || target.peerId === this.#init.self) return
    const key = keyOf(target)
    const known = this.#wanted.get(key)
    if (known !== undefined) {
      known.target = target
      known.attempts = Math.max(known.attempts, attempts)
      return
    }
    if (this.#wanted.size >= wantedMax) return
    const wanted: Wanted = {
      target,
      failures: 0,
      attempts,
      timer: undefined,
      sinceMs: performance.now(),
      dialingSinceMs: undefined,
    }
    this.#wanted.set(key, wanted)
    this.#later(wanted, this.#yieldMs(target.peerId))
  }

  #yieldMs(peerId: PeerId | undefined): number {
    const first = peerId === undefined || this.#init.self < peerId
    return first ? 0 : Math.round(dialYieldMs * (0.5 + Math.random()))
  }

  /** How much longer the other side, whose id is lower, is left to dial. */
  #patienceMs({ target, failures, sinceMs }: Wanted): number {
    const mine = target.peerId === undefined || this.#init.self < target.peerId
    if (mine || failures > 0) return 0
    return yieldMs(performance.now() - sinceMs, this.#recentDialMs(), dialYieldMsMax)
  }

  /** How long dials took lately, or the one under way has taken already. */
  #recentDialMs(): number {
    const nowMs = performance.now()
    let dialMs = this.#dialMs
    for (const { dialingSinceMs } of this.#wanted.values()) {
      if (dialingSinceMs !== undefined) dialMs = Math.max(dialMs, nowMs - dialingSinceMs)
    }
    return dialMs
  }

  #later(wanted: Wanted, pauseMs: number): void {
    if (this.#stopped) return
    clearTimeout(wanted.timer)
    wanted.timer = setTimeout(() => void this.#dial(wanted), pauseMs)
  }

  async #dial(wanted: Wanted): Promise<void> {
    const { target } = wanted
    if (target.peerId !== undefined && this.#init.up(target.peerId)) return
    const restMs = this.#patienceMs(wanted)
    if (restMs > 0) {
      this.#later(wanted, restMs)
      return
    }
    const room = this.#pending < dialsAtOnce(this.#recentDialMs(), pendingRule)
    if (!room || !takeTokens(this.#bucket, budget, performance.now())) {
      this.#later(wanted, budgetPauseMs * (0.5 + Math.random()))
      return
    }
    const beganAtMs = performance.now()
    wanted.dialingSinceMs = beganAtMs
    this.#pending += 1
    try {
      const { peerId } = await this.#init.dial(target)
      wanted.failures = 0
      // An address without an id has told whose it is; from now on that peer is wanted.
      wanted.target = { peerId, addresses: target.addresses }
    } catch {
      wanted.failures += 1
      wanted.attempts -= 1
    }
    wanted.dialingSinceMs = undefined
    this.#pending -= 1
    this.#dialMs += (performance.now() - beganAtMs - this.#dialMs) / 4
    this.#dialled(wanted)
  }

  #dialled(wanted: Wanted): void {
    const { peerId } = wanted.target
    if (peerId !== undefined && this.#init.up(peerId)) return
    if (wanted.attempts > 0) {
      this.#later(wanted, redialPauseMs(wanted.failures, Math.random(), rule))
    } else this.#wanted.delete(keyOf(wanted.target))
  }
}

function keyOf(target: DialTarget): string {
  return target.peerId ?? target.addresses.join(' ')
}
