/**
 * MemoryNet: keeps the net contract, on a clock that jumps from event to event.
 */
import { MemoryNet, MemoryNetwork } from '../../src/adapters/memory/index.ts'
import { netContract } from './net.ts'
import { cluster, topics } from './net-world.ts'
import type { NetWorld } from './net-world.ts'

netContract('memory net', openMemoryWorld)

interface Event {
  readonly atMs: number
  readonly order: number
  readonly work: () => void
  wanted: boolean
}

/** Time that runs by itself, as fast as what happens in it. */
function openMemoryWorld(): Promise<NetWorld> {
  let nowMs = 0
  let order = 0
  let running = false
  let closed = false
  const events: Event[] = []
  const run = (): void => {
    running = false
    const next = events.toSorted((a, b) => a.atMs - b.atMs || a.order - b.order)[0]
    if (next === undefined || closed) return
    events.splice(events.indexOf(next), 1)
    nowMs = Math.max(nowMs, next.atMs)
    if (next.wanted) next.work()
    start()
  }
  const start = (): void => {
    if (!running) setImmediate(run)
    running = true
  }
  const after = (delayMs: number, work: () => void): (() => void) => {
    order += 1
    const event = { atMs: nowMs + delayMs, order, work, wanted: true }
    events.push(event)
    start()
    return () => {
      event.wanted = false
    }
  }
  const network = new MemoryNetwork({ nowMs: () => nowMs, after, chance: chanceFrom(7) })
  let made = 0
  return Promise.resolve({
    net: (setting = {}) => {
      made += 1
      const identity = {
        cluster: setting.cluster ?? cluster,
        secret: new Uint8Array(32).fill(setting.secret ?? 1),
        software: 'test/1',
        features: [],
        topics: setting.topics ?? topics,
      }
      return Promise.resolve(new MemoryNet(network, { peerId: `node-${made}`, identity }))
    },
    pass: (ms) => new Promise((resolve) => void after(ms, resolve)),
    close: () => {
      closed = true
      return Promise.resolve()
    },
  })
}

/** Mulberry32: small, seeded, good enough to spread delays. */
function chanceFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
