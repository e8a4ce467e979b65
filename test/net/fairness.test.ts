/**
 * Tests of fairness on the real event loop: busy actors starve neither each other nor I/O.
 *
 * Bounds are met by the best of a few tries: a machine that pauses the whole process says nothing
 * about the order in which this process does its work. What has to come first is checked always.
 */
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ActorSystem, actor, ask, protocol, type RefOf, tell } from '../../src/index.ts'

const Counter = protocol('test.counter/1', { add: tell(), count: ask<void, number>() })
const counter = actor(Counter, {
  state: () => ({ count: 0 }),
  on: { add: (state) => void state.count++, count: (state) => state.count },
})
const Loop = protocol('test.loop/1', { again: tell(), hops: ask<void, number>() })
const loop = actor(Loop, {
  state: () => ({ hops: 0 }),
  on: {
    again: (state, _none, ctx) => {
      state.hops++
      ctx.self.again()
    },
    hops: (state) => state.hops,
  },
})
const asyncLoop = actor(Loop, {
  state: () => ({ hops: 0 }),
  on: {
    again: async (state, _none, ctx) => {
      state.hops++
      await Promise.resolve()
      ctx.self.again()
    },
    hops: (state) => state.hops,
  },
})

const boundMs = 50
const tries = 5
let system: ActorSystem
beforeEach(async () => {
  system = await ActorSystem.start({ name: 'fair' })
})
afterEach(async () => {
  await system.terminate()
})

/** Try until one run is within its bound; each run has already checked what must always hold. */
async function bestOf(run: () => Promise<number>): Promise<number> {
  let best = Infinity
  for (let left = tries; left > 0 && best > boundMs; left--) best = Math.min(best, await run())
  return best
}

async function timed(work: Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work
  return performance.now() - startedAt
}

const tenMs = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 10))

test('MB-11: beside 1M messages another message, a timer and a file take under 50 ms', async () => {
  const worst = await bestOf(async () => {
    const flooded = system.spawn(counter)
    const other = system.spawn(counter)
    for (let left = 1_000_000; left > 0; left--) flooded.add()
    const done = await Promise.all([
      timed(other.count()),
      timed(tenMs()),
      timed(readFile(new URL(import.meta.url))),
    ])
    const left = system.cellOf(flooded).mailbox.size
    expect(left).toBeGreaterThan(0)
    expect(await flooded.count(undefined, { deadline: 30_000 })).toBe(1_000_000)
    return Math.max(...done)
  })
  expect(worst).toBeLessThan(boundMs)
})

test.for([
  { name: 'synchronous', def: loop },
  { name: 'asynchronous', def: asyncLoop },
])('an actor that tells itself for ever ($name) does not delay a 10 ms timer', async ({ def }) => {
  const ref = system.spawn(def)
  ref.again()
  const took = await bestOf(() => timed(tenMs()))
  expect(took).toBeLessThan(boundMs)
  expect(await ref.hops()).toBeGreaterThan(10)
})

test('many actors that tell themselves for ever all get their turns', async () => {
  const refs = Array.from({ length: 100 }, () => system.spawn(loop))
  for (const ref of refs) ref.again()
  await tenMs()
  await tenMs()
  const hops = await Promise.all(refs.map((ref) => ref.hops()))
  expect(Math.min(...hops)).toBeGreaterThan(0)
  expect(Math.max(...hops)).toBeLessThan(Math.min(...hops) + 64)
})

describe('HTTP beside a livelock', () => {
  let server: Server
  let url = ''
  beforeEach(async () => {
    server = createServer((_request, response) => void response.end('well'))
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`
  })
  afterEach(async () => {
    await new Promise((resolve) => void server.close(resolve))
  })

  test.for([
    { name: 'synchronous', def: loop },
    { name: 'asynchronous', def: asyncLoop },
  ])('JS-14: a health answer comes within 100 ms ($name)', async ({ def }) => {
    const busy = Array.from({ length: 20 }, () => system.spawn(def))
    for (const ref of busy) ref.again()
    const answer = async (): Promise<void> => {
      const response = await fetch(url, { headers: { connection: 'close' } })
      expect(await response.text()).toBe('well')
    }
    const times: number[] = []
    for (let left = 7; left > 0; left--) times.push(await timed(answer()))
    expect(times.toSorted((a, b) => a - b)[3]).toBeLessThan(100)
  })
})

describe('JS-1', () => {
  const Chain = protocol('test.chain/1', {
    pass: tell<{ hops: number }>(),
    deep: ask<{ hops: number }, number>(),
    wait: ask<{ hops: number }, number>(),
  })
  type ChainRef = RefOf<typeof Chain>
  const length = 100_000

  function link(next: () => ChainRef | undefined, arrived: (hops: number) => void) {
    return actor(Chain, {
      state: () => null,
      on: {
        pass: (_state, { hops }) => {
          const to = next()
          if (to === undefined) arrived(hops)
          else to.pass({ hops: hops + 1 })
        },
        deep: (_state, { hops }) => next()?.deep({ hops: hops + 1 }) ?? hops,
        wait: async (_state, { hops }) => {
          const to = next()
          if (to === undefined) return hops
          const reached = await to.wait({ hops: hops + 1 })
          return reached
        },
      },
    })
  }

  test('JS-1: 100,000 hops, or asks as deep, overflow no stack and starve no timer', async () => {
    const refs: ChainRef[] = []
    const arrived = Promise.withResolvers<number>()
    for (let at = 0; at < length; at++) {
      refs.push(system.spawn(link(() => refs[at + 1], arrived.resolve)))
    }
    const first = refs[0] as ChainRef
    first.pass({ hops: 1 })
    const timer = timed(tenMs())
    expect(await arrived.promise).toBe(length)
    expect(await timer).toBeLessThan(boundMs * tries)
    expect(await first.deep({ hops: 1 }, { deadline: 30_000 })).toBe(length)
    expect(await first.wait({ hops: 1 }, { deadline: 30_000 })).toBe(length)
  })
})
