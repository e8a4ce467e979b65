/**
 * Tests of failing actors: resume, restart, and where failures come from.
 */
import { describe, expect, test } from 'vitest'
import { decide, firstOf, on, restart, resume } from '../../src/kernel/index.ts'
import { act, scripted, type ScriptContext } from './scripted-actor.ts'
import { boom, gate, world } from './scripted-world.ts'

describe('resume and restart', () => {
  test('SV-2: resume keeps state, incarnation, timers, children; the message is gone', async () => {
    const { kit, journal, family } = await world()
    const { parent, child } = await family({ supervise: resume() }, {})
    parent.act(act((ctx) => ctx.after('tick', 10, 'note', 'ticked')))
    parent.note('1')
    parent.fail(boom)
    parent.note('2')
    child.note('lives')
    await kit.advance(10)
    expect(await kit.run(parent.notes())).toEqual(['1', '2', 'ticked'])
    expect(await kit.run(parent.call(act((ctx) => ctx.incarnation)))).toBe(1)
    expect(journal.toSorted()).toEqual(['child lives', 'parent 1', 'parent 2', 'parent ticked'])
  })

  test('SV-3: restart keeps ref and queue, makes state anew, does not deliver again', async () => {
    const { kit, journal, failures } = await world()
    const ref = kit.spawn(scripted(journal, { supervise: restart() }))
    ref.note('1')
    ref.fail(boom)
    ref.note('2')
    ref.note('3')
    await kit.settle()
    expect(journal).toEqual([
      'a starts 1',
      'a 1',
      'a preRestart boom',
      'a dispose',
      'a starts 2',
      'a 2',
      'a 3',
    ])
    expect(await kit.run(ref.notes())).toEqual(['2', '3'])
    expect(failures).toHaveLength(1)
  })

  test('C6: the asker whose request made the actor fail hears so at once', async () => {
    const { kit, journal } = await world()
    const ref = kit.spawn(scripted(journal, { supervise: restart() }))
    const asked = ref.call(
      act(() => {
        throw boom
      }),
    )
    await expect(kit.run(asked)).rejects.toMatchObject({ code: 'faulted', cause: boom })
    expect(kit.clock.now()).toBe(0)
  })

  test('SV-4: a restart forgets what the actor had become', async () => {
    const { kit, journal } = await world()
    const ref = kit.spawn(scripted(journal, { supervise: restart() }))
    ref.act(act((ctx) => ctx.become({ note: () => void journal.push('other') })))
    ref.note('1')
    ref.fail(boom)
    ref.note('2')
    await kit.settle()
    expect(journal.filter((line) => /other|a \d/.test(line))).toEqual(['other', 'a 2'])
  })

  test('SV-5: the restart beyond the budget is a stop: postStop, then terminated', async () => {
    const { kit, journal, watch } = await world()
    const def = scripted(journal, { supervise: restart({ max: 3, within: '1s' }) })
    const ref = kit.spawn(def, undefined, { name: 'x' })
    watch(ref)
    for (let i = 0; i < 4; i++) ref.fail(boom)
    await kit.settle()
    const life = journal.filter((line) => line.startsWith('a '))
    expect(life.filter((line) => line.includes('starts'))).toHaveLength(4)
    expect(life.slice(-2)).toEqual(['a postStop', 'a dispose'])
    expect(journal.at(-1)).toBe('watcher hears x failed')
  })

  test('SV-10: a hundred failures without a limit are a hundred restarts', async () => {
    const { kit, journal } = await world()
    const ref = kit.spawn(scripted(journal, { supervise: restart() }))
    for (let i = 0; i < 100; i++) ref.fail(boom)
    expect(await kit.run(ref.call(act((ctx) => ctx.incarnation)))).toBe(101)
  })

  test('C2: without a policy a failure is the end', async () => {
    const { kit, journal, watch } = await world()
    const ref = kit.spawn(scripted(journal), undefined, { name: 'x' })
    watch(ref)
    await kit.settle()
    ref.fail(boom)
    await kit.settle()
    expect(journal.slice(-3)).toEqual(['a postStop', 'a dispose', 'watcher hears x failed'])
  })

  test('SV-12: an error that no policy matches stops the actor', async () => {
    const { kit, journal } = await world()
    const supervise = firstOf(on(TypeError, resume()), on('timeout', restart()))
    const ref = kit.spawn(scripted(journal, { supervise }))
    ref.fail(new TypeError('kept'))
    ref.fail(boom)
    await kit.settle()
    expect(journal).toEqual(['a starts 1', 'a postStop', 'a dispose'])
  })

  test('SV-14: what leaves memory in doubt is never resumed', async () => {
    const { kit, journal, failures } = await world()
    const ref = kit.spawn(scripted(journal, { supervise: resume() }))
    ref.act(act(() => Array.from({ length: 2 ** 32 })))
    await kit.settle()
    expect(failures[0]?.error).toBeInstanceOf(RangeError)
    expect(failures[0]?.directive).toBe('stop')
    expect(journal.at(-1)).toBe('a dispose')
  })

  test('SV-27: preRestart and the report hear why, and the level rises after so many', async () => {
    const { kit, journal, failures } = await world()
    const levels: string[] = []
    kit.system.events.subscribe('actor.restarted', ({ level, error, incarnation }) => {
      expect(error).toBe(boom)
      levels.push(`${incarnation} ${level}`)
    })
    const ref = kit.spawn(scripted(journal, { supervise: restart({ loudAfter: 3 }) }))
    for (let i = 0; i < 3; i++) ref.fail(boom)
    await kit.settle()
    expect(levels).toEqual(['2 warn', '3 warn', '4 error'])
    expect(failures.map(({ directive, message }) => `${message} ${directive}`)).toEqual([
      'fail restart',
      'fail restart',
      'fail restart',
    ])
    expect(journal.filter((line) => line === 'a preRestart boom')).toHaveLength(3)
  })

  test('SV-33: dispose runs once per incarnation, not at resume, for each child too', async () => {
    const { kit, journal, family } = await world()
    const { parent } = await family({ supervise: firstOf(on(TypeError, resume()), restart()) }, {})
    const disposed = () => journal.filter((line) => line.endsWith('dispose'))
    parent.fail(new TypeError('nothing'))
    await kit.settle()
    expect(disposed()).toEqual([])
    parent.fail(boom)
    await kit.settle()
    expect(disposed()).toEqual(['child dispose', 'parent dispose'])
    await kit.run(kit.system.stop(parent))
    expect(disposed()).toEqual(['child dispose', 'parent dispose', 'parent dispose'])
  })
})

