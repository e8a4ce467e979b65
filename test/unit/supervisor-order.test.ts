/**
 * Tests of a supervisor’s order: how it starts and stops, and when it stops by itself.
 */
import { describe, expect, test } from 'vitest'
import { supervisor } from '../../src/kernel/index.ts'
import { act, scripted } from './scripted-actor.ts'
import { boom, gate } from './scripted-world.ts'
import { tree } from './supervised-tree.ts'

describe('order', () => {
  test('ST-1: children start in order, one after the other, and stop in reverse', async () => {
    const { kit, journal, spec } = await tree()
    const go = gate()
    const sup = kit.spawn(
      supervisor({
        children: [
          spec('one', {}, { onStart: () => go.promise.then(() => void journal.push('one ready')) }),
          spec('two'),
          spec(
            'three',
            {},
            {
              signals: {
                postStop: () => go.promise.then(() => void journal.push('three postStop')),
              },
            },
          ),
        ],
      }),
    )
    await kit.settle()
    expect(journal).toEqual(['one starts 1'])
    go.resolve()
    await kit.settle()
    await kit.run(kit.system.stop(sup))
    expect(journal.filter((line) => !line.endsWith('dispose'))).toEqual([
      'one starts 1',
      'one ready',
      'two starts 1',
      'three starts 1',
      'three postStop',
      'two postStop',
      'one postStop',
    ])
  })

  test('ST-2: a child that does not start stops those before it; the cause is heard', async () => {
    const { kit, journal, spec } = await tree()
    const causes: unknown[] = []
    const parent = kit.spawn(
      scripted(journal, {
        name: 'parent',
        signals: { terminated: (_state, { cause }) => void causes.push(cause) },
      }),
    )
    const onStart = (): void => {
      throw boom
    }
    const def = supervisor({
      children: [spec('one'), spec('two'), spec('bad', {}, { onStart }), spec('never')],
    })
    parent.act(act((ctx) => ctx.watch(ctx.spawn(def))))
    await kit.settle()
    expect(journal).toEqual([
      'parent starts 1',
      'one starts 1',
      'two starts 1',
      'bad starts 1',
      'two postStop',
      'two dispose',
      'one postStop',
      'one dispose',
    ])
    expect(causes).toMatchObject([{ code: 'child_start_failed', cause: boom }])
  })

  test('a supervisor that is stopped while a child starts stops without the rest', async () => {
    const { kit, journal, spec } = await tree()
    const sup = kit.spawn(
      supervisor({
        children: [spec('one'), spec('slow', {}, { onStart: () => gate().promise }), spec('never')],
      }),
    )
    await kit.settle()
    await kit.run(kit.system.stop(sup, { grace: 100 }))
    expect(kit.clock.now()).toBe(100)
    expect(journal).toEqual(['one starts 1', 'slow starts 1', 'one postStop', 'one dispose'])
  })

  test('ST-19: a child that ends by itself while its supervisor ends holds up nobody', async () => {
    const { kit, spec, supervise, child, lives } = await tree()
    const sup = await supervise({ children: [spec('one'), spec('two'), spec('three')] })
    const supervisorEnds = kit.system.stop(sup)
    child('one').act(act((ctx) => ctx.stop()))
    child('two').fail(boom)
    await kit.run(supervisorEnds)
    expect(lives().filter((line) => line.includes('starts'))).toEqual([])
    expect(kit.system.find('/sup')).toBeNull()
  })

  test('ST-19: a child that unlinks and unwatches its supervisor is stopped with it', async () => {
    const { kit, spec, supervise, child, lives } = await tree()
    const sup = await supervise({ children: [spec('one')] })
    child('one').act(
      act((ctx) => {
        ctx.link(sup)
        ctx.unlink(sup)
        ctx.unwatch(sup)
      }),
    )
    await kit.run(kit.system.stop(sup))
    expect(lives()).toEqual(['one postStop'])
  })
})

describe('ends of a supervisor', () => {
  test.for([
    { what: 'a worker with infinity', more: { shutdown: 'infinity' } },
    { what: 'a supervisor without a word', more: { type: 'supervisor' } },
  ] as const)('ST-16: $what may take as long as it takes', async ({ more }) => {
    const { kit, spec, supervise, child, watch, journal } = await tree()
    const sup = await supervise({ children: [spec('x', more)] })
    const go = gate()
    watch(child('x'))
    child('x').act(act(() => go.promise))
    await kit.settle()
    const end = kit.system.stop(sup)
    await kit.advance('1h')
    expect(kit.system.find('/sup/x')).not.toBeNull()
    go.resolve()
    await kit.run(end)
    await kit.settle()
    expect(journal).toContain('watcher hears x shutdown')
  })

  test.for([
    { shutdown: 300, takesMs: 300, heard: 'killed' },
    { shutdown: undefined, takesMs: 5_000, heard: 'killed' },
    { shutdown: 'brutal', takesMs: 0, heard: 'killed' },
  ] as const)('ST-16: a child that never ends is killed after $shutdown', async (row) => {
    const { kit, spec, supervise, child, watch, journal } = await tree()
    const { shutdown, takesMs, heard } = row
    const sup = await supervise({
      children: [spec('x', shutdown === undefined ? {} : { shutdown })],
    })
    watch(child('x'))
    child('x').act(act(() => gate().promise))
    await kit.settle()
    await kit.run(kit.system.stop(sup))
    await kit.settle()
    expect(kit.clock.now()).toBe(takesMs)
    expect(journal).toContain(`watcher hears x ${heard}`)
  })

  test('ST-16: an explicit grace for the supervisor limits its children as well', async () => {
    const { kit, spec, supervise, child } = await tree()
    const sup = await supervise({ children: [spec('x', { shutdown: 'infinity' })] })
    child('x').act(act(() => gate().promise))
    await kit.settle()
    await kit.run(kit.system.stop(sup, { grace: 250 }))
    expect(kit.clock.now()).toBe(250)
  })

  test.for([
    { mode: 'any', ends: ['s1'], stops: true },
    { mode: 'any', ends: ['plain'], stops: false },
    { mode: 'all', ends: ['s1'], stops: false },
    { mode: 'all', ends: ['s1', 's2'], stops: true },
  ] as const)('ST-17: $mode, after the end of $ends the supervisor stops: $stops', async (row) => {
    const { kit, spec, supervise, child, watch, journal } = await tree()
    const significant = { restart: 'transient', significant: true } as const
    const sup = await supervise({
      autoShutdown: row.mode,
      children: [
        spec('plain', { restart: 'transient' }),
        spec('s1', significant),
        spec('s2', significant),
      ],
    })
    watch(sup)
    await kit.settle()
    for (const id of row.ends) child(id).act(act((ctx) => ctx.stop()))
    await kit.settle()
    expect(journal.includes('watcher hears sup shutdown')).toBe(row.stops)
  })

  test('ST-17: what the supervisor ends itself, or restarts, does not trigger it', async () => {
    const { kit, spec, supervise, child } = await tree()
    const significant = { restart: 'transient', significant: true } as const
    const sup = await supervise({
      strategy: 'one-for-all',
      autoShutdown: 'any',
      children: [spec('a', significant), spec('b', significant)],
    })
    child('a').fail(boom)
    await kit.settle()
    await kit.run(sup.terminateChild({ id: 'b' }))
    await kit.settle()
    expect(kit.system.find('/sup')).toBe(sup)
  })
})
