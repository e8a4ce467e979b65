/**
 * Tests of Supervision: what can be asked of a supervisor, and what specifications it refuses.
 */
import { describe, expect, test } from 'vitest'
import { type ChildSpec, supervisor, type SupervisorSpec } from '../../src/kernel/index.ts'
import { act } from './scripted-actor.ts'
import { boom, gate } from './scripted-world.ts'
import { tree } from './supervised-tree.ts'

describe('specifications', () => {
  test.for<{ what: string; child: Record<string, unknown>; says: RegExp }>([
    { what: 'no id', child: { id: undefined }, says: /undefined/ },
    { what: 'an id that is no name', child: { id: 'a/b' }, says: /"a\/b"/ },
    { what: 'no start', child: { start: undefined }, says: /x has no start/ },
    { what: 'an unknown restart type', child: { restart: 'always' }, says: /"always"/ },
    { what: 'an unknown type', child: { type: 'boss' }, says: /"boss"/ },
    { what: 'a negative grace', child: { shutdown: -1 }, says: /shutdown of -1/ },
    { what: 'a grace that is no number', child: { shutdown: Number.NaN }, says: /shutdown of NaN/ },
    { what: 'significant and permanent', child: { significant: true }, says: /permanent/ },
  ])('ST-14: $what is refused where it is declared', async ({ child, says }) => {
    const { spec } = await tree()
    const bad = { ...spec('x'), ...child } as ChildSpec
    const declare = () => supervisor({ autoShutdown: 'any', children: [bad] })
    expect(declare).toThrow(expect.objectContaining({ code: 'invalid_child_spec' }))
    expect(declare).toThrow(says)
  })

  test('ST-14: two children with one id are refused', async () => {
    const { spec } = await tree()
    const declare = () => supervisor({ children: [spec('x'), spec('y'), spec('x')] })
    expect(declare).toThrow(/x is declared twice/)
  })

  test('ST-14: a significant child needs a supervisor that heeds it', async () => {
    const { spec } = await tree()
    const declare = () =>
      supervisor({ children: [spec('x', { restart: 'transient', significant: true })] })
    expect(declare).toThrow(/autoShutdown is never/)
  })

  test.for<Record<string, unknown>>([
    { strategy: 'some-for-one' },
    { intensity: -1 },
    { intensity: Number.NaN },
    { period: 0 },
    { autoShutdown: 'sometimes' },
  ])('ST-14: a supervisor with %j is refused', (options) => {
    expect(() => supervisor(options as SupervisorSpec)).toThrow(
      expect.objectContaining({ code: 'invalid_supervisor_spec' }),
    )
  })

  test('ST-14: bad limits of a child are refused as well', async () => {
    const { spec } = await tree()
    expect(() => supervisor({ children: [spec('x', { restarts: { max: -1 } })] })).toThrow(
      expect.objectContaining({ code: 'invalid_policy' }),
    )
    expect(() => supervisor({ children: [spec('x', { mailbox: { capacity: 0 } })] })).toThrow(
      expect.objectContaining({ code: 'invalid_option' }),
    )
  })
})

describe('startChild', () => {
  test('a child is added after all others and stopped before them', async () => {
    const { kit, spec, supervise, lives, child } = await tree()
    const sup = await supervise({ children: [spec('a')] })
    const ref = await kit.run(sup.startChild(spec('b')))
    expect(ref).toBe(child('b'))
    await kit.run(kit.system.stop(sup))
    expect(lives()).toEqual(['b starts 1', 'b postStop', 'a postStop'])
  })

  test('ST-12: an id that runs is refused with its ref, one that ended as present', async () => {
    const { kit, spec, supervise, child } = await tree()
    const sup = await supervise({ children: [spec('a')] })
    await expect(kit.run(sup.startChild(spec('a')))).rejects.toMatchObject({
      code: 'already_started',
      detail: { id: 'a', child: child('a') },
    })
    await kit.run(sup.terminateChild({ id: 'a' }))
    await expect(kit.run(sup.startChild(spec('a')))).rejects.toMatchObject({
      code: 'already_present',
    })
  })

  test('a child that cannot be started is refused with the cause and forgotten', async () => {
    const { kit, spec, supervise, alive } = await tree()
    const sup = await supervise({ children: [] })
    const bad = spec('x', {}, { onStart: () => Promise.reject(boom) })
    await expect(kit.run(sup.startChild(bad))).rejects.toMatchObject({
      code: 'child_start_failed',
      cause: boom,
    })
    expect(await kit.run(sup.whichChildren())).toEqual([])
    expect(alive(sup)).toBe(true)
    await kit.run(sup.startChild(spec('x')))
  })

  test('ST-14: a bad specification is refused and the supervisor goes on', async () => {
    const { kit, spec, supervise, alive } = await tree()
    const sup = await supervise({ children: [] })
    const bad = spec('x', { shutdown: -5 })
    await expect(kit.run(sup.startChild(bad))).rejects.toMatchObject({ code: 'invalid_child_spec' })
    const nothing = undefined as unknown as ChildSpec
    await expect(kit.run(sup.startChild(nothing))).rejects.toMatchObject({
      code: 'invalid_child_spec',
    })
    expect(alive(sup)).toBe(true)
  })

  test('an ask that waits for a start ends when the supervisor is stopped', async () => {
    const { kit, spec, supervise } = await tree()
    const sup = await supervise({ children: [] })
    const asked = sup.startChild(spec('x', {}, { onStart: () => gate().promise }))
    const refused = asked.then(undefined, (error: unknown) => error)
    await kit.settle()
    await kit.run(kit.system.stop(sup, { grace: 100 }))
    expect(await refused).toMatchObject({ code: 'stopped' })
  })
})

