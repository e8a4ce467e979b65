/**
 * Tests of failing parents: what becomes of their children, and what waits for a decision.
 */
import { describe, expect, test } from 'vitest'
import { decide, type Policy, restart, resume } from '../../src/kernel/index.ts'
import { act, scripted, type ScriptRef } from './scripted-actor.ts'
import { boom, gate, world } from './scripted-world.ts'

describe('restart of an actor with children', () => {
  test('SV-15: children have ended before the new factory runs; the rest waits', async () => {
    const { kit, journal, family } = await world()
    const go = gate()
    const { parent } = await family(
      { supervise: restart() },
      {
        signals: {
          postStop: () => go.promise.then(() => void journal.push('child postStop')),
        },
      },
    )
    const other = kit.spawn(scripted(journal, { name: 'other' }), undefined, { name: 'other' })
    parent.act(act((ctx) => ctx.watch(other)))
    await kit.settle()
    parent.fail(boom)
    parent.note('1')
    await kit.settle()
    await kit.run(kit.system.stop(other))
    parent.note('2')
    await kit.settle()
    go.resolve()
    await kit.settle()
    expect(journal.filter((line) => !line.startsWith('other'))).toEqual([
      'parent preRestart boom',
      'child postStop',
      'child dispose',
      'parent dispose',
      'parent starts 2',
      'parent 1',
      'parent hears other shutdown',
      'parent 2',
    ])
  })

  test('SV-15: an actor may declare that its children live through its restart', async () => {
    const { kit, journal, family } = await world()
    const { parent, child } = await family({ supervise: restart({ children: 'keep' }) }, {})
    parent.fail(boom)
    child.note('lives')
    await kit.settle()
    expect(journal.toSorted()).toEqual([
      'child lives',
      'parent dispose',
      'parent preRestart boom',
      'parent starts 2',
    ])
  })

  test('SV-17: a second failure stops the new children too; the rest waits on', async () => {
    const { kit, journal } = await world()
    const ref = kit.spawn(
      scripted(journal, {
        supervise: restart(),
        onStart: (ctx) => void ctx.spawn(scripted(journal, { name: `child${ctx.incarnation}` })),
      }),
    )
    await kit.settle()
    ref.fail(boom)
    ref.note('1')
    ref.fail(boom)
    ref.note('2')
    await kit.settle()
    expect(journal.filter((line) => /^a \d|postStop|a starts/.test(line))).toEqual([
      'a starts 1',
      'child1 postStop',
      'a starts 2',
      'a 1',
      'child2 postStop',
      'a starts 3',
      'a 2',
    ])
  })

  test.for([
    { how: 'watch', custom: false },
    { how: 'watchWith', custom: true },
  ])('SV-18: $how on a child that the restart stops says nothing, others survive', async (row) => {
    const { kit, journal, family } = await world()
    const { parent, child } = await family({ supervise: restart() }, {})
    const other = kit.spawn(scripted(journal, { name: 'other' }), undefined, { name: 'other' })
    parent.act(
      act((ctx) => {
        if (row.custom) ctx.watchWith(child, 'note', 'child ended')
        else ctx.watch(child)
        ctx.watch(other)
      }),
    )
    parent.fail(boom)
    await kit.settle()
    other.act(act((ctx) => ctx.stop()))
    await kit.settle()
    const heard = journal.filter((line) => line.startsWith('parent'))
    expect(heard.slice(-2)).toEqual(['parent starts 2', 'parent hears other normal'])
  })

  test('a child that is busy holds up the restart of its parent for its grace only', async () => {
    const { kit, journal, family } = await world()
    const { parent, child } = await family({ supervise: restart() }, {})
    child.act(act(() => gate().promise))
    await kit.settle()
    const end = kit.system.stop(child)
    parent.fail(boom)
    await kit.settle()
    expect(journal).toEqual(['parent preRestart boom'])
    await kit.run(end)
    await kit.settle()
    expect(kit.clock.now()).toBe(5_000)
    expect(journal.at(-1)).toBe('parent starts 2')
  })

  test('a stop in the middle of a restart wins, and postStop runs once', async () => {
    const { kit, journal, family } = await world()
    const go = gate()
    const { parent } = await family(
      { supervise: restart() },
      { signals: { postStop: () => go.promise } },
    )
    parent.fail(boom)
    await kit.settle()
    const end = kit.system.stop(parent)
    await kit.settle()
    go.resolve()
    await kit.run(end)
    expect(journal).toEqual([
      'parent preRestart boom',
      'child dispose',
      'parent postStop',
      'parent dispose',
    ])
  })
})

