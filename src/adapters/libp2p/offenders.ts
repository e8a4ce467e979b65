/**
 * Offenders: who broke rules, and until when they are refused.
 *
 * Three strikes send a peer away for a minute, the next time for two, and so on; a peer that
 * stays clean for as long as its last ban lasted is forgiven.
 */
import { netBanMs, netBanMsMax, netStrikesMax } from '../../../protocols/limits.ts'
import type { PeerId } from '../../ports/net.ts'
import type { NetCounters } from '../../../protocols/net-counters.ts'

interface Offender {
  strikes: number
  bans: number
  bannedUntilMs: number
}

/** Strangers make up identities; the least recent one is forgotten first. */
const offendersMax = 4_096

export class Offenders {
  readonly #counters: NetCounters
  readonly #offenders = new Map<PeerId, Offender>()

  constructor(counters: NetCounters) {
    this.#counters = counters
  }

  banned(peerId: PeerId): boolean {
    return (this.#offenders.get(peerId)?.bannedUntilMs ?? 0) > performance.now()
  }

  /** Count a violation; true when the peer is to be sent away now. */
  strike(peerId: PeerId): boolean {
    this.#counters.strikes += 1
    const offender = this.#offenderOf(peerId)
    offender.strikes += 1
    if (offender.strikes < netStrikesMax) return false
    this.ban(peerId)
    return true
  }

  ban(peerId: PeerId): void {
    const offender = this.#offenderOf(peerId)
    const forMs = Math.min(netBanMsMax, netBanMs * 2 ** offender.bans)
    offender.strikes = 0
    offender.bans += 1
    offender.bannedUntilMs = performance.now() + forMs
    this.#counters.bans += 1
  }

  #offenderOf(peerId: PeerId): Offender {
    const nowMs = performance.now()
    const known = this.#offenders.get(peerId)
    const lastBanMs = known === undefined ? 0 : netBanMs * 2 ** Math.max(0, known.bans - 1)
    const forgiven = known !== undefined && nowMs > known.bannedUntilMs + lastBanMs
    const offender =
      known === undefined || (known.bans > 0 && forgiven)
        ? { strikes: 0, bans: 0, bannedUntilMs: 0 }
        : known
    this.#offenders.delete(peerId)
    this.#offenders.set(peerId, offender)
    if (this.#offenders.size > offendersMax) {
      this.#offenders.delete(this.#offenders.keys().next().value ?? '')
    }
    return offender
  }
}
