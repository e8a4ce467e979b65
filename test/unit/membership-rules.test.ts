/**
 * Membership rules: the small pure decisions of membership, each as a table or a law.
 */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Heartbeat } from '../../protocols/membership.ts'
import { decideFence } from '../../src/model/membership-fence.ts'
import {
  heartbeatStaleAfterMs,
  isNewerHeartbeat,
  isOverloaded,
  staleNodes,
} from '../../src/model/membership-heartbeat.ts'
import { newProbeOrder, nextInOrder, nextRound } from '../../src/model/membership-order.ts'
import { compareStandings } from '../../src/model/membership-precedence.ts'
import type { Standing } from '../../src/model/membership-precedence.ts'
import {
  heartbeatSpreadMs,
  membershipProfiles,
  pushPullIntervalMs,
  retransmitLimit,
  suspicionBounds,
  suspicionTimeoutMs,
} from '../../src/model/membership-profile.ts'
import { seededRandom } from '../../src/model/membership-world.ts'
import { decideStall } from '../../src/model/stall.ts'

const { lan, wan } = membershipProfiles
const standing = fc.record<Standing>({
  incarnation: fc.nat(4),
  liveness: fc.constantFrom('alive', 'suspect', 'dead', 'left'),
})
const merge = (a: Standing, b: Standing): Standing => (compareStandings(b, a) > 0 ? b : a)

describe('precedence of claims', () => {
  test.for([
    ['suspect 1', 'alive 1'],
    ['dead 1', 'suspect 1'],
    ['left 1', 'dead 1'],
    ['alive 2', 'suspect 1'],
    ['alive 2', 'dead 1'],
    ['alive 2', 'left 1'],
    ['suspect 3', 'left 2'],
  ] as const)('I18: %s wins over %s, whichever comes first', ([winner, loser]) => {
    const [a, b] = [winner, loser].map((text) => {
      const [liveness, incarnation] = text.split(' ')
      return { liveness, incarnation: Number(incarnation) } as Standing
    }) as [Standing, Standing]
    expect(merge(a, b)).toBe(a)
    expect(merge(b, a)).toBe(a)
  })

  test('CM-1, I18: any order of the same claims ends alike and never goes backwards', () => {
    fc.assert(
      fc.property(fc.array(standing, { minLength: 1, maxLength: 12 }), fc.nat(), (claims, seed) => {
        const random = seededRandom(seed)
        const shuffled = claims.toSorted(() => random() - 0.5)
        let held = shuffled[0]!
        for (const claim of [...shuffled, ...claims]) {
          const next = merge(held, claim)
          expect(compareStandings(next, held)).toBeGreaterThanOrEqual(0)
          held = next
        }
        const last = claims.reduce(merge)
        expect(compareStandings(held, last)).toBe(0)
      }),
    )
  })
})

describe('formulas of the profiles', () => {
  test.for([
    [2, { minMs: 2_000, maxMs: 8_000, confirmations: 0 }],
    [3, { minMs: 2_000, maxMs: 8_000, confirmations: 1 }],
    [5, { minMs: 2_000, maxMs: 8_000, confirmations: 1 }],
    [10_000, { minMs: 2_000, maxMs: 8_000, confirmations: 1 }],
  ] as const)('C21: in lan, %i nodes suspect within %o', ([size, bounds]) => {
    expect(suspicionBounds(lan, size)).toEqual(bounds)
  })

  test('the size of the cluster lengthens a suspicion up to the cap only', () => {
    const at = (size: number): number => suspicionBounds(wan, size).minMs
    expect([at(5), at(20), at(100), at(10_000)].map(Math.round)).toEqual([
      6_000, 7_806, 9_000, 9_000,
    ])
  })

  test('each confirmation takes less off the suspicion than the one before', () => {
    const bounds = { minMs: 1_000, maxMs: 4_000, confirmations: 3 }
    const times = [0, 1, 2, 3].map((confirmed) => suspicionTimeoutMs(bounds, confirmed))
    expect(times.map(Math.round)).toEqual([4_000, 2_500, 1_623, 1_000])
  })

  test.for([
    [1, 6],
    [9, 6],
    [10, 8],
    [99, 8],
    [100, 12],
    [10_000, 20],
  ] as const)('among %i nodes a claim is told %i times', ([size, tells]) => {
    expect(retransmitLimit(lan, size)).toBe(tells)
  })

  test.for([
    [5, 30_000],
    [32, 30_000],
    [33, 60_000],
    [1_000, 180_000],
  ] as const)('among %i nodes push-pull runs every %i ms', ([size, intervalMs]) => {
    expect(pushPullIntervalMs(lan, size)).toBe(intervalMs)
  })

  test('a cluster of any size emits about one heartbeat per second at most', () => {
    for (const size of [5, 32, 100, 10_000]) {
      expect((size * 1_000) / heartbeatSpreadMs(lan, size)).toBeLessThan(1.1)
    }
    expect(heartbeatSpreadMs(lan, 32)).toBe(30_000)
  })
})

