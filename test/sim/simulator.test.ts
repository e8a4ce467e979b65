/**
 * The simulator itself: what it forbids, what it notices, and how it makes a failure small.
 */
import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { simulate, simulateSeeds } from '../../src/testing/index.ts'
import type { Scenario, SeedsOptions, SimWorld } from '../../src/testing/index.ts'

const small = { seed: 1, nodes: 2, seconds: 4, workload: false } as const

function globals(): readonly unknown[] {
  const owned = [
    [Date, 'now'],
    [Math, 'random'],
    [globalThis, 'setTimeout'],
    [crypto, 'randomUUID'],
    [performance, 'now'],
  ] as const
  return [Date, ...owned.map(([owner, name]) => Reflect.get(owner, name) as unknown)]
}

describe('the real world', () => {
  const culprits: readonly (readonly [string, () => unknown])[] = [
    ['Date.now', () => Date.now()],
    ['new Date()', () => new Date()],
    ['Math.random', () => Math.random()],
    ['performance.now', () => performance.now()],
    ['globalThis.setTimeout', () => setTimeout(() => undefined, 1)],
    ['globalThis.setInterval', () => setInterval(() => undefined, 1)],
    ['globalThis.setImmediate', () => setImmediate(() => undefined)],
    ['crypto.randomUUID', () => crypto.randomUUID()],
    ['crypto.getRandomValues', () => crypto.getRandomValues(new Uint8Array(1))],
    ['process.hrtime', () => process.hrtime()],
  ]
  test.for(culprits)('%s is refused by name in a simulation', async ([name, touch]) => {
    const run = simulate(small, async () => touch())
    await expect(run).rejects.toMatchObject({ cause: { code: 'real_world_touched' } })
    await expect(run).rejects.toThrow(name)
  })

  test('it is refused in what a simulation sets off, too', async () => {
    const run = simulate(small, (world) => {
      const failed = new Promise((_, reject) => {
        world.after(100, () => void Promise.resolve().then(Date.now).then(undefined, reject))
      })
      return world.settle(failed)
    })
    await expect(run).rejects.toThrow('Date.now')
  })

  test('all is as it was when the simulation is over; a given moment is always allowed', async () => {
    const before = globals()
    await simulate(small, async () => new Date(0).toISOString())
    const after = globals()
    expect(after).toEqual(before)
    expect(Date.now()).toBeGreaterThan(0)
    expect(randomUUID()).toHaveLength(36)
  })
})

describe('seeds', () => {
  const options: SeedsOptions = {
    seeds: [5],
    nodes: 5,
    seconds: 40,
    faults: ['kill', 'pause', 'crash'],
    workload: false,
    command: (replay) => `replay ${replay}`,
  }

  test('a seed that runs differently the second time is reported', async () => {
    let runs = 0
    const hidden: Scenario<void> = async (world) => world.kill((runs++ % 2) + 1)
    await expect(simulateSeeds({ ...options, faults: false }, hidden)).rejects.toMatchObject({
      code: 'not_deterministic',
    })
  })

  test('a failure is cut down to the one fault that it needs and repeats by its text', async () => {
    const scenario: Scenario<void> = async (world) => {
      await world.run('18s')
      if (world.log.some((line) => line.includes('is killed'))) throw new Error('somebody died')
    }
    const failure = await failureOf(simulateSeeds(options, scenario))
    const { replay } = failure.detail
    expect(failure.message).toContain(`run: replay ${replay}`)
    expect(failure.message).toContain('somebody died')
    expect(replay).toMatch(/^seed=5 nodes=\d keep=\d+$/)
    const again = await failureOf(simulateSeeds({ ...options, replay }, scenario))
    expect(again.message).toContain('somebody died')
  })

  test('a replay that names no seed is refused with the text', async () => {
    await expect(simulateSeeds({ ...options, replay: 'nodes=3' })).rejects.toMatchObject({
      code: 'replay_invalid',
    })
  })
})

describe('a world', () => {
  const five = { seed: 2, nodes: 5, seconds: 60 } as const

  test('I10: a restarted node hears nothing that was meant for its earlier life', async () => {
    const { world } = await simulate(five, async (running) => {
      await running.run('5s')
      for (const number of [3, 4, 3]) {
        await running.restart(number)
        await running.run('3s')
      }
    })
    expect(world.node(3).past).toEqual(['peer-3~1', 'peer-3~2'])
    expect(world.ledger.counts.heard).toBeGreaterThan(100)
    expect(world.ledger.failures.get('node_unreachable')).toBeGreaterThan(0)
  })

  test('a killed node is noticed within two seconds, one without power within five', async () => {
    await simulate(five, async (world) => {
      await world.until(() => world.agreed(), '10s')
      world.kill(5)
      expect(await untilDead(world, 5)).toBeLessThanOrEqual(2_000)
      world.kill(4, { silent: true })
      expect(await untilDead(world, 4)).toBeLessThanOrEqual(5_000)
    })
  })

  test('a bridge between two sides keeps everyone alive', async () => {
    await simulate(five, async (world) => {
      await world.until(() => world.agreed(), '10s')
      world.partition([
        [1, 2, 3],
        [3, 4, 5],
      ])
      await world.run('30s')
      expect(world.log.filter((line) => line.includes('member.dead'))).toEqual([])
    })
  })

  test('a wrong wall clock changes nothing but what people read', async () => {
    const { world } = await simulate({ ...five, faults: ['clock'] })
    expect(world.log.filter((line) => /member\.(?:suspect|dead)/.test(line))).toEqual([])
    const skews = world.nodes.map(({ skewMs }) => Math.abs(skewMs))
    expect(Math.max(...skews)).toBeGreaterThan(0)
  })
})

async function untilDead(world: SimWorld, number: number): Promise<number> {
  const { peerId } = world.node(number)
  return world.until(async () => {
    const up = world.nodes.filter((node) => node.up)
    const views = await world.settle(Promise.all(up.map((node) => node.view())))
    return views.every(({ members }) =>
      members.some((member) => member.peerId === peerId && member.liveness === 'dead'),
    )
  }, '10s')
}

async function failureOf(
  run: Promise<unknown>,
): Promise<Error & { readonly detail: { readonly replay: string } }> {
  return run.then(
    () => {
      throw new Error('the run did not fail')
    },
    (error: unknown) => error as Error & { readonly detail: { readonly replay: string } },
  )
}