describe('where failures come from', () => {
  const sources: Record<string, (ctx: ScriptContext) => unknown> = {
    'message handler': () => {
      throw boom
    },
    'asynchronous handler': () => Promise.reject(boom),
    'signal handler': (ctx) => {
      const child = ctx.spawn(scripted([]))
      ctx.watch(child)
      ctx.stop(child)
    },
    'receive time-out': (ctx) => ctx.setReceiveTimeout(5),
    'mapping of a piped promise': (ctx) =>
      ctx.pipeToSelf(Promise.resolve(), 'note', () => {
        throw boom
      }),
    'payload made by a timer': (ctx) =>
      ctx.after('t', 5, 'note', () => {
        throw boom
      }),
    continuation: (ctx) =>
      ctx.reenterAfter(Promise.resolve(), () => {
        throw boom
      }),
    'handler of a timer': (ctx) => ctx.after('t', 5, 'fail', boom),
    'handler of watchWith': (ctx) => {
      const child = ctx.spawn(scripted([]))
      ctx.watchWith(child, 'fail', boom)
      ctx.stop(child)
    },
  }

  test.for(Object.keys(sources))('SV-13: %s', async (source) => {
    const { kit, journal, failures } = await world()
    const fails = (): void => {
      throw boom
    }
    const ref = kit.spawn(
      scripted(journal, {
        supervise: restart(),
        signals: { terminated: fails, receiveTimeout: fails },
      }),
    )
    ref.act(act(sources[source] as (ctx: ScriptContext) => unknown))
    await kit.advance(10)
    expect(journal).toEqual(['a starts 1', 'a preRestart boom', 'a dispose', 'a starts 2'])
    expect(failures.map(({ error, directive }) => [error, directive])).toEqual([[boom, 'restart']])
  })

  test('whatever is thrown is supervised, also what is no error', async () => {
    const { kit, journal, failures } = await world()
    const ref = kit.spawn(scripted(journal, { supervise: resume() }))
    const thrown = [undefined, null, 'text', 7, Object.create(null) as object, Symbol('s')]
    for (const what of thrown) {
      const asked = ref.call(
        act(() => {
          throw what as Error
        }),
      )
      await expect(kit.run(asked)).rejects.toMatchObject({ code: 'faulted' })
    }
    expect(failures.map(({ error }) => error)).toEqual(thrown)
  })

  test('a policy that throws has no opinion: the actor stops, the system goes on', async () => {
    const { kit, journal } = await world()
    const hooks: string[] = []
    kit.system.events.subscribe('hook.failed', ({ hook }) => hooks.push(hook))
    const supervise = decide(() => {
      throw new Error('no idea')
    })
    const ref = kit.spawn(scripted(journal, { supervise }))
    ref.fail(boom)
    await kit.settle()
    expect(journal).toEqual(['a starts 1', 'a postStop', 'a dispose'])
    expect(hooks).toEqual(['supervise'])
    const other = kit.spawn(scripted(journal))
    expect(await kit.run(other.notes())).toEqual([])
  })

  test('a failure beside the turn under way halts it once that turn has ended', async () => {
    const { kit, journal } = await world()
    const ref = kit.spawn(scripted(journal, { supervise: restart() }))
    const go = gate()
    ref.act(act(() => go.promise.then(() => void journal.push('turn ends'))))
    await kit.settle()
    ref.beside(
      act(() => {
        throw boom
      }),
    )
    ref.beside(act(() => void journal.push('beside')))
    ref.note('1')
    await kit.settle()
    expect(journal).toEqual(['a starts 1'])
    go.resolve()
    await kit.settle()
    expect(journal).toEqual([
      'a starts 1',
      'turn ends',
      'a preRestart boom',
      'a dispose',
      'a starts 2',
      'beside',
      'a 1',
    ])
  })
})
