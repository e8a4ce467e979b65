/**
 * Membership status: the three facts about a node seen through the vocabularies of the seeds.
 */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  countStatuses,
  decideCondition,
  factsAfterHeartbeat,
  matchesStatus,
  projectStatus,
} from '../../src/model/membership-status.ts'
import type { NodeFacts } from '../../src/model/membership-status.ts'

const facts = fc.record<NodeFacts>({
  liveness: fc.constantFrom('alive', 'suspect', 'dead', 'left'),
  admin: fc.constantFrom('open', 'draining', 'maintenance'),
  condition: fc.constantFrom('ok', 'degraded', 'syncing'),
})

describe('C4, R17, R18: one set of facts, two vocabularies', () => {
  test.for([
    ['alive', 'open', 'ok', 'active', 'ONLINE'],
    ['alive', 'open', 'degraded', 'active', 'DEGRADED'],
    ['alive', 'open', 'syncing', 'active', 'SYNCING'],
    ['suspect', 'open', 'ok', 'active', 'DEGRADED'],
    ['suspect', 'open', 'syncing', 'active', 'DEGRADED'],
    ['alive', 'draining', 'ok', 'draining', 'MAINTENANCE'],
    ['alive', 'draining', 'degraded', 'draining', 'MAINTENANCE'],
    ['suspect', 'draining', 'ok', 'draining', 'MAINTENANCE'],
    ['alive', 'maintenance', 'syncing', 'maintenance', 'MAINTENANCE'],
    ['dead', 'open', 'ok', 'failed', 'OFFLINE'],
    ['dead', 'draining', 'degraded', 'failed', 'OFFLINE'],
    ['left', 'open', 'ok', 'inactive', 'OFFLINE'],
    ['left', 'maintenance', 'ok', 'inactive', 'OFFLINE'],
  ] as const)('%s, %s, %s is %s and %s', ([liveness, admin, condition, status, runtimeStatus]) => {
    expect(projectStatus({ liveness, admin, condition })).toMatchObject({ status, runtimeStatus })
  })

  test('C4: degraded and suspect are marked beside the status', () => {
    const marked = projectStatus({ liveness: 'suspect', admin: 'open', condition: 'degraded' })
    expect(marked).toMatchObject({ status: 'active', degraded: true, suspect: true })
    const plain = projectStatus({ liveness: 'alive', admin: 'open', condition: 'ok' })
    expect(plain).toEqual({ status: 'active', runtimeStatus: 'ONLINE' })
  })

  test('C4: a status filter takes either vocabulary in any case', () => {
    const node: NodeFacts = { liveness: 'dead', admin: 'open', condition: 'ok' }
    expect(['failed', 'FAILED', 'offline', 'OffLine'].every((s) => matchesStatus(node, s))).toBe(
      true,
    )
    expect(['active', 'ONLINE', 'inactive', ''].some((s) => matchesStatus(node, s))).toBe(false)
  })

  test('R90: active, draining and inactive always add up to the total', () => {
    fc.assert(
      fc.property(fc.array(facts, { maxLength: 30 }), (nodes) => {
        const { total, active, inactive, draining } = countStatuses(nodes)
        expect(total).toBe(nodes.length)
        expect(active + inactive + draining).toBe(total)
      }),
    )
  })
})

describe('C5: a heartbeat proves life and nothing else', () => {
  test.for([
    ['dead', 'open', 'ONLINE'],
    ['alive', 'maintenance', 'MAINTENANCE'],
    ['dead', 'draining', 'MAINTENANCE'],
  ] as const)('%s and %s becomes %s', ([liveness, admin, runtimeStatus]) => {
    const after = factsAfterHeartbeat({ liveness, admin, condition: 'ok' })
    expect(projectStatus(after).runtimeStatus).toBe(runtimeStatus)
  })

  test('C5: it never changes admin or condition', () => {
    fc.assert(
      fc.property(facts, (before) => {
        expect(factsAfterHeartbeat(before)).toEqual({ ...before, liveness: 'alive' })
      }),
    )
  })
})

const check = { disk: 'ok', clock: 'ok', certificates: 'ok', queues: 'ok', loop: 'ok' } as const
test.for([
  [{ syncing: false, stalledLately: false }, 'ok'],
  [{ syncing: true, stalledLately: false }, 'syncing'],
  [{ syncing: true, stalledLately: true }, 'degraded'],
  [{ syncing: false, stalledLately: false, check }, 'ok'],
  [{ syncing: false, stalledLately: false, check: { ...check, disk: 'warn' as const } }, 'ok'],
  [{ syncing: true, stalledLately: false, check: { ...check, disk: 'fail' as const } }, 'degraded'],
] as const)('C21: a node that knows %o calls itself %s', ([own, expected]) => {
  expect(decideCondition(own)).toBe(expected)
})