describe('waiting for a decision', () => {
  test('SV-30: until it is there neither actor nor children take a message', async () => {
    const { kit, journal, family } = await world()
    const verdict = gate<Policy>()
    const { parent, child } = await family({ supervise: decide(() => verdict.promise) }, {})
    parent.fail(boom)
    await kit.settle()
    parent.note('1')
    child.note('1')
    await kit.settle()
    expect(journal).toEqual([])
    verdict.resolve(resume())
    await kit.settle()
    expect(journal.toSorted()).toEqual(['child 1', 'parent 1'])
  })

  test('SV-30: after a restart the next failure holds the new children as well', async () => {
    const { kit, journal } = await world()
    const verdicts: ((policy: Policy) => void)[] = []
    const supervise = decide(() => new Promise<Policy>((resolve) => verdicts.push(resolve)))
    const ref = kit.spawn(
      scripted(journal, {
        supervise,
        onStart: (ctx) => {
          ctx.spawn(scripted(journal, { name: 'child' }), undefined, { name: 'child' })
        },
      }),
      undefined,
      { name: 'x' },
    )
    ref.fail(boom)
    await kit.settle()
    verdicts[0]?.(restart())
    await kit.settle()
    ref.fail(boom)
    await kit.settle()
    const child = kit.system.find('/x/child') as ScriptRef
    child.note('held')
    await kit.settle()
    expect(journal).not.toContain('child held')
    verdicts[1]?.(resume())
    await kit.settle()
    expect(journal).toContain('child held')
  })

  test('SV-30: a stop does not wait for the decision, which then changes nothing', async () => {
    const { kit, journal, family } = await world()
    const verdict = gate<Policy>()
    const { parent } = await family({ supervise: decide(() => verdict.promise) }, {})
    parent.fail(boom)
    await kit.settle()
    await kit.run(kit.system.stop(parent))
    const after = ['child postStop', 'child dispose', 'parent postStop', 'parent dispose']
    expect(journal).toEqual(after)
    verdict.resolve(restart())
    await kit.settle()
    expect(journal).toEqual(after)
  })

  test('a stop and the decision in one moment: the stop stands', async () => {
    const { kit, journal, family } = await world()
    const verdict = gate<Policy>()
    const { parent } = await family({ supervise: decide(() => verdict.promise) }, {})
    parent.fail(boom)
    await kit.settle()
    verdict.resolve(restart())
    await kit.run(kit.system.stop(parent))
    expect(journal.at(-1)).toBe('parent dispose')
    expect(journal).not.toContain('parent starts 2')
  })

  test('a stuck turn is abandoned: its context is taken away, the actor goes on', async () => {
    const { kit, journal } = await world()
    const go = gate()
    const late: unknown[] = []
    const ref = kit.spawn(scripted(journal, { supervise: resume(), turnDeadlineMs: 50 }))
    ref.act(
      act(async (ctx) => {
        await go.promise
        try {
          ctx.spawn(scripted(journal, { name: 'late' }))
        } catch (error) {
          late.push((error as { code: string }).code)
        }
      }),
    )
    ref.note('next')
    await kit.advance(50)
    expect(journal).toEqual(['a starts 1', 'a next'])
    go.resolve()
    await kit.settle()
    expect(late).toEqual(['stale_incarnation'])
    expect(await kit.run(ref.call(act((ctx) => ctx.incarnation)))).toBe(1)
  })
})
