/**
 * Tests of spawning and starting: rules LC of the actor contract.
 */
import { describe, expect, test } from 'vitest'
import { hasCode, restart, stopped } from '../../src/kernel/index.ts'
import { act, scripted, type ScriptRef } from './scripted-actor.ts'
import { gate, world } from './scripted-world.ts'

describe('spawning', () => {
  test('LC-2: a ref is usable at once, also while its state is still made', async () => {
    const { kit, journal } = await world()
    const ready = gate()
    const ref = kit.spawn(scripted(journal, { onStart: () => ready.promise }))
    ref.note('early')
    const answer = ref.notes()
    await kit.settle()
    expect(journal).toEqual(['a starts 1'])
    ready.resolve()
    expect(await kit.run(answer)).toEqual(['early'])
  })

  test('LC-3: a name in use is refused by path, and free once its owner ended', async () => {
    const { kit, journal } = await world()
    const first = kit.spawn(scripted(journal), undefined, { name: 'door' })
    expect(() => kit.spawn(scripted(journal), undefined, { name: 'door' })).toThrow(/\/door/)
    const end = kit.system.stop(first)
    expect(() => kit.spawn(scripted(journal), undefined, { name: 'door' })).toThrow(
      expect.objectContaining({ code: 'duplicate_name' }),
    )
    await kit.run(end)
    expect(String(kit.spawn(scripted(journal), undefined, { name: 'door' }))).toContain('/door#')
  })

  test('LC-4: a watcher that hears of an end can give the name away again', async () => {
    const { kit, journal } = await world()
    const parent = kit.spawn(
      scripted(journal, {
        name: 'parent',
        signals: {
          terminated: (_state, _event, ctx) => {
            ctx.spawn(scripted(journal, { name: 'second' }), undefined, { name: 'child' })
          },
        },
      }),
    )
    parent.act(
      act((ctx) => {
        const child = ctx.spawn(scripted(journal, { name: 'first' }), undefined, { name: 'child' })
        ctx.watch(child)
        child.act(act((own) => own.stop()))
      }),
    )
    await kit.settle()
    expect(journal.slice(1)).toEqual([
      'first starts 1',
      'first postStop',
      'first dispose',
      'second starts 1',
    ])
  })

  test('LC-5: names made from one prefix are all different', async () => {
    const { kit, journal } = await world()
    const refs = Array.from({ length: 100 }, () =>
      kit.spawn(scripted(journal), undefined, { namePrefix: 'w' }),
    )
    expect(new Set(refs.map((ref) => String(ref).split('#')[0])).size).toBe(100)
  })

  test('LC-17: after shutdown began a spawn is refused, a tell is a dead letter', async () => {
    const { kit, journal, letters } = await world()
    const ref = kit.spawn(scripted(journal))
    await kit.settle()
    const end = kit.system.terminate()
    expect(() => kit.spawn(scripted(journal))).toThrow(
      expect.objectContaining({ code: 'system_terminated' }),
    )
    await kit.run(end)
    ref.note('too late')
    await expect(ref.notes()).rejects.toMatchObject({ code: 'system_terminated' })
    expect(letters.map(({ message }) => message)).toEqual(['note', 'notes'])
  })

  test.for(['preRestart', 'postStop'] as const)(
    'LC-7: %s cannot spawn, for nobody would ever stop that child',
    async (hook) => {
      const { kit, journal } = await world()
      const refused: unknown[] = []
      const ref = kit.spawn(
        scripted(journal, {
          supervise: restart({ max: 1 }),
          signals: {
            [hook]: (_state: unknown, ...rest: unknown[]) => {
              const ctx = rest.at(-1) as { spawn(def: unknown): void }
              try {
                ctx.spawn(scripted(journal, { name: 'orphan' }))
              } catch (error) {
                refused.push(error)
              }
            },
          },
        }),
      )
      ref.fail(new Error('boom'))
      await kit.settle()
      await kit.run(kit.system.stop(ref))
      expect(refused.map((error) => hasCode(error, 'parent_stopping'))).toEqual([true])
      expect(journal).not.toContain('orphan starts 1')
    },
  )
})

