/**
 * Membership world: whole clusters of the pure rules over an imagined network, each run by a seed.
 *
 * A failure names its seed; `new MembershipWorld({ seed, … })` replays it.
 */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { membershipLimits as limits } from '../../protocols/limits.ts'
import { compareStandings } from '../../src/model/membership-precedence.ts'
import type { Standing } from '../../src/model/membership-precedence.ts'
import { membershipProfiles } from '../../src/model/membership-profile.ts'
import type { MembershipEffect } from '../../src/model/membership-state.ts'
import { runCalmTrial, runDetectionTrial } from '../../src/model/membership-trial.ts'
import { MembershipWorld, nodeName } from '../../src/model/membership-world.ts'
import type { WorldOptions } from '../../src/model/membership-world.ts'

const { lan, wan } = membershipProfiles
const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 })

function worldOf(
  options: Partial<WorldOptions> & { seed: number; nodes: number },
): MembershipWorld {
  return new MembershipWorld({ profile: lan, limits, ...options })
}

function living(world: MembershipWorld): readonly number[] {
  return Array.from({ length: world.options.nodes }, (_, n) => n).filter((n) => world.isAlive(n))
}

function viewOf(world: MembershipWorld, node: number): string {
  const present = [...world.state(node).table].filter(({ liveness }) => liveness === 'alive')
  return present
    .map(({ id, incarnation, card }) => `${id} ${incarnation} ${card.revision} ${card.admin}`)
    .toSorted()
    .join('\n')
}

function expectEqualViews(world: MembershipWorld, size: number): void {
  const nodes = living(world)
  expect(new Set(nodes.map((node) => viewOf(world, node))).size).toBe(1)
  expect(new Set(nodes.map((node) => world.state(node).table.stateHash)).size).toBe(1)
  expect(new Set(nodes.map((node) => world.state(node).table.viewHash)).size).toBe(1)
  for (const node of nodes) expect(world.state(node).table.count('alive')).toBe(size)
}

describe('CM-1: joining', () => {
  test('CM-1: nodes that know one seed only all know all within seconds', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 2, max: 24 }), (seed, nodes) => {
        const world = worldOf({ seed, nodes })
        for (let node = 0; node < nodes; node += 1) {
          const peers = node === 0 ? [] : [nodeName(0)]
          world.at(world.random() * 1_000, () => world.input(node, { type: 'join', peers }))
        }
        world.run(8_000)
        expectEqualViews(world, nodes)
      }),
      { numRuns: 30 },
    )
  })

  test('CM-1: a view of two hundred is taken over in bounded pieces', () => {
    const world = worldOf({ seed: 5, nodes: 200, met: true })
    world.kill(199)
    world.run(3_000)
    const sizes: number[] = []
    world.restart(199, [0])
    world.run(60_000)
    sizes.push(world.state(199).table.count('alive'), world.state(17).table.count('alive'))
    expect(sizes).toEqual([200, 200])
  })
})

describe('I18 and equal views under faults', () => {
  const faults = fc.array(
    fc.record({
      kind: fc.constantFrom('kill', 'stall', 'split', 'restart', 'drain', 'leave'),
      node: fc.nat(6),
      lengthMs: fc.integer({ min: 100, max: 9_000 }),
      pauseMs: fc.integer({ min: 0, max: 4_000 }),
    }),
    { maxLength: 6 },
  )

  test('I18, CM-1, CM-2: nothing goes backwards, and after quiescence all views are equal', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 2, max: 7 }), faults, (seed, nodes, list) => {
        const seen = new Map<string, Standing>()
        const backwards: string[] = []
        const gone = new Set<number>()
        const world = worldOf({ seed, nodes, met: true, loss: 0.02, onEffect: watch })
        function watch(observer: number, effect: MembershipEffect): void {
          if (effect.type !== 'event' || effect.event === 'member.removed') return
          const { id, incarnation, liveness } = effect.member
          const key = `${observer} ${lives.get(observer) ?? 0} ${id}`
          const now = { incarnation, liveness }
          if (compareStandings(now, seen.get(key) ?? now) < 0) backwards.push(key)
          seen.set(key, now)
        }
        const lives = new Map<number, number>()
        for (const { kind, node: raw, lengthMs, pauseMs } of list) {
          const node = raw % nodes
          if (gone.has(node) && kind !== 'restart') continue
          if (kind === 'kill' || kind === 'leave') {
            if (gone.size >= nodes - 1) continue
            gone.add(node)
            if (kind === 'leave') world.input(node, { type: 'leave' })
            if (kind === 'leave') world.run(2_000)
            world.kill(node)
          }
          if (kind === 'restart' && gone.delete(node)) {
            lives.set(node, (lives.get(node) ?? 0) + 1)
            world.restart(
              node,
              living(world).filter((other) => other !== node),
            )
          }
          if (kind === 'stall') world.pause(node, lengthMs)
          if (kind === 'split') {
            world.split((other) => (other <= node ? 0 : 1))
            world.run(lengthMs)
            world.split(undefined)
          }
          if (kind === 'drain') world.input(node, { type: 'card', change: { admin: 'draining' } })
          world.run(pauseMs)
        }
        world.run(90_000)
        expect(backwards).toEqual([])
        expectEqualViews(world, nodes - gone.size)
      }),
      { numRuns: 60 },
    )
  })

  test('the same seed gives the same run, another seed another', () => {
    const trace = (seed: number): string => {
      const lines: string[] = []
      const world = worldOf({
        seed,
        nodes: 6,
        met: true,
        loss: 0.05,
        heartbeats: true,
        onEffect: (node, effect, nowMs) => lines.push(`${nowMs} ${node} ${effect.type}`),
      })
      world.kill(2)
      world.pause(3, 3_000)
      world.run(20_000)
      return lines.join('\n')
    }
    expect(trace(11)).toBe(trace(11))
    expect(trace(11)).not.toBe(trace(12))
  })
})

