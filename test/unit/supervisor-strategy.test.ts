/**
 * Tests of strategies: whom a supervisor restarts, and when.
 */
import { describe, expect, test } from 'vitest'
import { resume, stopped, stopping } from '../../src/kernel/index.ts'
import { act, type ScriptContext } from './scripted-actor.ts'
import { boom, gate } from './scripted-world.ts'
import { tree } from './supervised-tree.ts'

describe('strategies', () => {
  const lateEnd: Record<string, readonly string[]> = {
    'one-for-one': ['b preRestart boom', 'b starts 2'],
    'one-for-all': [
      'd preRestart boom',
      'c preRestart boom',
      'b preRestart boom',
      'a preRestart boom',
      'a starts 2',
      'b starts 2',
      'c starts 2',
      'd starts 2',
    ],
    'rest-for-one': [
      'd preRestart boom',
      'c preRestart boom',
      'b preRestart boom',
      'b starts 2',
      'c starts 2',
      'd starts 2',
    ],
  }

  test.for([
    { rule: 'one-for-one', strategy: 'one-for-one' },
    { rule: 'ST-4', strategy: 'one-for-all' },
    { rule: 'ST-5', strategy: 'rest-for-one' },
  ] as const)('$rule: $strategy restarts in place, in order', async ({ strategy }) => {
    const { kit, spec, supervise, child, lives } = await tree()
    const ids = ['a', 'b', 'c', 'd']
    await supervise({ strategy, children: ids.map((id) => spec(id)) })
    const before = ids.map((id) => child(id))
    child('b').fail(boom)
    child('b').note('waited')
    await kit.settle()
    expect(lives()).toEqual(lateEnd[strategy])
    expect(ids.map((id) => child(id))).toEqual(before)
    expect(await kit.run(child('b').notes())).toEqual(['waited'])
  })

  test.for(['one-for-all', 'rest-for-one'] as const)(
    'ST-4: temporary siblings are stopped and not restarted under %s',
    async (strategy) => {
      const { kit, spec, supervise, child, lives } = await tree()
      await supervise({
        strategy,
        children: [spec('a'), spec('b', { restart: 'temporary' }), spec('c')],
      })
      child('a').fail(boom)
      await kit.settle()
      expect(lives()).toEqual([
        'c preRestart boom',
        'b postStop',
        'a preRestart boom',
        'a starts 2',
        'c starts 2',
      ])
      expect(kit.system.find('/sup/b')).toBeNull()
    },
  )

  test('two children of a group that fail at once are one restart of the group', async () => {
    const { kit, spec, supervise, child, decided, lives } = await tree()
    await supervise({ strategy: 'one-for-all', intensity: 1, children: [spec('a'), spec('b')] })
    child('a').fail(boom)
    child('b').fail(boom)
    await kit.settle()
    expect(decided).toHaveLength(1)
    expect(lives().slice(-2)).toEqual(['a starts 2', 'b starts 2'])
  })

  test('a transient child that had finished comes back with its group', async () => {
    const { kit, spec, supervise, child, lives } = await tree()
    await supervise({
      strategy: 'one-for-all',
      children: [spec('db'), spec('migration', { restart: 'transient' })],
    })
    child('migration').act(act((ctx) => ctx.stop()))
    await kit.settle()
    child('db').fail(boom)
    await kit.settle()
    expect(lives()).toEqual([
      'migration postStop',
      'db preRestart boom',
      'db starts 2',
      'migration starts 1',
    ])
  })

  test.for([
    { restart: 'permanent', end: 'normal', again: true },
    { restart: 'permanent', end: 'shutdown', again: true },
    { restart: 'permanent', end: 'failed', again: true },
    { restart: 'transient', end: 'normal', again: false },
    { restart: 'transient', end: 'shutdown', again: false },
    { restart: 'transient', end: 'failed', again: true },
    { restart: 'transient', end: 'killed', again: true },
    { restart: 'temporary', end: 'normal', again: false },
    { restart: 'temporary', end: 'failed', again: false },
  ] as const)(
    'ST-6: $restart child, end $end: restarted $again',
    async ({ restart, end, again }) => {
      const { kit, spec, supervise, child, journal } = await tree()
      const sup = await supervise({ children: [spec('x', { restart })] })
      const ref = child('x')
      const ends = {
        normal: () => ref.act(act((ctx) => ctx.stop())),
        shutdown: () => void kit.system.stop(ref),
        failed: () => ref.fail(boom),
        killed: () => {
          ref.act(act(() => gate().promise))
          void kit.settle().then(() => kit.system.stop(ref, { grace: 0 }))
        },
      }
      ends[end]()
      await kit.settle()
      await kit.settle()
      expect(journal.includes('x starts 2')).toBe(again)
      expect(kit.system.find('/sup/x')).toBe(again ? ref : null)
      const { specs } = await kit.run(sup.countChildren())
      expect(specs).toBe(restart === 'temporary' ? 0 : 1)
    },
  )

  test.for(['one-for-one', 'one-for-all'] as const)(
    'under %s a child that chooses not to run any more is left alone',
    async (strategy) => {
      const { kit, spec, supervise, child, journal, alive } = await tree()
      const onStart = (ctx: ScriptContext) => (ctx.incarnation > 1 ? stopped : undefined)
      const sup = await supervise({ strategy, children: [spec('x', {}, { onStart }), spec('y')] })
      child('x').fail(boom)
      await kit.settle()
      expect(journal.filter((line) => line.startsWith('x starts'))).toEqual(['x starts 2'])
      expect(kit.system.find('/sup/x')).toBeNull()
      expect([alive(sup), alive(child('y'))]).toEqual([true, true])
      expect(await kit.run(sup.whichChildren())).toMatchObject([{ child: undefined }, {}])
    },
  )

  test('a stop of a permanent child is over when that life is over', async () => {
    const { kit, spec, supervise, child, journal } = await tree()
    await supervise({ children: [spec('x')] })
    await kit.run(kit.system.stop(child('x')))
    await kit.settle()
    child('x').note('open again')
    await kit.settle()
    expect(journal).toEqual(['x postStop', 'x dispose', 'x starts 2', 'x open again'])
  })

  test('a child handles what its own policy can; the rest is for the supervisor', async () => {
    const { kit, spec, supervise, child, decided, lives } = await tree()
    const own = (error: unknown) =>
      error instanceof TypeError ? resume()(error) : stopping()(error)
    await supervise({ children: [spec('x', {}, { supervise: own })] })
    child('x').fail(new TypeError('mine'))
    await kit.settle()
    expect(decided).toEqual([])
    child('x').fail(boom)
    await kit.settle()
    expect(decided.map(({ action }) => action)).toEqual(['restart'])
    expect(lives()).toEqual(['x preRestart boom', 'x starts 2'])
  })

  test('a watcher of a supervised child hears nothing of its restarts', async () => {
    const { kit, spec, supervise, child, watch, journal } = await tree()
    const sup = await supervise({ children: [spec('x')] })
    watch(child('x'))
    await kit.settle()
    child('x').fail(boom)
    await kit.settle()
    void kit.system.stop(child('x'))
    await kit.settle()
    expect(journal.filter((line) => line.includes('hears'))).toEqual([])
    await kit.run(kit.system.stop(sup))
    await kit.settle()
    expect(journal.filter((line) => line.includes('hears'))).toEqual(['watcher hears x shutdown'])
  })
})
