/**
 * MemoryNetwork: the wires between nets in one process, on a clock that is given.
 *
 * Every packet takes the time that the model says; packets on one wire never overtake each other.
 * Where the model lets nothing pass, they wait as TCP would, until it is told to look again or
 * the connection is cut. With a virtual clock and a seeded chance one seed decides every order.
 */
import type { PeerId } from '../../ports/net.ts'
import type { MemoryNet } from './net.ts'

/** The time of the world in which these wires hang. */
export interface NetworkTime {
  readonly nowMs: () => number
  /** Run `work` later, even after no time at all; answers how to forget it. */
  readonly after: (delayMs: number, work: () => void) => () => void
}

/** What the wires do to packets; a simulator brings a worse one than the default. */
export interface NetworkModel {
  /** How long a packet takes, or undefined while nothing passes from one to the other. */
  delayMs(from: PeerId, to: PeerId, bytes: number): number | undefined
  /** Whether a connection attempt meets a closed door. */
  refuses(from: PeerId, to: PeerId): boolean
  /** Whether a published message is lost between these two. */
  losesTopic(from: PeerId, to: PeerId): boolean
}

export interface NetworkInit extends NetworkTime {
  /** At least 0, less than 1. */
  readonly chance: () => number
  readonly model?: NetworkModel
}

/** A wire without faults: a tenth of a millisecond, give or take. */
export function plainModel(chance: () => number): NetworkModel {
  return {
    delayMs: () => 0.1 + chance() * 0.1,
    refuses: () => false,
    losesTopic: () => false,
  }
}

export class MemoryNetwork {
  readonly time: NetworkTime
  readonly chance: () => number
  readonly model: NetworkModel
  readonly #nets = new Map<PeerId, MemoryNet>()
  readonly #pipes = new Set<Pipe>()

  constructor(init: NetworkInit) {
    this.time = init
    this.chance = init.chance
    this.model = init.model ?? plainModel(init.chance)
  }

  join(net: MemoryNet): void {
    this.#nets.set(net.peerId, net)
  }

  leave(net: MemoryNet): void {
    if (this.#nets.get(net.peerId) === net) this.#nets.delete(net.peerId)
  }

  find(peerId: PeerId): MemoryNet | undefined {
    return this.#nets.get(peerId)
  }

  pipe(from: PeerId, to: PeerId): Pipe {
    const pipe = new Pipe(this, from, to)
    this.#pipes.add(pipe)
    return pipe
  }

  forget(pipe: Pipe): void {
    this.#pipes.delete(pipe)
  }

  /** The model has changed its mind: packets that waited may go on. */
  changed(): void {
    for (const pipe of this.#pipes) pipe.retry()
  }

  /** Break the connections between two peers, as a reset would. */
  cut(a: PeerId, b: PeerId): void {
    this.#nets.get(a)?.lose(b)
    this.#nets.get(b)?.lose(a)
  }
}

interface Packet {
  readonly bytes: number
  readonly arrive: () => void
  atMs: number
}

/** One direction of a connection. */
export class Pipe {
  readonly #network: MemoryNetwork
  readonly #from: PeerId
  readonly #to: PeerId
  #moving: Packet[] = []
  #waiting: Packet[] = []
  #lastAtMs = 0
  #forgetTimer: (() => void) | undefined
  #closed = false

  constructor(network: MemoryNetwork, from: PeerId, to: PeerId) {
    this.#network = network
    this.#from = from
    this.#to = to
  }

  send(bytes: number, arrive: () => void): void {
    if (this.#closed) return
    const packet = { bytes, arrive, atMs: 0 }
    if (this.#waiting.length > 0 || !this.#dispatch(packet)) this.#waiting.push(packet)
  }

  retry(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const packet of waiting) this.send(packet.bytes, packet.arrive)
  }

  close(): void {
    this.#closed = true
    this.#forgetTimer?.()
    this.#moving = []
    this.#waiting = []
    this.#network.forget(this)
  }

  #dispatch(packet: Packet): boolean {
    const { model, time } = this.#network
    const delayMs = model.delayMs(this.#from, this.#to, packet.bytes)
    if (delayMs === undefined) return false
    packet.atMs = Math.max(this.#lastAtMs, time.nowMs() + delayMs)
    this.#lastAtMs = packet.atMs
    this.#moving.push(packet)
    if (this.#moving.length === 1) this.#wait()
    return true
  }

  #wait(): void {
    const next = this.#moving[0]
    if (next === undefined) return
    const { time } = this.#network
    const delayMs = Math.max(0, next.atMs - time.nowMs())
    this.#forgetTimer = time.after(delayMs, () => this.#arrive())
  }

  /** Everything that is due arrives, in order. */
  #arrive(): void {
    const nowMs = this.#network.time.nowMs()
    const due = this.#moving.filter((packet) => packet.atMs <= nowMs)
    // A clock that is read a little early must not stop the wire.
    const arriving = due.length > 0 ? due : this.#moving.slice(0, 1)
    this.#moving = this.#moving.slice(arriving.length)
    this.#wait()
    for (const packet of arriving) {
      if (!this.#closed) packet.arrive()
    }
  }
}
