/**
 * MemoryLiveness: responders in one process, over the same wires as the nets in memory.
 *
 * A test says which main thread is blocked since when, and which process is stopped.
 */
import type { Liveness, LivenessTarget } from '../../ports/liveness.ts'
import type { NetworkTime } from './network.ts'

export interface MemoryLivenessWorld {
  readonly time: NetworkTime
  /** How long a packet takes, or undefined where nothing passes. */
  readonly delayMs: (from: string, to: string) => number | undefined
  readonly responders: Map<string, MemoryLiveness>
}

export class MemoryLiveness implements Liveness {
  readonly responder = 'memory'
  readonly #world: MemoryLivenessWorld
  readonly #peerId: string
  #beatMs: number
  #stopped = false

  constructor(world: MemoryLivenessWorld, peerId: string) {
    this.#world = world
    this.#peerId = peerId
    this.#beatMs = world.time.nowMs()
    world.responders.set(peerId, this)
  }

  beat(): void {
    this.#beatMs = this.#world.time.nowMs()
  }

  /** The whole process stands still, this thread too. */
  stop(stopped: boolean): void {
    this.#stopped = stopped
  }

  ask({ peerId }: LivenessTarget, timeoutMs: number): Promise<number | null> {
    const { time, delayMs, responders } = this.#world
    const answered = Promise.withResolvers<number | null>()
    const forget = time.after(timeoutMs, () => answered.resolve(null))
    const there = delayMs(this.#peerId, peerId)
    const back = delayMs(peerId, this.#peerId)
    if (there === undefined || back === undefined) return answered.promise
    time.after(there, () => {
      const asked = responders.get(peerId)
      const busyMs = asked === undefined ? undefined : asked.#answer()
      if (busyMs === undefined) return
      time.after(back, () => {
        forget()
        answered.resolve(busyMs)
      })
    })
    return answered.promise
  }

  close(): Promise<void> {
    const { responders } = this.#world
    if (responders.get(this.#peerId) === this) responders.delete(this.#peerId)
    return Promise.resolve()
  }

  #answer(): number | undefined {
    return this.#stopped ? undefined : this.#world.time.nowMs() - this.#beatMs
  }
}