describe('CM-6, R92: the dead are known in time', () => {
  const within = (times: readonly number[], share: number): number =>
    times.toSorted((a, b) => a - b)[Math.min(times.length - 1, Math.floor(share * times.length))]!

  test.for([
    [3, 'kill', true, 1_000],
    [5, 'kill', true, 1_000],
    [5, 'kill', false, 1_500],
    [20, 'kill', true, 1_000],
    [2, 'stop', true, 5_000],
    [3, 'stop', true, 5_000],
    [5, 'stop', true, 5_000],
    [20, 'stop', true, 5_000],
  ] as const)(
    'CM-6: of %i, %s (refused: %s): everywhere in %i ms, p99',
    ([n, fault, refuses, ms]) => {
      const trials = Array.from({ length: 100 }, (_, seed) =>
        runDetectionTrial({ seed, nodes: n, profile: lan, limits, fault, refuses }),
      )
      expect(
        within(
          trials.map(({ everywhereMs }) => everywhereMs),
          0.99,
        ),
      ).toBeLessThan(ms)
      expect(trials.reduce((sum, trial) => sum + trial.falseDeaths, 0)).toBe(0)
    },
  )

  test('CM-6: two killed out of five at once are both dead everywhere within two seconds', () => {
    for (let seed = 0; seed < 50; seed += 1) {
      const world = worldOf({ seed, nodes: 5, met: true })
      world.run(3_000)
      world.kill(0)
      world.kill(1)
      world.run(2_000)
      for (const node of [2, 3, 4]) expect(world.state(node).table.count('dead')).toBe(2)
    }
  })
})

describe('CM-6, FD-3, FD-5: the living are left alone', () => {
  test('CM-6: five hours of 5 % loss and 200 ms jitter kill nobody under wan', () => {
    const latencyMs = { min: 20, mean: 120 }
    const options = { seed: 9, nodes: 5, profile: wan, limits, loss: 0.05, latencyMs }
    const calm = runCalmTrial({ ...options, durationMs: 5 * 3_600_000 })
    expect(calm.suspicions).toBeGreaterThan(0)
    expect(calm.falseDeaths).toBe(0)
  })

  test('stalls of one to two seconds kill nobody under lan', () => {
    for (const nodes of [3, 5, 20]) {
      const stalls = { minMs: 1_000, maxMs: 2_000, everyMs: 5_000 }
      const calm = runCalmTrial({
        seed: 4,
        nodes,
        profile: lan,
        limits,
        stalls,
        durationMs: 600_000,
      })
      expect(calm.stalls).toBeGreaterThan(50)
      expect(calm.falseDeaths).toBe(0)
    }
  })

  test('CPU starvation, stalls of up to a second everywhere all the time, kills nobody', () => {
    const stalls = { minMs: 100, maxMs: 1_000, everyMs: 150 }
    const calm = runCalmTrial({
      seed: 8,
      nodes: 5,
      profile: lan,
      limits,
      stalls,
      durationMs: 600_000,
    })
    expect(calm.stalls).toBeGreaterThan(1_000)
    expect(calm.falseDeaths).toBe(0)
  })

  test('FD-3: one of three that stalled for three seconds condemns nobody', () => {
    for (let seed = 0; seed < 60; seed += 1) {
      const wrong: string[] = []
      const stalled = seed % 3
      const world = worldOf({
        seed,
        nodes: 3,
        met: true,
        onEffect: (node, effect) => {
          if (effect.type !== 'event' || effect.event !== 'member.dead') return
          if (node === stalled) wrong.push(effect.member.id)
        },
      })
      world.run(2_000 + world.random() * 1_000)
      world.pause(stalled, 3_000)
      world.run(10_000)
      expect(wrong, `seed ${seed}`).toEqual([])
    }
  })

  test('FD-5: a cut shorter than a suspicion kills nobody on either side', () => {
    const world = worldOf({ seed: 3, nodes: 5, met: true })
    world.run(2_000)
    world.split((node) => (node === 4 ? 1 : 0))
    world.run(700)
    world.split(undefined)
    world.run(20_000)
    for (const node of living(world)) expect(world.state(node).table.count('dead')).toBe(0)
    expectEqualViews(world, 5)
  })
})