describe('starting', () => {
  test('LC-14: a factory that throws ends its actor, and the child it had spawned', async () => {
    const { kit, journal, letters, watch } = await world()
    const half = scripted(journal, {
      onStart: (ctx) => {
        ctx.spawn(scripted(journal, { name: 'child' }), undefined, { name: 'child' })
        throw new Error('no state')
      },
    })
    const ref: ScriptRef = kit.spawn(half, undefined, { name: 'half' })
    ref.note('never')
    watch(ref)
    await kit.settle()
    expect(journal).toEqual(['a starts 1', 'watcher starts 1', 'watcher hears half failed'])
    expect(letters.map(({ message, reason }) => `${message} ${reason}`)).toEqual(['note stopped'])
    expect([kit.system.find('/half'), kit.system.find('/half/child')]).toEqual([null, null])
  })

  test('LC-14: a factory that rejects stops what it had spawned before its end', async () => {
    const { kit, journal, watch } = await world()
    const ready = gate()
    const half = scripted(journal, {
      onStart: (ctx) => {
        ctx.spawn(scripted(journal, { name: 'child' }))
        return ready.promise
      },
    })
    watch(kit.spawn(half, undefined, { name: 'half' }))
    await kit.settle()
    ready.reject(new Error('no state'))
    await kit.settle()
    expect(journal.filter((line) => !line.includes('starts'))).toEqual([
      'child postStop',
      'child dispose',
      'watcher hears half failed',
    ])
  })

  test('LC-15: a state that takes too long is a failed start; a late one is freed', async () => {
    const { kit, journal, watch } = await world()
    const ready = gate()
    const ref = kit.spawn(
      scripted(journal, { startTimeoutMs: 500, onStart: () => ready.promise }),
      undefined,
      { name: 'slow' },
    )
    watch(ref)
    await kit.settle()
    await kit.advance(499)
    expect(journal).not.toContain('watcher hears slow failed')
    await kit.advance(1)
    expect(journal).toContain('watcher hears slow failed')
    ready.resolve()
    await kit.settle()
    expect(journal.filter((line) => line.startsWith('a '))).toEqual(['a starts 1', 'a dispose'])
  })

  test('a stop while the state is made waits for it and runs no message', async () => {
    const { kit, journal } = await world()
    const ready = gate()
    const ref = kit.spawn(scripted(journal, { onStart: () => ready.promise }))
    ref.note('never')
    await kit.settle()
    const end = kit.system.stop(ref)
    await kit.settle()
    ready.resolve()
    await kit.run(end)
    expect(journal).toEqual(['a starts 1', 'a postStop', 'a dispose'])
  })

  test('a stop while the state is made is over after the grace, ready or not', async () => {
    const { kit, journal, watch } = await world()
    const ref = kit.spawn(scripted(journal, { onStart: () => gate().promise }), undefined, {
      name: 'never',
    })
    watch(ref)
    await kit.settle()
    const end = kit.system.stop(ref, { grace: '1s' })
    await kit.run(end)
    expect(kit.clock.now()).toBe(1_000)
    await kit.settle()
    expect(journal).toEqual(['a starts 1', 'watcher starts 1', 'watcher hears never killed'])
  })

  test('a factory that fails after a stop was asked for starts nothing again', async () => {
    const { kit, journal } = await world()
    const ready = gate()
    const ref = kit.spawn(
      scripted(journal, {
        supervise: restart({ max: 5 }),
        onStart: () => ready.promise.then(() => Promise.reject(new Error('boom'))),
      }),
    )
    await kit.settle()
    const end = kit.system.stop(ref)
    ready.resolve()
    await kit.run(end)
    expect(journal).toEqual(['a starts 1'])
  })

  test('an actor that chose not to run and had to stop runs no hook', async () => {
    const { kit, journal } = await world()
    const ready = gate()
    const ref = kit.spawn(scripted(journal, { onStart: () => ready.promise.then(() => stopped) }))
    await kit.settle()
    const end = kit.system.stop(ref)
    ready.resolve()
    await kit.run(end)
    expect(journal).toEqual(['a starts 1'])
  })
})
