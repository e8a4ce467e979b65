/**
 * Group tests: who is a member, how often, and for how long.
 */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { actor, type AnyRef, protocol, tell } from '../../src/kernel/index.ts'
import { testSystem } from '../../src/testing/index.ts'

const Member = protocol('test.member/1', { noop: tell() })
const member = actor(Member, { state: () => null, on: { noop: () => {} } })

async function open(name = 'here') {
  const kit = await testSystem({ seed: 6, name, log: false })
  const spawn = (at: string): AnyRef => kit.system.spawn(member, undefined, { name: at })
  return { kit, groups: kit.system.groups, spawn }
}

describe('groups', () => {
  test('RG-4: who joined k times is a member k times, and leaves once per join', async () => {
    const { kit, groups, spawn } = await open()
    const [a, b] = [spawn('a'), spawn('b')]
    groups.join('g', a)
    groups.join('g', a)
    groups.join('g', b)
    expect(groups.members('g')).toEqual([a, a, b])
    groups.leave('g', a)
    expect(groups.members('g')).toEqual([a, b])
    groups.leave('g', a)
    expect(groups.members('g')).toEqual([b])
    await kit.stop()
  })

  test('RG-4: leaving without having joined is refused as not_joined', async () => {
    const { kit, groups, spawn } = await open()
    const [a, b] = [spawn('a'), spawn('b')]
    groups.join('g', a)
    for (const [group, ref] of [
      ['g', b],
      ['other', a],
    ] as const) {
      expect(() => groups.leave(group, ref)).toThrow(
        expect.objectContaining({ code: 'not_joined' }),
      )
    }
    await kit.stop()
  })

  test('RG-4: only actors of this system may join', async () => {
    const { kit, groups } = await open()
    const far = await open('far')
    expect(() => groups.join('g', far.spawn('a'))).toThrow(
      expect.objectContaining({ code: 'not_local' }),
    )
    expect(groups.names).toEqual([])
    await kit.stop()
    await far.kit.stop()
  })

  test('RG-4: the dead leave altogether, cannot join, and an empty group vanishes', async () => {
    const { kit, groups, spawn } = await open()
    const a = spawn('a')
    groups.join('g', a)
    groups.join('g', a)
    groups.join('h', a)
    expect(groups.names).toEqual(['g', 'h'])
    await kit.run(kit.system.stop(a))
    expect([groups.members('g'), groups.names]).toEqual([[], []])
    expect(() => groups.join('g', a)).toThrow(expect.objectContaining({ code: 'no_such_actor' }))
    await kit.stop()
  })

  test('a subscriber hears the members now and after each change', async () => {
    const { kit, groups, spawn } = await open()
    const a = spawn('a')
    groups.join('g', a)
    const sizes: number[] = []
    const leave = groups.subscribe('g', (members) => void sizes.push(members.length))
    groups.join('g', a)
    groups.join('other', a)
    await kit.run(kit.system.stop(a))
    leave()
    groups.join('g', spawn('b'))
    expect(sizes).toEqual([1, 2, 0])
    await kit.stop()
  })

  test('RG-5: what another node lists goes with it and comes back in union', async () => {
    const here = await open()
    const far = await open('far')
    const [mine, theirs, late] = [here.spawn('m'), far.spawn('t'), far.spawn('l')]
    here.groups.join('g', mine)
    far.groups.join('g', theirs)
    far.groups.join('g', theirs)
    here.groups.replaceNode('far', far.groups.local)
    far.groups.replaceNode('here', here.groups.local)
    expect(here.groups.members('g')).toEqual([mine, theirs, theirs])
    expect(far.groups.members('g')).toEqual([theirs, theirs, mine])
    expect(here.groups.localMembers('g')).toEqual([mine])
    // The sides part, change on their own, and meet again.
    here.groups.dropNode('far')
    far.groups.dropNode('here')
    here.groups.join('g', mine)
    far.groups.leave('g', theirs)
    far.groups.join('g', late)
    expect([here.groups.members('g'), far.groups.members('g')]).toEqual([
      [mine, mine],
      [theirs, late],
    ])
    here.groups.replaceNode('far', far.groups.local)
    far.groups.replaceNode('here', here.groups.local)
    const union = [mine, mine, theirs, late].map(String).toSorted()
    expect(here.groups.members('g').map(String).toSorted()).toEqual(union)
    expect(far.groups.members('g').map(String).toSorted()).toEqual(union)
    await here.kit.stop()
    await far.kit.stop()
  })

  test('RG-4: whatever joins, leaves and ends, a plain list of joins says the same', async () => {
    const step = fc.record({
      act: fc.constantFrom('join', 'join', 'leave', 'end'),
      group: fc.constantFrom('g', 'h'),
      who: fc.nat(4),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { kit, groups, spawn } = await open()
        const actors = Array.from({ length: 5 }, (_, n) => spawn(`a${n}`))
        let joins: { group: string; who: number }[] = []
        const dead = new Set<number>()
        let surprises = 0
        for (const { act, group, who } of steps) {
          const ref = actors[who] as AnyRef
          if (act === 'end') {
            await kit.run(kit.system.stop(ref))
            dead.add(who)
            joins = joins.filter((join) => join.who !== who)
          } else if (dead.has(who)) continue
          else if (act === 'join') {
            groups.join(group, ref)
            joins.push({ group, who })
          } else {
            const at = joins.findIndex((join) => join.group === group && join.who === who)
            let left = true
            try {
              groups.leave(group, ref)
            } catch {
              left = false
            }
            surprises += left === at >= 0 ? 0 : 1
            if (left) joins.splice(at, 1)
          }
        }
        expect(surprises).toBe(0)
        for (const group of ['g', 'h']) {
          const expected = joins
            .filter((join) => join.group === group)
            .map(({ who }) => actors[who])
          expect(groups.members(group).map(String).toSorted()).toEqual(
            expected.map(String).toSorted(),
          )
        }
        expect(groups.names.toSorted()).toEqual([...new Set(joins.map((j) => j.group))].toSorted())
        await kit.stop()
      }),
      { numRuns: 50 },
    )
  })
})