describe('CM-3, fault 7, fault 10: splits', () => {
  test.for([
    [5, 2],
    [5, 1],
    [4, 2],
    [20, 7],
  ] as const)('of %i nodes %i split off: both sides go on, and heal within 10 s', ([n, k]) => {
    for (let seed = 0; seed < 10; seed += 1) {
      const fenced = new Set<number>()
      const world = worldOf({
        seed,
        nodes: n,
        met: true,
        onEffect: (node, effect) => {
          if (effect.type === 'fence') fenced.add(node)
        },
      })
      world.run(2_000)
      world.split((node) => (node < k ? 0 : 1))
      world.run(30_000)
      for (let node = 0; node < n; node += 1) {
        expect(world.state(node).table.count('alive')).toBe(node < k ? k : n - k)
      }
      world.split(undefined)
      world.run(10_000)
      expectEqualViews(world, n)
      // The larger side goes on; after an even split whoever hears of its death fences.
      for (const node of fenced) expect(node < k || k * 2 === n, `seed ${seed}`).toBe(true)
    }
  })

  test('CM-3: a node stopped for ten seconds wakes, fences itself and begins a new life', () => {
    const effects: MembershipEffect[] = []
    const world = worldOf({
      seed: 6,
      nodes: 5,
      met: true,
      onEffect: (node, effect) => {
        if (node === 2) effects.push(effect)
      },
    })
    world.run(2_000)
    world.pause(2, 10_000)
    world.run(9_000)
    expect(world.state(0).table.get(nodeName(2))?.liveness).toBe('dead')
    world.run(6_000)
    expect(effects).toContainEqual({ type: 'fence', reason: 'stalled' })
    expect(world.state(2).incarnation).toBeGreaterThan(1)
    expectEqualViews(world, 5)
  })
})

describe('CM-2: removed identities', () => {
  test('CM-2: stale gossip about a dead node, replayed for a day, never brings it back', () => {
    const profile = { ...lan, deadKeepMs: 20_000, tombstoneKeepMs: 86_400_000 }
    const world = worldOf({ seed: 2, nodes: 4, met: true, profile })
    world.run(1_000)
    const record = world.state(0).table.get(nodeName(3))!
    world.kill(3)
    world.run(5_000)
    const { id, card } = record
    const message = {
      type: 'gossip',
      news: { claims: [{ id, incarnation: 1, liveness: 'alive', card }], heartbeats: [] },
    } as const
    for (let minute = 0; minute < 120; minute += 1) {
      for (const node of [0, 1, 2])
        world.input(node, { type: 'message', from: nodeName(1), message })
      world.run(1_000)
      for (const node of [0, 1, 2]) expect(world.state(node).table.count('alive')).toBe(3)
    }
    world.restart(3, [0])
    world.run(5_000)
    expectEqualViews(world, 4)
  })
})

describe('cost', () => {
  test('idle traffic per node is the same for ten nodes and for five hundred', () => {
    const perSecond = (nodes: number): number => {
      const world = worldOf({ seed: 1, nodes, met: true })
      world.run(3_000)
      const before = world.sent(1).messages
      world.run(7_000)
      let total = 0
      for (let node = 0; node < nodes; node += 1) total += world.sent(node).messages
      expect(world.sent(1).messages).toBeGreaterThan(before)
      return total / nodes / 10
    }
    expect(perSecond(500)).toBeLessThan(perSecond(10) * 1.2)
  })
})
