/**
 * Tests of a supervisor’s budgets: how often it restarts, tries again, and what it reports.
 */
import { describe, expect, test } from 'vitest'
import { type ChildSpec, restart, supervisor, type SupervisorSpec } from '../../src/kernel/index.ts'
import { act, scripted, type ScriptContext, type ScriptRef } from './scripted-actor.ts'
import { boom, gate } from './scripted-world.ts'
import { tree } from './supervised-tree.ts'

describe('budgets', () => {
  test('C2: without numbers each child has ten restarts in ten seconds of its own', async () => {
    const { kit, spec, supervise, child, decided, alive } = await tree()
    const sup = await supervise({ children: [spec('a'), spec('b')] })
    for (let i = 0; i < 10; i++) {
      child('a').fail(boom)
      child('b').fail(boom)
      await kit.settle()
    }
    expect(alive(sup)).toBe(true)
    expect(decided.map(({ count }) => count).slice(-2)).toEqual([10, 10])
    child('a').fail(boom)
    await kit.settle()
    expect(alive(sup)).toBe(false)
    expect(decided.at(-1)).toMatchObject({ child: 'a', action: 'give-up', count: 11 })
  })

  test.for<{ given: SupervisorSpec; restarts: number; withinMs: number }>([
    { given: { intensity: 2 }, restarts: 2, withinMs: 5_000 },
    { given: { period: '1s' }, restarts: 1, withinMs: 1_000 },
    { given: { intensity: 0 }, restarts: 0, withinMs: 5_000 },
    { given: { intensity: 3, period: '1min' }, restarts: 3, withinMs: 60_000 },
  ])('ST-7: $given allows $restarts restarts of all children together', async (row) => {
    const { kit, spec, supervise, child, alive } = await tree()
    const { given, restarts, withinMs } = row
    const ids = ['a', 'b', 'c', 'd']
    const sup = await supervise({ ...given, children: ids.map((id) => spec(id)) })
    for (const id of ids.slice(0, restarts)) child(id).fail(boom)
    await kit.settle()
    expect(alive(sup)).toBe(true)
    // A millisecond after the window, all of it is free again.
    await kit.advance(withinMs + 1)
    for (const id of ids.slice(0, restarts)) child(id).fail(boom)
    await kit.settle()
    expect(alive(sup)).toBe(true)
    await kit.advance(withinMs)
    child('d').fail(boom)
    await kit.settle()
    expect(alive(sup)).toBe(false)
  })

  test('a child may have a budget of its own beside that of the group', async () => {
    const { kit, spec, supervise, child, alive } = await tree()
    const restarts = { max: 1, within: '1min' } as const
    const sup = await supervise({
      intensity: 100,
      children: [spec('a', { restarts }), spec('b')],
    })
    for (let i = 0; i < 20; i++) {
      child('b').fail(boom)
      await kit.settle()
    }
    child('a').fail(boom)
    await kit.settle()
    expect(alive(sup)).toBe(true)
    child('a').fail(boom)
    await kit.settle()
    expect(alive(sup)).toBe(false)
  })

  test('when the budget is gone the supervisor fails with the cause', async () => {
    const { kit, spec, journal } = await tree()
    const causes: unknown[] = []
    const parent = kit.spawn(
      scripted(journal, {
        name: 'parent',
        signals: { terminated: (_state, { cause }) => void causes.push(cause) },
      }),
    )
    const def = supervisor({ intensity: 0, children: [spec('a'), spec('b'), spec('c')] })
    parent.act(act((ctx) => ctx.watch(ctx.spawn(def, undefined, { name: 'sup' }))))
    await kit.settle()
    const b = kit.system.find(`${kit.system.cellOf(parent).path}/sup/b`) as ScriptRef
    journal.length = 0
    b.fail(boom)
    await kit.settle()
    expect(journal.filter((line) => line.endsWith('postStop'))).toEqual([
      'b postStop',
      'c postStop',
      'a postStop',
    ])
    expect(causes).toMatchObject([
      { code: 'restarts_exhausted', cause: boom, detail: { id: 'b', count: 1 } },
    ])
  })

  test('ST-9: above an exhausted supervisor, static children are back, others gone', async () => {
    const { kit, spec, supervise, journal, child, lives } = await tree()
    const inner = (id: string): ChildSpec => ({
      id,
      start: supervisor({ intensity: 1, children: [spec(`${id}-worker`)] }),
    })
    await supervise({ strategy: 'one-for-all', children: [inner('left'), inner('right')] })
    const left = child('left') as unknown as Awaited<ReturnType<typeof supervise>>
    await kit.run(left.startChild(spec('extra')))
    const worker = (side: string) =>
      kit.system.find(`/sup/${side}/${side}-worker`) as ReturnType<typeof child>
    worker('left').fail(boom)
    await kit.settle()
    journal.length = 0
    const before = worker('right')
    worker('left').fail(boom)
    await kit.settle()
    expect(lives()).toEqual(
      [
        'left-worker postStop',
        'right-worker postStop',
        'extra postStop',
        'left-worker starts 1',
        'right-worker starts 1',
      ].toSorted((a, b) => lives().indexOf(a) - lives().indexOf(b)),
    )
    expect(lives().slice(-2)).toEqual(['left-worker starts 1', 'right-worker starts 1'])
    expect(worker('right')).not.toBe(before)
    expect(kit.system.find('/sup/left/extra')).toBeNull()
    expect(child('left')).toBe(left)
  })

  test('a supervisor may itself be restarted by a policy of its spawn', async () => {
    const { kit, spec, child, journal } = await tree()
    const def = supervisor({ intensity: 0, children: [spec('a')] })
    kit.spawn(def, undefined, { name: 'sup', supervise: restart({ max: 1 }) })
    await kit.settle()
    child('a').fail(boom)
    await kit.settle()
    expect(journal).toEqual(['a starts 1', 'a postStop', 'a dispose', 'a starts 1'])
  })
})

