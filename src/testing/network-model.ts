/**
 * WorldWires: what the wires of a simulated world do to packets, direction by direction.
 *
 * Delays are exponential above a minimum; connections are streams, so a lost packet is one that
 * comes later, by a retransmission or several. A direction may be cut, clogged for a while, slow
 * or narrow; who is frozen or partitioned away answers nothing, and its connections stay half open.
 */
import type { NetworkModel } from '../adapters/memory/index.ts'
import type { SeededRandom } from './seeded-random.ts'

/** What may be said about one direction; what is left out is as the world's weather has it. */
export interface Wire {
  /** Nothing passes. */
  readonly cut?: boolean
  /** Share of packets that need a retransmission; of gossip, that are lost. */
  readonly loss?: number
  readonly delayMs?: { readonly min: number; readonly mean: number }
  /** Added to every delay, evenly between nothing and this. */
  readonly jitterMs?: number
  readonly bytesPerMs?: number
  /** Connection attempts meet a closed door. */
  readonly refuse?: boolean
}

export type Weather = Required<Omit<Wire, 'cut' | 'refuse'>>

/** A quiet local network: half a millisecond, a gigabit. */
export const calmWeather: Weather = {
  loss: 0,
  delayMs: { min: 0.1, mean: 0.3 },
  jitterMs: 0,
  bytesPerMs: 125_000,
}

/** The first retransmission of TCP on a short path; each further one takes twice as long. */
const retransmitMs = 200
const retransmitsMax = 5

export class WorldWires implements NetworkModel {
  weather: Weather = calmWeather
  readonly #random: SeededRandom
  readonly #nowMs: () => number
  readonly #wires = new Map<string, Wire>()
  readonly #busyUntilMs = new Map<string, number>()
  readonly #clogs = new Map<string, number>()
  readonly #frozen = new Set<string>()
  #sides: readonly ReadonlySet<string>[] = []

  constructor(random: SeededRandom, nowMs: () => number) {
    this.#random = random
    this.#nowMs = nowMs
  }

  delayMs(from: string, to: string, bytes: number): number | undefined {
    if (!this.passes(from, to)) return undefined
    const key = `${from}>${to}`
    const { loss, delayMs, jitterMs, bytesPerMs } = { ...this.weather, ...this.#wires.get(key) }
    const nowMs = this.#nowMs()
    const startMs = Math.max(nowMs, this.#busyUntilMs.get(key) ?? 0)
    const sentMs = startMs + bytes / bytesPerMs
    this.#busyUntilMs.set(key, sentMs)
    const spread = -Math.log(1 - this.#random.next()) * Math.max(0, delayMs.mean - delayMs.min)
    const jitter = jitterMs === 0 ? 0 : this.#random.next() * jitterMs
    return sentMs - nowMs + delayMs.min + spread + jitter + this.#retransmitMs(loss)
  }

  refuses(from: string, to: string): boolean {
    return this.#wires.get(`${from}>${to}`)?.refuse === true
  }

  losesTopic(from: string, to: string): boolean {
    if (!this.passes(from, to)) return true
    const loss = this.#wires.get(`${from}>${to}`)?.loss ?? this.weather.loss
    return loss > 0 && this.#random.next() < loss
  }

  passes(from: string, to: string): boolean {
    if (this.#frozen.has(from) || this.#frozen.has(to)) return false
    const key = `${from}>${to}`
    if (this.#wires.get(key)?.cut === true) return false
    if ((this.#clogs.get(key) ?? 0) > this.#nowMs()) return false
    if (this.#sides.length === 0) return true
    return this.#sides.some((side) => side.has(from) && side.has(to))
  }

  set(from: string, to: string, wire: Wire): void {
    const key = `${from}>${to}`
    this.#wires.set(key, { ...this.#wires.get(key), ...wire })
  }

  mend(from: string, to: string): void {
    this.#wires.delete(`${from}>${to}`)
    this.#clogs.delete(`${from}>${to}`)
  }

  clog(from: string, to: string, untilMs: number): void {
    this.#clogs.set(`${from}>${to}`, untilMs)
  }

  /** Only peers that share a side reach each other; a peer in two sides is a bridge. */
  partition(sides: readonly (readonly string[])[]): void {
    this.#sides = sides.map((side) => new Set(side))
  }

  freeze(peerId: string): void {
    this.#frozen.add(peerId)
  }

  thaw(peerId: string): void {
    this.#frozen.delete(peerId)
  }

  /** As on the first day. */
  heal(): void {
    this.weather = calmWeather
    this.#wires.clear()
    this.#clogs.clear()
    this.#sides = []
  }

  #retransmitMs(loss: number): number {
    if (loss === 0) return 0
    let waitMs = 0
    for (let tries = 0; tries < retransmitsMax && this.#random.next() < loss; tries++) {
      waitMs += retransmitMs * 2 ** tries
    }
    return waitMs
  }
}
