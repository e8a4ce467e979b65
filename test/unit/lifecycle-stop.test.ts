/**
 * Tests of stopping: rules LC of the actor contract.
 */
import { describe, expect, test } from 'vitest'
import { ActorSystem } from '../../src/index.ts'
import { type Exit, hasCode, restart } from '../../src/kernel/index.ts'
import { act, scripted } from './scripted-actor.ts'
import { gate, world } from './scripted-world.ts'

describe('stopping', () => {
  test('LC-7: all descendants have ended before postStop runs', async () => {
    const { kit, journal } = await world()
    const grow = (ctx: Parameters<Parameters<typeof act>[0]>[0], depth: number): void => {
      const child = ctx.spawn(scripted(journal, { name: `d${depth}` }))
      if (depth < 3) child.act(act((own) => grow(own, depth + 1)))
    }
    const ref = kit.spawn(scripted(journal))
    ref.act(act((ctx) => grow(ctx, 1)))
    await kit.settle()
    await kit.run(kit.system.stop(ref))
    expect(journal.filter((line) => line.endsWith('postStop'))).toEqual([
      'd3 postStop',
      'd2 postStop',
      'd1 postStop',
      'a postStop',
    ])
  })

  test('LC-7: a turn beside the stop that spawns leaves no orphan and stops nobody', async () => {
    const { kit, journal } = await world()
    const go = gate()
    const ref = kit.spawn(scripted(journal, { signals: { postStop: () => go.promise } }))
    const caught = gate()
    ref.beside(
      act(async (ctx) => {
        await go.promise
        try {
          ctx.spawn(scripted(journal, { name: 'orphan' }))
        } finally {
          caught.resolve()
        }
      }),
    )
    await kit.settle()
    const end = kit.system.stop(ref)
    await kit.settle()
    go.resolve()
    await kit.run(Promise.all([end, caught.promise]))
    expect(journal).not.toContain('orphan starts 1')
  })

  test('LC-8: the asynchronous turn under way ends, the queue becomes dead letters', async () => {
    const { kit, journal, letters } = await world()
    const ref = kit.spawn(scripted(journal))
    const go = gate()
    ref.act(
      act(async (_ctx, state) => {
        await go.promise
        journal.push(`turn ends ${state.notes.length}`)
      }),
    )
    ref.note('waits')
    const asked = ref.notes()
    const refused = asked.then(undefined, (error: unknown) => error)
    await kit.settle()
    const end = kit.system.stop(ref)
    await kit.settle()
    expect(journal).toEqual(['a starts 1'])
    go.resolve()
    await kit.run(end)
    expect(await refused).toMatchObject({ code: 'stopped' })
    expect(journal).toEqual(['a starts 1', 'turn ends 0', 'a postStop', 'a dispose'])
    expect(letters.map(({ message, reason }) => `${message} ${reason}`)).toEqual([
      'note stopped',
      'notes stopped',
    ])
  })

  test('LC-8: work that may give up hears by its signal that the actor has to end', async () => {
    const { kit, journal } = await world()
    const ref = kit.spawn(scripted(journal))
    const asked = ref
      .call(
        act(async ({ signal }) => {
          await new Promise((resolve) => {
            signal.addEventListener('abort', resolve)
          })
          return (signal.reason as { code: string }).code
        }),
      )
      .then((answer) => journal.push(`answered ${String(answer)}`))
    await kit.settle()
    await kit.run(kit.system.stop(ref))
    await kit.run(asked)
    expect(kit.clock.now()).toBe(0)
    expect(journal).toEqual(['a starts 1', 'answered stopped', 'a postStop', 'a dispose'])
  })

  test('LC-9: a drain processes what is queued; what comes later is a dead letter', async () => {
    const { kit, journal, letters } = await world()
    const ref = kit.spawn(scripted(journal))
    ref.note('1')
    ref.note('2')
    const end = kit.system.stop(ref, { drain: true })
    ref.note('late')
    await kit.run(end)
    expect(journal).toEqual(['a starts 1', 'a 1', 'a 2', 'a postStop', 'a dispose'])
    expect(letters.map(({ payload, reason }) => `${String(payload)} ${reason}`)).toEqual([
      'late stopped',
    ])
    await kit.run(kit.system.stop(ref, { drain: true }))
  })

  test('LC-9: a failure in a drain is supervised, and the drain goes on', async () => {
    const { kit, journal } = await world()
    const ref = kit.spawn(scripted(journal, { supervise: restart({ max: 1 }) }))
    ref.note('1')
    ref.fail(new Error('boom'))
    ref.note('2')
    await kit.run(kit.system.stop(ref, { drain: true }))
    expect(journal).toEqual([
      'a starts 1',
      'a 1',
      'a preRestart boom',
      'a dispose',
      'a starts 2',
      'a 2',
      'a postStop',
      'a dispose',
    ])
  })

  test('LC-9: asking twice for a drain does not cut it short', async () => {
    const { kit, journal } = await world()
    const ref = kit.spawn(scripted(journal))
    const go = gate()
    ref.act(act(() => go.promise))
    ref.note('queued')
    await kit.settle()
    const ends = [kit.system.stop(ref, { drain: true }), kit.system.stop(ref, { drain: true })]
    await kit.settle()
    go.resolve()
    await kit.run(Promise.all(ends))
    expect(journal).toContain('a queued')
  })

  test('LC-10: stopping twice, at once and afterwards, runs postStop once', async () => {
    const { kit, journal } = await world()
    const ref = kit.spawn(scripted(journal))
    await kit.settle()
    await kit.run(Promise.all([kit.system.stop(ref), kit.system.stop(ref, { grace: 1 })]))
    await kit.run(kit.system.stop(ref))
    expect(journal).toEqual(['a starts 1', 'a postStop', 'a dispose'])
  })

  test('LC-10: a shorter grace while postStop waits ends the waiting', async () => {
    const { kit, journal, abandoned } = await world()
    const ref = kit.spawn(
      scripted(journal, {
        signals: {
          postStop: () => {
            journal.push('a postStop')
            return gate().promise
          },
        },
      }),
    )
    await kit.settle()
    const first = kit.system.stop(ref)
    await kit.settle()
    const second = kit.system.stop(ref, { grace: 10 })
    await kit.advance(10)
    await kit.run(Promise.all([first, second]))
    expect(journal).toEqual(['a starts 1', 'a postStop', 'a dispose'])
    expect(abandoned).toHaveLength(1)
    expect(kit.clock.now()).toBe(10)
  })

  test('LC-12: a postStop that throws is reported, and everybody ends all the same', async () => {
    const { kit, journal, watch } = await world()
    const failed: unknown[] = []
    kit.system.events.subscribe('hook.failed', ({ hook, error }) => failed.push([hook, error]))
    const error = new Error('no end')
    const ref = kit.spawn(scripted(journal))
    ref.act(
      act((ctx) => {
        ctx.spawn(scripted(journal, { name: 'one' }))
        const two = {
          name: 'two',
          signals: {
            postStop: () => {
              throw error
            },
          },
        }
        watch(ctx.spawn(scripted(journal, two), undefined, { name: 'two' }))
        ctx.spawn(scripted(journal, { name: 'three' }))
      }),
    )
    await kit.settle()
    await kit.run(kit.system.stop(ref))
    await kit.settle()
    expect(failed).toEqual([['postStop', error]])
    expect(journal).toEqual(
      expect.arrayContaining(['one postStop', 'three postStop', 'a postStop', 'two dispose']),
    )
    expect(journal).toContain('watcher hears two shutdown')
  })

  test('LC-13: who is busy after the grace is killed; who obeys exits as shutdown', async () => {
    const { kit, journal, abandoned, watch } = await world()
    const late: string[] = []
    const go = gate()
    const ref = kit.spawn(scripted(journal), undefined, { name: 'p' })
    ref.act(
      act((ctx) => {
        const busy = ctx.spawn(scripted(journal, { name: 'busy' }), undefined, { name: 'busy' })
        busy.act(
          act(async (own) => {
            await go.promise
            try {
              own.self.note('late')
            } catch (error) {
              late.push(hasCode(error, 'stale_incarnation') ? 'refused' : 'unexpected')
            }
          }),
        )
        watch(busy)
        watch(ctx.spawn(scripted(journal, { name: 'good' }), undefined, { name: 'good' }))
      }),
    )
    await kit.settle()
    const end = kit.system.stop(ref, { grace: 100 })
    await kit.advance(99)
    expect(abandoned).toEqual([])
    await kit.advance(1)
    await kit.run(end)
    await kit.settle()
    expect(abandoned).toEqual(['/p/busy turn'])
    expect(journal).toContain('watcher hears busy killed')
    expect(journal).toContain('watcher hears good shutdown')
    go.resolve()
    await kit.settle()
    expect(late).toEqual(['refused'])
  })

  test('LC-13: an abandoned turn has lost its context while the actor still ends', async () => {
    const { kit, journal } = await world()
    const go = gate()
    const late: string[] = []
    const ref = kit.spawn(
      scripted(journal, {
        signals: {
          postStop: (_state, ctx) => gate().promise.finally(() => void ctx.path),
        },
      }),
    )
    ref.act(
      act(async (ctx) => {
        await go.promise
        try {
          ctx.after('late', 1, 'note', 'late')
        } catch (error) {
          late.push(hasCode(error, 'stale_incarnation') ? 'refused' : 'unexpected')
        }
      }),
    )
    await kit.settle()
    const end = kit.system.stop(ref, { grace: 100 })
    await kit.advance(100)
    go.resolve()
    await kit.settle()
    expect(late).toEqual(['refused'])
    await kit.run(end)
    expect(kit.clock.now()).toBe(200)
  })

  test('LC-13: no grace at all ends a busy actor without letting time pass', async () => {
    const { kit, journal, watch } = await world()
    const ref = kit.spawn(scripted(journal), undefined, { name: 'x' })
    watch(ref)
    ref.act(act(() => gate().promise))
    await kit.settle()
    const end = kit.system.stop(ref, { grace: 0 })
    await kit.settle()
    expect(journal).toContain('watcher hears x killed')
    await end
    expect(kit.clock.now()).toBe(0)
  })

  test('LC-19: stopping the root stops the system; whenTerminated resolves once', async () => {
    const { kit, journal } = await world()
    kit.spawn(scripted(journal))
    await kit.settle()
    const heard: Exit[] = []
    void kit.system.whenTerminated.then((exit) => heard.push(exit))
    await kit.run(Promise.all([kit.system.stop(kit.system.root.ref), kit.system.terminate()]))
    await kit.settle()
    expect(journal).toEqual(['a starts 1', 'a postStop', 'a dispose'])
    expect(heard).toEqual([{ reason: 'shutdown' }])
    expect(kit.system.terminated).toBe(true)
  })

  test('LC-20: ten times as many children stop in at most fifty times the time', async () => {
    /** Processor time, so that what else the machine does does not count. */
    const stopTree = async (children: number): Promise<number> => {
      await using system = await ActorSystem.start({ name: 'many' })
      const one = scripted([])
      const ref = system.spawn(scripted([]))
      const grown = act((ctx) => {
        for (let i = 0; i < children; i++) ctx.spawn(one)
      })
      await ref.call(grown)
      const before = process.cpuUsage()
      await system.stop(ref)
      const { user, system: inKernel } = process.cpuUsage(before)
      return user + inKernel
    }
    await stopTree(10_000)
    let tenSmall = 0
    for (let run = 0; run < 10; run++) tenSmall += await stopTree(1_000)
    expect(await stopTree(10_000)).toBeLessThan((tenSmall / 10) * 50)
  })

  test('a tree as deep as it may be stops from its leaves up', async () => {
    const { kit, journal } = await world()
    const errors: unknown[] = []
    kit.system.events.subscribe('actor.failed', ({ error }) => errors.push(error))
    const grow = act((ctx) => {
      ctx.spawn(scripted(journal, { name: 'deep' })).act(grow)
    })
    kit.spawn(scripted(journal, { name: 'top' })).act(grow)
    await kit.settle()
    expect(errors.map((error) => hasCode(error, 'tree_too_deep'))).toEqual([true])
    await kit.stop()
    const stops = journal.filter((line) => line.endsWith('postStop'))
    expect(stops.length).toBeGreaterThan(900)
    expect(stops.at(-1)).toBe('top postStop')
  })
})