describe('terminateChild, restartChild, deleteChild', () => {
  test('a child ends and comes back as another actor, where it stood', async () => {
    const { kit, spec, supervise, child, lives, alive } = await tree()
    const sup = await supervise({ children: [spec('a'), spec('b')] })
    const before = child('a')
    await kit.run(sup.terminateChild({ id: 'a' }))
    expect(alive(before)).toBe(false)
    const after = await kit.run(sup.restartChild({ id: 'a' }))
    expect(after).toBe(child('a'))
    expect(after).not.toBe(before)
    await kit.run(kit.system.stop(sup))
    expect(lives()).toEqual(['a postStop', 'a starts 1', 'b postStop', 'a postStop'])
  })

  test('a restart that waits for its back-off is cancelled by a termination', async () => {
    const { kit, spec, supervise, child, journal } = await tree()
    const restarts = { backoff: { min: '1s', max: '1min' } } as const
    const sup = await supervise({ children: [spec('a', { restarts })] })
    child('a').fail(boom)
    await kit.settle()
    await kit.run(sup.terminateChild({ id: 'a' }))
    await kit.advance('1h')
    expect(journal).not.toContain('a starts 2')
    expect(await kit.run(sup.whichChildren())).toMatchObject([{ id: 'a', child: undefined }])
  })

  test.for([
    { ask: 'terminateChild', id: 'nobody', code: 'no_such_child' },
    { ask: 'restartChild', id: 'nobody', code: 'no_such_child' },
    { ask: 'deleteChild', id: 'nobody', code: 'no_such_child' },
    { ask: 'restartChild', id: 'a', code: 'child_running' },
    { ask: 'deleteChild', id: 'a', code: 'child_running' },
  ] as const)('$ask of $id is refused as $code', async ({ ask, id, code }) => {
    const { kit, spec, supervise } = await tree()
    const sup = await supervise({ children: [spec('a')] })
    await expect(kit.run<unknown>(sup[ask]({ id }))).rejects.toMatchObject({ code })
  })

  test('a temporary child is forgotten once terminated, others once deleted', async () => {
    const { kit, spec, supervise } = await tree()
    const sup = await supervise({ children: [spec('a'), spec('t', { restart: 'temporary' })] })
    await kit.run(sup.terminateChild({ id: 't' }))
    await kit.run(sup.terminateChild({ id: 'a' }))
    expect((await kit.run(sup.whichChildren())).map(({ id }) => id)).toEqual(['a'])
    await kit.run(sup.deleteChild({ id: 'a' }))
    expect(await kit.run(sup.whichChildren())).toEqual([])
  })

  test('a child terminated on request stays so when its group is restarted', async () => {
    const { kit, spec, supervise, child, lives } = await tree()
    const sup = await supervise({ strategy: 'one-for-all', children: [spec('a'), spec('b')] })
    await kit.run(sup.terminateChild({ id: 'b' }))
    child('a').fail(boom)
    await kit.settle()
    expect(lives()).toEqual(['b postStop', 'a preRestart boom', 'a starts 2'])
  })
})

describe('looking', () => {
  test('ST-15: counts and views say what runs, what restarts and what has ended', async () => {
    const { kit, spec, supervise, child } = await tree()
    const restarts = { backoff: { min: '1s', max: '1min' } } as const
    const sup = await supervise({
      children: [
        spec('runs'),
        spec('waits', { restarts }),
        spec('done', { restart: 'transient' }),
        { id: 'inner', start: supervisor({}) },
      ],
    })
    child('waits').fail(boom)
    child('done').act(act((ctx) => ctx.stop()))
    await kit.settle()
    expect(await kit.run(sup.countChildren())).toEqual({
      specs: 4,
      active: 2,
      supervisors: 1,
      workers: 3,
    })
    expect(await kit.run(sup.whichChildren())).toEqual([
      { id: 'runs', type: 'worker', restart: 'permanent', child: child('runs') },
      { id: 'waits', type: 'worker', restart: 'permanent', child: 'restarting' },
      { id: 'done', type: 'worker', restart: 'transient', child: undefined },
      { id: 'inner', type: 'supervisor', restart: 'permanent', child: child('inner') },
    ])
  })
})
