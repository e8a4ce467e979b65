/**
 * Tests of escalation: failures that go up the tree.
 */
import { describe, expect, test } from 'vitest'
import { decide, escalate, type Policy, restart, resume, stopping } from '../../src/kernel/index.ts'
import { act, scripted } from './scripted-actor.ts'
import { boom, gate, world } from './scripted-world.ts'

describe('escalation', () => {
  test('SV-28: the parent fails with the cause and decides; the child is held', async () => {
    const { kit, journal, family, failures } = await world()
    const verdict = gate<Policy>()
    const { parent, child } = await family(
      { supervise: decide(() => verdict.promise) },
      { supervise: escalate() },
    )
    child.fail(boom)
    child.note('held')
    parent.note('held too')
    await kit.settle()
    expect(journal).toEqual([])
    verdict.resolve(resume())
    await kit.settle()
    expect(journal.toSorted()).toEqual(['child held', 'parent held too'])
    expect(failures.map(({ error, directive }) => [error, directive])).toEqual([
      [boom, 'escalate'],
      [boom, 'resume'],
    ])
  })

  test.for([
    {
      policy: 'restart',
      supervise: restart(),
      after: [
        'parent preRestart boom',
        'child postStop',
        'child dispose',
        'parent dispose',
        'parent starts 2',
      ],
    },
    {
      policy: 'stop',
      supervise: stopping(),
      after: ['child postStop', 'child dispose', 'parent postStop', 'parent dispose'],
    },
    {
      policy: 'restart and keep children',
      supervise: restart({ children: 'keep' }),
      after: [
        'parent preRestart boom',
        'parent dispose',
        'child preRestart boom',
        'child dispose',
        'parent starts 2',
        'child starts 2',
      ],
    },
  ])('SV-28: what "$policy" of the parent makes of its child', async ({ supervise, after }) => {
    const { kit, journal, family } = await world()
    const { child } = await family({ supervise }, { supervise: escalate() })
    child.fail(boom)
    await kit.settle()
    expect(journal.toSorted()).toEqual(after.toSorted())
  })

  test('two children that escalate at once are decided one after the other', async () => {
    const { kit, journal } = await world()
    const seen: string[] = []
    const supervise: Policy = (error) => {
      seen.push((error as Error).message)
      return seen.length === 1 ? resume()(error) : restart()(error)
    }
    const parent = kit.spawn(scripted(journal, { name: 'parent', supervise }))
    parent.act(
      act((ctx) => {
        for (const name of ['one', 'two']) {
          const child = ctx.spawn(scripted(journal, { name, supervise: escalate() }))
          child.fail(new Error(name))
          child.note('goes on')
        }
      }),
    )
    await kit.settle()
    expect(seen.toSorted()).toEqual(['one', 'two'])
    const [first, second] = seen
    expect(journal).toContain(`parent preRestart ${second}`)
    expect(journal).toContain(`${first} postStop`)
    expect(journal).not.toContain(`${second} goes on`)
  })

  test('SV-28: grandchildren are held as well, and go on when the parent resumes', async () => {
    const { kit, journal, family } = await world()
    const verdict = gate<Policy>()
    const { child } = await family(
      { supervise: decide(() => verdict.promise) },
      { supervise: escalate() },
    )
    const born = child.call(act((ctx) => ctx.spawn(scripted(journal, { name: 'grand' }))))
    const grand = (await kit.run(born)) as typeof child
    await kit.settle()
    child.fail(boom)
    await kit.settle()
    grand.note('waits')
    await kit.settle()
    expect(journal).not.toContain('grand waits')
    verdict.resolve(resume())
    await kit.settle()
    expect(journal).toContain('grand waits')
  })

  test('SV-28: a child that escalated to a busy parent holds its own children', async () => {
    const { kit, journal, family } = await world()
    const go = gate()
    const { parent, child } = await family({ supervise: resume() }, { supervise: escalate() })
    const born = child.call(act((ctx) => ctx.spawn(scripted(journal, { name: 'grand' }))))
    const grand = (await kit.run(born)) as typeof child
    parent.act(act(() => go.promise))
    await kit.settle()
    child.fail(boom)
    await kit.settle()
    grand.note('held')
    await kit.settle()
    expect(journal).not.toContain('grand held')
    go.resolve()
    await kit.settle()
    expect(journal).toContain('grand held')
  })

  test('SV-29: at the root the failed child is restarted and its siblings go on', async () => {
    const { kit, journal } = await world()
    const ref = kit.spawn(scripted(journal, { supervise: escalate() }))
    const sibling = kit.spawn(scripted(journal, { name: 'sibling' }))
    ref.note('1')
    ref.fail(boom)
    ref.note('2')
    sibling.note('lives')
    await kit.settle()
    expect(journal.filter((line) => line.startsWith('a '))).toEqual([
      'a starts 1',
      'a 1',
      'a preRestart boom',
      'a dispose',
      'a starts 2',
      'a 2',
    ])
    expect(journal.filter((line) => line.startsWith('sibling'))).toEqual([
      'sibling starts 1',
      'sibling lives',
    ])
  })

  test('SV-29: when the root gives up the system ends, with the cause', async () => {
    const { kit, journal } = await world({ supervise: restart({ max: 1, within: '1s' }) })
    const def = scripted(journal, { supervise: escalate() })
    kit.spawn(def).fail(boom)
    await kit.settle()
    const last = new Error('last')
    kit.spawn(def).fail(last)
    expect(await kit.run(kit.system.whenTerminated)).toEqual({ reason: 'failed', cause: last })
    expect(() => kit.spawn(def)).toThrow(expect.objectContaining({ code: 'system_terminated' }))
  })

  test('a child that escalates while it starts makes its parent fail', async () => {
    const { kit, journal, family } = await world()
    const { parent } = await family({ supervise: restart() }, {})
    const broken = scripted(journal, {
      name: 'broken',
      supervise: escalate(),
      onStart: () => {
        throw boom
      },
    })
    parent.act(act((ctx) => void ctx.spawn(broken)))
    await kit.settle()
    expect(journal).toContain('parent preRestart boom')
  })
})
