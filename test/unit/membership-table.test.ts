/**
 * Membership table: records, running sums, and clones that share storage until they differ.
 */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MemberRecord } from '../../protocols/membership.ts'
import { MemberTable, Roster, bucketOfId } from '../../src/model/membership-table.ts'

const record = fc.record<MemberRecord>({
  id: fc.integer({ min: 0, max: 99 }).map((n) => `node-${n}`),
  incarnation: fc.integer({ min: 0, max: 2 ** 52 }),
  liveness: fc.constantFrom('alive', 'suspect', 'dead', 'left'),
  sinceMs: fc.nat(),
  card: fc.record({
    name: fc.constant('n'),
    addresses: fc.constant([]),
    zone: fc.constant('z'),
    weight: fc.constant(1),
    capabilities: fc.constant([]),
    version: fc.constant('1'),
    admin: fc.constantFrom('open', 'draining', 'maintenance'),
    condition: fc.constantFrom('ok', 'degraded', 'syncing'),
    revision: fc.nat(5),
  }),
})
type Change = { readonly set: MemberRecord } | { readonly remove: string }
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: record.map((set) => ({ set })) },
  { weight: 1, arbitrary: record.map(({ id }) => ({ remove: id })) },
)
const changes = fc.array(change, { maxLength: 60 })

function apply(table: MemberTable, list: readonly Change[]): void {
  for (const step of list) {
    if ('set' in step) table.set(step.set)
    else table.delete(step.remove)
  }
}

function contents(table: MemberTable): readonly MemberRecord[] {
  return [...table].toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

/** The same records, entered in the order of their ids into a fresh table. */
function rebuilt(table: MemberTable): MemberTable {
  const copy = new MemberTable()
  for (const member of contents(table)) copy.set(member)
  return copy
}

describe('sums over the records', () => {
  test('CM-1: equal records give equal hashes, whatever happened before', () => {
    fc.assert(
      fc.property(changes, (list) => {
        const table = new MemberTable()
        apply(table, list)
        const again = rebuilt(table)
        expect(table.stateHash).toBe(again.stateHash)
        expect(table.viewHash).toBe(again.viewHash)
        expect(table.bucketSums(8)).toEqual(again.bucketSums(8))
        expect(table.size).toBe(
          contents(table).filter(({ liveness }) => liveness === 'alive' || liveness === 'suspect')
            .length,
        )
      }),
    )
  })

  test('coarse buckets are the sums of the fine ones', () => {
    fc.assert(
      fc.property(changes, fc.integer({ min: 0, max: 7 }), (list, bits) => {
        const table = new MemberTable()
        apply(table, list)
        const fine = table.bucketSums(bits + 1)
        const coarse = table.bucketSums(bits)
        for (let at = 0; at < coarse.length / 2; at += 1) {
          expect(coarse[at * 2]).toBe((fine[at * 4]! + fine[at * 4 + 2]!) >>> 0)
        }
      }),
    )
  })

  test('one changed record changes the sums of its own bucket only', () => {
    const table = new MemberTable()
    for (let n = 0; n < 40; n += 1) table.set(member(`node-${n}`))
    const before = table.bucketSums(4)
    table.set(member('node-7', { incarnation: 2 }))
    const after = table.bucketSums(4)
    const changed = new Set(before.flatMap((sum, at) => (sum === after[at] ? [] : at >> 1)))
    expect([...changed]).toEqual([bucketOfId('node-7', 4)])
  })

  test('the view hash sees who is present and open, and neither condition nor suspicion', () => {
    const table = new MemberTable()
    table.set(member('a'))
    table.set(member('b'))
    const { viewHash } = table
    table.set(member('a', { liveness: 'suspect', incarnation: 3 }))
    table.set(member('b', { card: { ...card, condition: 'degraded', revision: 4 } }))
    expect(table.viewHash).toBe(viewHash)
    table.set(member('b', { card: { ...card, admin: 'draining', revision: 5 } }))
    expect(table.viewHash).not.toBe(viewHash)
    table.set(member('b', { card: { ...card, revision: 6 } }))
    expect(table.viewHash).toBe(viewHash)
    table.set(member('a', { liveness: 'dead', incarnation: 3 }))
    expect(table.viewHash).not.toBe(viewHash)
  })
})

describe('clones', () => {
  test('a clone and its original never see what the other does afterwards', () => {
    fc.assert(
      fc.property(changes, changes, changes, (before, left, right) => {
        const original = new MemberTable(new Roster(true))
        apply(original, before)
        const clone = original.clone()
        apply(original, left)
        apply(clone, right)
        const expectedLeft = new MemberTable()
        apply(expectedLeft, [...before, ...left])
        const expectedRight = new MemberTable()
        apply(expectedRight, [...before, ...right])
        expect(contents(original)).toEqual(contents(expectedLeft))
        expect(contents(clone)).toEqual(contents(expectedRight))
        expect(original.stateHash).toBe(expectedLeft.stateHash)
        expect(clone.stateHash).toBe(expectedRight.stateHash)
      }),
    )
  })

  test('CM-5: slots of forgotten members are used again', () => {
    const table = new MemberTable()
    for (let n = 0; n < 1_000; n += 1) {
      table.set(member(`passing-${n}`))
      table.delete(`passing-${n}`)
    }
    expect(table.slots).toBe(1)
  })
})

const card: MemberRecord['card'] = {
  name: 'n',
  addresses: [],
  zone: 'z',
  weight: 1,
  capabilities: [],
  version: '1',
  admin: 'open',
  condition: 'ok',
  revision: 0,
}

function member(id: string, change: Partial<MemberRecord> = {}): MemberRecord {
  return { id, incarnation: 1, liveness: 'alive', sinceMs: 0, card, ...change }
}
