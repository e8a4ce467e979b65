/**
 * Tests of death watch: rules WA of the actor contract.
 */
import { describe, expect, test } from 'vitest'
import { type AnyRef, restart, type Terminated } from '../../src/kernel/index.ts'
import { act, scripted, type ScriptRef } from './scripted-actor.ts'
import { boom, gate, world } from './scripted-world.ts'

/** A watcher and a subject called `x`, both running; the journal starts empty. */
async function pair(script: Parameters<typeof scripted>[1] = {}) {
  const all = await world()
  const { kit, journal } = all
  const watcher = kit.spawn(scripted(journal, { name: 'w' }))
  const subject = kit.spawn(scripted(journal, { name: 'x', ...script }), undefined, { name: 'x' })
  await kit.settle()
  journal.length = 0
  const heard = () => journal.filter((line) => line.startsWith('w '))
  return { ...all, watcher, subject, heard }
}

describe('watching', () => {
  test('WA-1: one end is heard once, whatever its reasons', async () => {
    const { kit, watcher, subject, heard } = await pair()
    watcher.act(act((ctx) => ctx.watch(subject)))
    await kit.settle()
    subject.act(
      act((ctx) => {
        ctx.stop()
        void kit.system.stop(subject)
        void kit.system.stop(subject, { grace: 1 })
        throw boom
      }),
    )
    await kit.settle()
    expect(heard()).toEqual(['w hears x normal'])
  })

  test('WA-2: an actor that has ended is heard of in the next turn', async () => {
    const { kit, watcher, subject, heard } = await pair()
    await kit.run(kit.system.stop(subject))
    watcher.act(
      act((ctx) => {
        ctx.watch(subject)
        ctx.self.note('later')
      }),
    )
    await kit.settle()
    expect(heard()).toEqual(['w hears x no-such-actor', 'w later'])
    expect(kit.clock.now()).toBe(0)
  })

  test('WA-2: an actor that is ending is heard of when it has ended', async () => {
    const { kit, watcher, subject, heard } = await pair({ signals: { postStop: () => go.promise } })
    const go = gate()
    const end = kit.system.stop(subject)
    await kit.settle()
    watcher.act(act((ctx) => ctx.watch(subject)))
    await kit.settle()
    expect(heard()).toEqual([])
    go.resolve()
    await kit.run(end)
    await kit.settle()
    expect(heard()).toEqual(['w hears x shutdown'])
  })

  test('WA-4: unwatch before the end: nothing is heard', async () => {
    const { kit, watcher, subject, heard } = await pair()
    watcher.act(act((ctx) => ctx.watch(subject)))
    watcher.act(act((ctx) => ctx.unwatch(subject)))
    await kit.settle()
    await kit.run(kit.system.stop(subject))
    await kit.settle()
    expect(heard()).toEqual([])
  })

  test('WA-4: unwatch after the end discards what is queued', async () => {
    const { kit, watcher, subject, heard } = await pair()
    const go = gate()
    watcher.act(
      act(async (ctx) => {
        ctx.watch(subject)
        await go.promise
        ctx.unwatch(subject)
      }),
    )
    await kit.settle()
    await kit.run(kit.system.stop(subject))
    expect(kit.system.cellOf(watcher).mailbox.size).toBe(1)
    go.resolve()
    await kit.settle()
    expect(heard()).toEqual([])
    expect(kit.system.cellOf(watcher).mailbox.size).toBe(0)
  })

  test('WA-5: a restart is no end; who wants to know of it subscribes', async () => {
    const { kit, watcher, subject, heard } = await pair({ supervise: restart() })
    const restarts: number[] = []
    kit.system.events.subscribe('actor.restarted', ({ path, incarnation }) => {
      if (path === '/x') restarts.push(incarnation)
    })
    watcher.act(act((ctx) => ctx.watch(subject)))
    await kit.settle()
    subject.fail(boom)
    await kit.settle()
    expect(heard()).toEqual([])
    expect(restarts).toEqual([2])
    await kit.run(kit.system.stop(subject))
    await kit.settle()
    expect(heard()).toEqual(['w hears x shutdown'])
  })

  type Watching = (ctx: Parameters<Parameters<typeof act>[0]>[0], ref: AnyRef) => void
  const watchings: Record<string, Watching> = {
    watch: (ctx, ref) => ctx.watch(ref),
    one: (ctx, ref) => ctx.watchWith(ref, 'note', 'one'),
    other: (ctx, ref) => ctx.watchWith(ref, 'note', 'other'),
  }
  test.for([
    { first: 'watch', second: 'watch', refused: false },
    { first: 'one', second: 'one', refused: false },
    { first: 'watch', second: 'one', refused: true },
    { first: 'one', second: 'watch', refused: true },
    { first: 'one', second: 'other', refused: true },
  ])('WA-6: $first, then $second: refused $refused', async ({ first, second, refused }) => {
    const { kit, watcher, subject, heard } = await pair()
    const asked = watcher.call(
      act((ctx) => {
        watchings[first]?.(ctx, subject)
        try {
          watchings[second]?.(ctx, subject)
        } catch (error) {
          return (error as { code: string }).code
        }
        return 'watches'
      }),
    )
    expect(await kit.run(asked)).toBe(refused ? 'already_watching' : 'watches')
    await kit.run(kit.system.stop(subject))
    await kit.settle()
    expect(heard()).toHaveLength(1)
  })

  test('WA-6: after unwatch the actor may be watched in another way', async () => {
    const { kit, watcher, subject, heard } = await pair()
    watcher.act(
      act((ctx) => {
        ctx.watch(subject)
        ctx.unwatch(subject)
        ctx.watchWith(subject, 'note', 'other')
      }),
    )
    await kit.settle()
    await kit.run(kit.system.stop(subject))
    await kit.settle()
    expect(heard()).toEqual(['w other'])
  })

  test('WA-7: a parent hears the cause, others the reason only', async () => {
    const { kit, journal, watcher } = await pair()
    const parent = kit.spawn(scripted(journal, { name: 'parent' }))
    const born = parent.call(
      act((ctx) => {
        const child = ctx.spawn(scripted(journal, { name: 'c' }), undefined, { name: 'c' })
        ctx.watch(child)
        return child
      }),
    )
    const child = (await kit.run(born)) as ScriptRef
    watcher.act(act((ctx) => ctx.watch(child)))
    await kit.settle()
    child.fail(boom)
    await kit.settle()
    expect(journal.filter((line) => line.includes('hears')).toSorted()).toEqual([
      'parent hears c failed boom',
      'w hears c failed',
    ])
  })

  test('WA-9: a successor of the same name is another actor for refs and watches', async () => {
    const { kit, journal, letters, watcher, subject, heard } = await pair()
    watcher.act(act((ctx) => ctx.watch(subject)))
    await kit.settle()
    await kit.run(kit.system.stop(subject))
    await kit.settle()
    const next = kit.spawn(scripted(journal, { name: 'next' }), undefined, { name: 'x' })
    watcher.act(act((ctx) => ctx.watch(next)))
    subject.note('to the old one')
    await kit.settle()
    expect(journal).not.toContain('next to the old one')
    expect(letters.map(({ reason }) => reason)).toEqual(['no-such-actor'])
    expect(kit.system.find('/x')).toBe(next)
    await kit.run(kit.system.stop(next))
    await kit.settle()
    expect(heard()).toEqual(['w hears x shutdown', 'w hears x shutdown'])
  })

  test('WA-10: terminated can be set aside and comes back', async () => {
    const { kit, journal } = await world()
    const events: Terminated[] = []
    let ready = false
    const watcher = kit.spawn(
      scripted(journal, {
        signals: {
          terminated: (_state, event, ctx) => {
            if (ready) events.push(event)
            else ctx.stash()
          },
        },
      }),
    )
    const subject = kit.spawn(scripted(journal, { name: 'x' }))
    watcher.act(act((ctx) => ctx.watch(subject)))
    await kit.settle()
    await kit.run(kit.system.stop(subject))
    await kit.settle()
    expect(events).toEqual([])
    ready = true
    watcher.act(act((ctx) => ctx.unstashAll()))
    await kit.settle()
    expect(events).toEqual([{ ref: subject, reason: 'shutdown' }])
  })

  test('WA-15: actors that watch each other both end', async () => {
    const { kit, journal, watcher, subject } = await pair()
    watcher.act(act((ctx) => ctx.watch(subject)))
    subject.act(act((ctx) => ctx.watch(watcher)))
    await kit.settle()
    await kit.run(Promise.all([kit.system.stop(watcher), kit.system.stop(subject)]))
    await kit.settle()
    expect(journal.filter((line) => line.endsWith('postStop')).toSorted()).toEqual([
      'w postStop',
      'x postStop',
    ])
  })

  test('OR-9: what a dying actor sent is heard before its end', async () => {
    const { kit, watcher, subject, heard } = await pair({
      signals: { postStop: () => watcherOf?.note('last words') },
    })
    watcherOf = watcher
    watcher.act(act((ctx) => ctx.watch(subject)))
    await kit.settle()
    await kit.run(kit.system.stop(subject))
    await kit.settle()
    expect(heard()).toEqual(['w last words', 'w hears x shutdown'])
  })
  let watcherOf: ScriptRef | null = null

  test('an actor without a handler for it cannot watch: it would never know', async () => {
    const { kit, journal } = await world()
    const deaf = kit.spawn(scripted(journal, { signals: { terminated: undefined as never } }))
    const asked = deaf.call(act((ctx) => ctx.watch(ctx.self)))
    await expect(kit.run(asked)).rejects.toMatchObject({ cause: { code: 'missing_handler' } })
  })
})
