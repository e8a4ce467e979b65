/**
 * NetKeeper: stays connected to the peers that a net in memory wants, as the real redialler does.
 */
import { dialYieldMs, redialMsMax, redialMsMin } from '../../../protocols/limits.ts'
import { redialPauseMs } from '../../../protocols/meeting.ts'
import type { DialTarget, Peer, PeerId } from '../../ports/net.ts'
import type { MemoryNetwork } from './network.ts'

export interface NetKeeperInit {
  readonly self: PeerId
  readonly network: MemoryNetwork
  readonly dial: (target: DialTarget) => Promise<Peer>
  readonly up: (peerId: PeerId) => boolean
}

interface Wanted {
  target: DialTarget
  failures: number
  forget: () => void
  dialing: boolean
}

const rule = { msMin: redialMsMin, msMax: redialMsMax }

export class NetKeeper {
  readonly #init: NetKeeperInit
  readonly #wanted = new Map<string, Wanted>()

  constructor(init: NetKeeperInit) {
    this.#init = init
  }

  keep(target: DialTarget): void {
    if (target.peerId === this.#init.self) return
    const key = target.peerId ?? target.addresses.join(' ')
    const known = this.#wanted.get(key)
    if (known !== undefined) {
      known.target = target
      return
    }
    const wanted = { target, failures: 0, forget: () => undefined, dialing: false }
    this.#wanted.set(key, wanted)
    this.#later(wanted, this.#yieldMs(target.peerId))
  }

  release(peerId: PeerId): void {
    for (const [key, wanted] of this.#wanted) {
      if (wanted.target.peerId !== peerId) continue
      wanted.forget()
      this.#wanted.delete(key)
    }
  }

  lost(peerId: PeerId): void {
    for (const wanted of this.#wanted.values()) {
      if (wanted.target.peerId !== peerId || wanted.dialing) continue
      wanted.failures = 0
      this.#later(wanted, this.#pauseMs(wanted) + this.#yieldMs(peerId))
    }
  }

  stop(): void {
    for (const wanted of this.#wanted.values()) wanted.forget()
    this.#wanted.clear()
  }

  #pauseMs(wanted: Wanted): number {
    return redialPauseMs(wanted.failures, this.#init.network.chance(), rule)
  }

  #yieldMs(peerId: PeerId | undefined): number {
    const first = peerId === undefined || this.#init.self < peerId
    return first ? 0 : dialYieldMs * (0.5 + this.#init.network.chance())
  }

  #later(wanted: Wanted, pauseMs: number): void {
    wanted.forget()
    wanted.forget = this.#init.network.time.after(pauseMs, () => void this.#dial(wanted))
  }

  async #dial(wanted: Wanted): Promise<void> {
    const { peerId } = wanted.target
    if (peerId !== undefined && this.#init.up(peerId)) return
    wanted.dialing = true
    try {
      const peer = await this.#init.dial(wanted.target)
      wanted.failures = 0
      wanted.target = { peerId: peer.peerId, addresses: wanted.target.addresses }
    } catch {
      wanted.failures += 1
    }
    wanted.dialing = false
    if (![...this.#wanted.values()].includes(wanted)) return
    const { peerId: found } = wanted.target
    if (found === undefined || !this.#init.up(found)) this.#later(wanted, this.#pauseMs(wanted))
  }
}