describe('order of probing', () => {
  test('a round visits every slot exactly once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), (size, seed) => {
        const order = newProbeOrder(size, seededRandom(seed))
        const seen: number[] = []
        for (let at = nextInOrder(order); at !== undefined; at = nextInOrder(order)) seen.push(at)
        expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: size }, (_, i) => i))
      }),
    )
  })

  test('an order is kept for eight rounds, then every slot comes first in some', () => {
    const random = seededRandom(1)
    const firsts: (number | undefined)[] = []
    let order = newProbeOrder(8, random)
    for (let round = 0; round < 800; round += 1) {
      firsts.push(nextInOrder(order))
      order = nextRound(order, 8, random)
    }
    expect(new Set(firsts.slice(0, 8)).size).toBe(1)
    expect(new Set(firsts).size).toBe(8)
  })

  test('a member that appears is part of the very next round', () => {
    const order = nextRound(newProbeOrder(8, seededRandom(1)), 9, seededRandom(2))
    expect(order.size).toBe(9)
  })
})

describe('FD-3: own stalls', () => {
  const rules = { toleratedMs: 200, leaseMs: 4_000, probeIntervalMs: 500 }
  test.for([
    [0, 'none', 0],
    [200, 'none', 0],
    [201, 'degraded', 500],
    [2_000, 'degraded', 500],
    [2_001, 'fenced', 500],
    [60_000, 'fenced', 500],
  ] as const)('after a gap of %i ms the node is %s and mute for %i ms', ([gap, level, muteMs]) => {
    expect(decideStall(gap, rules)).toMatchObject({ level, muteMs })
  })

  test('own deadlines move by the whole gap, however long it was', () => {
    expect(decideStall(3_210, rules).shiftMs).toBe(3_210)
  })
})

describe('CM-3: a node that learns it was declared dead', () => {
  test.for([
    ['alive', 5, 0, 'fence'],
    ['suspect', 3, 2, 'fence'],
    [undefined, 3, 0, 'fence'],
    ['left', 3, 0, 'fence'],
    ['dead', 3, 2, 'go-on'],
    ['dead', 2, 3, 'fence'],
    ['dead', 2, 2, 'fence'],
    ['dead', 1, 4, 'fence'],
  ] as const)('by one it holds %s, counting on %i with %i dead: %s', ([accuser, ...rest]) => {
    const [present, dead, expected] = rest
    expect(decideFence({ accuser, present, dead })).toBe(expected)
  })

  test('CM-3: of two sides that condemned each other never both go on', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 50 }), (a, b) => {
        const one = decideFence({ accuser: 'dead', present: a, dead: b })
        const other = decideFence({ accuser: 'dead', present: b, dead: a })
        expect([one, other].filter((decision) => decision === 'go-on').length).toBeLessThan(2)
      }),
    )
  })
})

describe('heartbeats', () => {
  const beat = (incarnation: number, sequence: number): Heartbeat => ({
    id: 'a',
    incarnation,
    sequence,
    sentAtMs: 0,
    resources: {
      cpuPercent: 1,
      memoryMb: 1,
      memoryMaxMb: 2,
      diskFreeMb: 3,
      loopDelayMs: 1,
      queued: 0,
    },
  })

  test.for([
    [1, 2, 1, 1, true],
    [1, 1, 1, 1, false],
    [2, 1, 1, 9, true],
    [1, 9, 2, 1, false],
  ] as const)('R92: %i/%i after %i/%i is news: %s', ([inc, seq, knownInc, knownSeq, newer]) => {
    expect(isNewerHeartbeat(beat(inc, seq), beat(knownInc, knownSeq))).toBe(newer)
  })

  test('R53: stale nodes are those not heard of within the time, oldest first', () => {
    const heard = new Map([
      ['fresh', { heartbeat: beat(1, 1), heardAtMs: 95_000 }],
      ['old', { heartbeat: beat(1, 1), heardAtMs: 20_000 }],
      ['older', { heartbeat: beat(1, 1), heardAtMs: 10_000 }],
      ['edge', { heartbeat: beat(1, 1), heardAtMs: 40_000 }],
    ])
    expect(staleNodes(heard, { nowMs: 100_000, timeoutMs: 60_000 })).toEqual(['older', 'old'])
  })

  test('a heartbeat is stale after three missed spreads', () => {
    expect(heartbeatStaleAfterMs(lan, 5)).toBe(90_000)
    expect(heartbeatStaleAfterMs(lan, 64)).toBe(180_000)
  })

  test.for([
    [90, 90, 100, false],
    [90.1, 0, 100, true],
    [0, 90.1, 100, true],
    [0, 500, 0, false],
  ] as const)(
    'R21: cpu %d, memory %d of %d is overloaded: %s',
    ([cpu, memory, max, overloaded]) => {
      const use = { cpuPercent: cpu, memoryMb: memory, memoryMaxMb: max }
      expect(isOverloaded(use)).toBe(overloaded)
    },
  )
})
