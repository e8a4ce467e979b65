/**
 * Tests of what an actor that has ended leaves behind: nothing.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { act, scripted } from './scripted-actor.ts'
import { gate, world } from './scripted-world.ts'

interface Heap {
  readonly beforeBytes: number
  readonly afterBytes: number
  readonly timers: number
}

test(
  'LC-18: a hundred thousand lives leave the heap within five percent',
  { timeout: 60_000 },
  async () => {
    const program = fileURLToPath(new URL('spawn-stop.program.ts', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', program])
    const { beforeBytes, afterBytes, timers } = JSON.parse(stdout) as Heap
    expect(afterBytes / beforeBytes).toBeLessThan(1.05)
    expect(timers).toBe(0)
  },
)

test('LC-18: an ended actor is in nobody’s watchers, links, children or timers', async () => {
  const { kit, journal } = await world()
  const survivor = kit.spawn(scripted(journal, { name: 'survivor' }))
  const ref = kit.spawn(scripted(journal, { startTimeoutMs: 1_000 }))
  ref.act(
    act((ctx) => {
      ctx.watch(survivor)
      ctx.link(survivor)
      ctx.every('tick', 10, 'note', 'tick')
      ctx.setReceiveTimeout('1min')
      return gate().promise
    }),
  )
  await kit.settle()
  const { extras } = kit.system.cellOf(survivor)
  expect([extras?.watchers?.size, extras?.links?.size]).toEqual([1, 1])
  await kit.run(kit.system.stop(ref, { grace: 5 }))
  expect([extras?.watchers?.size, extras?.links?.size]).toEqual([0, 0])
  expect(kit.system.wheel.size).toBe(0)
  expect(kit.system.findCell(String(ref).replace(/.*?(\/[^#]*)#.*/, '$1'))).toBeNull()
})
