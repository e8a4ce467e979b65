/**
 * Tests of footprint: what actors cost when idle, and what remains when they are gone.
 *
 * The heap is measured after a forced collection, in a project that runs one file at a time.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { ActorSystem, actor, ask, protocol, stopped, tell } from '../../src/index.ts'

const Idle = protocol('test.idle/1', { add: tell<{ n: number }>(), get: ask<void, number>() })
const idle = actor(Idle, {
  state: () => ({ n: 0 }),
  on: { add: (state, { n }) => void (state.n += n), get: (state) => state.n },
})
const Brief = protocol('test.brief/1', { end: tell() })
const brief = actor(Brief, { state: () => null, on: { end: () => stopped } })

async function heapBytes(): Promise<number> {
  for (let left = 4; left > 0; left--) {
    await new Promise((resolve) => void setImmediate(resolve))
    globalThis.gc?.()
  }
  return process.memoryUsage().heapUsed
}

test('MB-15: a process whose actors are idle ends by itself and keeps no timer', async () => {
  const program = new URL('idle.program.ts', import.meta.url).pathname
  const startedAt = performance.now()
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=shoal-source', program],
    { timeout: 20_000 },
  )
  expect(JSON.parse(stdout)).toEqual({ answers: 10_000, timers: [], armed: 0 })
  expect(performance.now() - startedAt).toBeLessThan(15_000)
})

test('JS-18: 100,000 idle actors take at most 600 bytes each and not one timer', async () => {
  await using system = await ActorSystem.start({ name: 'crowd' })
  const count = 100_000
  const first = system.spawn(idle)
  first.add({ n: 1 })
  expect(await first.get()).toBe(1)
  const refs: object[] = Array.from({ length: count }, () => first)
  const before = await heapBytes()
  for (let at = 0; at < count; at++) refs[at] = system.spawn(idle)
  const bytes = ((await heapBytes()) - before) / count
  expect(system.wheel.size).toBe(0)
  expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length).toBeLessThan(
    5,
  )
  expect(bytes).toBeLessThan(600)
  expect(bytes).toBeGreaterThan(50)
  expect(refs).toHaveLength(count)
})

test('JS-18: a million actors that came and went leave nothing behind', async () => {
  await using system = await ActorSystem.start({ name: 'passing' })
  const round = async (count: number): Promise<void> => {
    for (let left = count; left > 0; left -= 1_000) {
      for (let at = 0; at < 1_000; at++) system.spawn(brief).end()
      await new Promise((resolve) => void setImmediate(resolve))
    }
  }
  await round(100_000)
  const before = await heapBytes()
  await round(1_000_000)
  const after = await heapBytes()
  expect(system.root.lastChild).toBeNull()
  expect(after - before).toBeLessThan(before * 0.05)
})

test('MB-17: a message of a million waiting costs at most 3 times one of 1,000', async () => {
  await using system = await ActorSystem.start({ name: 'queue' })
  const nsPerMessage = async (waiting: number, rounds: number): Promise<number> => {
    const ref = system.spawn(idle)
    const startedAt = performance.now()
    for (let round = 0; round < rounds; round++) {
      for (let n = 0; n < waiting; n++) ref.add({ n: 1 })
      await ref.get(undefined, { deadline: 60_000 })
    }
    return ((performance.now() - startedAt) * 1e6) / (waiting * rounds)
  }
  await nsPerMessage(1_000, 500)
  const ratios: number[] = []
  for (let left = 5; left > 0 && !ratios.some((ratio) => ratio < 3); left--) {
    const short = await nsPerMessage(1_000, 1_000)
    ratios.push((await nsPerMessage(1_000_000, 1)) / short)
  }
  expect(Math.min(...ratios)).toBeLessThan(3)
})
