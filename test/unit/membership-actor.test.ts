/**
 * The parts of the membership actor that decide: whom to stay connected to, what a check says.
 */
import { describe, expect, test } from 'vitest'

import { targetOf } from '../../actors/connections.ts'
import { runChecks, standardChecks } from '../../actors/health.ts'
import type { HealthFacts } from '../../actors/health.ts'
import { measuredOf } from '../../actors/heartbeat.ts'
import { isRefused } from '../../actors/membership-refusal.ts'
import { createMemoryHost } from '../../src/adapters/memory/index.ts'
import { planConnections } from '../../src/model/connection-plan.ts'
import type { Resources } from '../../src/ports/host.ts'

const ids = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `peer-${String(at).padStart(4, '0')}`)

function planOf(all: readonly string[], self: string, max: number): readonly string[] {
  return planConnections({ self, others: all.filter((id) => id !== self), max })
}

describe('the plan of connections', () => {
  test('a small cluster is a full mesh', () => {
    expect(planOf(ids(5), 'peer-0002', 64)).toHaveLength(4)
  })

  test('a large cluster keeps each node to its number, and every node reachable', () => {
    const all = ids(300)
    const plans = new Map(all.map((id) => [id, planOf(all, id, 12)]))
    for (const plan of plans.values()) expect(plan).toHaveLength(12)
    const reached = new Set(['peer-0000'])
    for (const id of reached) for (const next of plans.get(id) ?? []) reached.add(next)
    expect(reached.size).toBe(300)
  })

  test('most choices are mutual, so that a node is not kept by many more than it keeps', () => {
    const all = ids(300)
    const keepers = new Map<string, number>()
    for (const id of all) {
      for (const kept of planOf(all, id, 12)) keepers.set(kept, (keepers.get(kept) ?? 0) + 1)
    }
    expect(Math.max(...keepers.values())).toBeLessThan(40)
  })

  test.for([
    ['/ip4/10.0.0.7/tcp/4001/p2p/12D3KooWx', '12D3KooWx'],
    ['/ip4/10.0.0.7/tcp/4001', undefined],
  ] as const)('the address %s names %s', ([address, peerId]) => {
    expect(targetOf(address).peerId).toBe(peerId)
  })
})

describe('a dial that failed', () => {
  const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
  const late = Object.assign(new Error('connect'), { code: 'ETIMEDOUT' })

  test.for([
    ['a refusal', refused, true],
    ['a refusal as a cause', new Error('no node answers', { cause: refused }), true],
    ['refusals at every address', new AggregateError([refused, refused]), true],
    ['silence at one address', new AggregateError([refused, late]), false],
    ['no address at all', new AggregateError([]), false],
    ['silence', late, false],
    ['no error', undefined, false],
  ] as const)('%s: refused %s', ([, error, expected]) => {
    expect(isRefused(error)).toBe(expected)
  })
})

describe('the deep check', () => {
  const host = createMemoryHost({ now: () => 0 })
  const facts = (
    change: Partial<HealthFacts> = {},
    more: Partial<Resources> = {},
  ): HealthFacts => ({
    resources: { ...host.resources(), ...more },
    clockJumpMs: 0,
    queued: 0,
    ...change,
  })
  const slow = (p99: number): Partial<Resources> => {
    const { process } = host.resources()
    return { process: { ...process, eventLoopDelayMs: { p50: 1, p99, max: p99 } } }
  }

  test.for([
    ['nothing', facts(), {}],
    [
      'a disk that is nearly full',
      facts({}, { disk: { usedBytes: 92, totalBytes: 100 } }),
      { disk: 'warn' },
    ],
    ['a full disk', facts({}, { disk: { usedBytes: 98, totalBytes: 100 } }), { disk: 'fail' }],
    ['a disk that nobody knows', facts({}, { disk: null }), {}],
    ['a clock that jumped a minute', facts({ clockJumpMs: 61_000 }), { clock: 'fail' }],
    ['a clock that was corrected', facts({ clockJumpMs: 3_000 }), { clock: 'warn' }],
    ['a busy loop', facts({}, slow(120)), { loop: 'warn' }],
    ['a blocked loop', facts({}, slow(300)), { loop: 'fail' }],
    ['long queues', facts({ queued: 20_000 }), { queues: 'warn' }],
  ] as const)('%s', async ([, given, expected]) => {
    const healthy = { disk: 'ok', clock: 'ok', certificates: 'ok', queues: 'ok', loop: 'ok' }
    expect(await runChecks(standardChecks, given)).toEqual({ ...healthy, ...expected })
  })

  test('checks can be added: the worst answer wins, and one that throws has failed', async () => {
    const found = await runChecks(
      [
        { field: 'certificates', run: () => 'warn' },
        { field: 'certificates', run: () => Promise.resolve('ok') },
        {
          field: 'queues',
          run: () => {
            throw new Error('nobody counted')
          },
        },
      ],
      facts(),
    )
    expect(found).toMatchObject({ certificates: 'warn', queues: 'fail', disk: 'ok' })
  })

  test('R92: what travels is measured, and an unknown disk is not taken for a full one', () => {
    const measured = measuredOf({ ...host.resources(), disk: null }, 7)
    expect(measured).toEqual({
      cpuPercent: 10,
      memoryMb: 1_024,
      memoryMaxMb: 4_096,
      diskFreeMb: -1,
      loopDelayMs: 1,
      queued: 7,
    })
  })
})