describe('restarts that fail', () => {
  const failsAt =
    (...incarnations: readonly number[]) =>
    (ctx: ScriptContext): void => {
      if (incarnations.includes(ctx.incarnation)) throw new Error(`start ${ctx.incarnation}`)
    }

  test.for(['one-for-one', 'rest-for-one', 'one-for-all'] as const)(
    'ST-10: under %s a failed restart is tried again behind what waits for the supervisor',
    async (strategy) => {
      const { kit, spec, supervise, child, journal } = await tree()
      const starts = gate()
      const onStart = (ctx: ScriptContext): void | Promise<void> => {
        if (ctx.incarnation === 2) return starts.promise.then(() => Promise.reject(boom))
        return failsAt(3)(ctx)
      }
      const sup = await supervise({ strategy, children: [spec('x', {}, { onStart })] })
      child('x').fail(boom)
      await kit.settle()
      const counted = sup.countChildren().then((counts) => {
        journal.push(`counted ${counts.active}`)
        return counts
      })
      await kit.settle()
      starts.resolve()
      await kit.run(counted)
      await kit.settle()
      const order = journal.filter((line) => /starts|counted/.test(line))
      expect(order.indexOf('counted 0')).toBeLessThan(order.indexOf('x starts 3'))
      expect(order.at(-1)).toBe('x starts 4')
    },
  )

  test('ST-10: a failing restart uses up the budget, and then the supervisor fails', async () => {
    const { kit, spec, supervise, child, journal, alive } = await tree()
    const onStart = failsAt(2, 3, 4, 5, 6)
    const sup = await supervise({ intensity: 3, children: [spec('x', {}, { onStart })] })
    child('x').fail(boom)
    await kit.settle()
    expect(alive(sup)).toBe(false)
    expect(journal.filter((line) => line.includes('starts'))).toEqual([
      'x starts 2',
      'x starts 3',
      'x starts 4',
    ])
  })

  test.for([
    { strategy: 'rest-for-one', again: ['b starts 3', 'c starts 2'] },
    {
      strategy: 'one-for-all',
      again: ['a preRestart start 2', 'a starts 3', 'b starts 3', 'c starts 2'],
    },
  ] as const)('ST-11: $strategy tries again what it must: $again', async (row) => {
    const { kit, spec, supervise, child, lives } = await tree()
    await supervise({
      strategy: row.strategy,
      children: [spec('a'), spec('b', {}, { onStart: failsAt(2) }), spec('c')],
    })
    child('a').fail(boom)
    await kit.settle()
    expect(lives()).toEqual([
      'c preRestart boom',
      'b preRestart boom',
      'a preRestart boom',
      'a starts 2',
      'b starts 2',
      ...row.again,
    ])
  })

  test.for(['one-for-one', 'rest-for-one', 'one-for-all'] as const)(
    'under %s a supervisor can be stopped between two attempts',
    async (strategy) => {
      const { kit, spec, supervise, child, journal, alive } = await tree()
      const restarts = { backoff: { min: '1s', max: '1min', jitter: 0 } } as const
      const sup = await supervise({ strategy, children: [spec('x', { restarts })] })
      child('x').fail(boom)
      await kit.settle()
      expect(await kit.run(sup.whichChildren())).toMatchObject([{ id: 'x', child: 'restarting' }])
      await kit.run(kit.system.stop(sup))
      expect(kit.clock.now()).toBe(0)
      expect(kit.system.wheel.size).toBe(0)
      await kit.advance('1h')
      expect(alive(sup)).toBe(false)
      expect(journal).not.toContain('x starts 2')
    },
  )

  test.for(['one-for-one', 'rest-for-one', 'one-for-all'] as const)(
    'under %s the delays of the back-off grow, and messages wait meanwhile',
    async (strategy) => {
      const { kit, spec, supervise, child, journal } = await tree()
      const restarts = {
        max: 9,
        within: '1h',
        backoff: { min: 100, max: 1_000, jitter: 0 },
      } as const
      await supervise({ strategy, children: [spec('x', { restarts }, { onStart: failsAt(2, 3) })] })
      child('x').fail(boom)
      child('x').note('waits')
      const at: number[] = []
      kit.system.events.subscribe('actor.started', () => at.push(kit.clock.now()))
      await kit.advance('5s')
      expect(at).toEqual([700])
      expect(journal.slice(-2)).toEqual(['x starts 4', 'x waits'])
    },
  )
})

describe('reports', () => {
  test('ST-20: a failure is reported with path, child, reason, strategy and count', async () => {
    const { kit, spec, supervise, child, decided } = await tree()
    await supervise({
      strategy: 'rest-for-one',
      intensity: 2,
      children: [spec('x'), spec('t', { restart: 'temporary' })],
    })
    child('t').fail(boom)
    await kit.settle()
    for (let i = 0; i < 3; i++) {
      child('x').fail(boom)
      await kit.settle()
    }
    const report = {
      path: '/sup',
      child: 'x',
      reason: 'failed',
      error: boom,
      strategy: 'rest-for-one',
    }
    expect(decided).toEqual([
      { ...report, child: 't', count: 0, action: 'forget' },
      { ...report, count: 1, action: 'restart' },
      { ...report, count: 2, action: 'restart' },
      { ...report, count: 3, action: 'give-up' },
    ])
  })
})
