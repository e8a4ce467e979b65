/**
 * Tests of new beginnings: starts that fail, restarts that wait, and what was set aside.
 */
import { describe, expect, test } from 'vitest'
import { actor, protocol, tell, restart, stopped, stopping } from '../../src/kernel/index.ts'
import { act, scripted, type ScriptContext } from './scripted-actor.ts'
import { boom, world } from './scripted-world.ts'

describe('failing starts', () => {
  const failsUntil = (incarnation: number) => (ctx: ScriptContext) => {
    if (ctx.incarnation < incarnation) throw new Error(`start ${ctx.incarnation}`)
  }

  test.for([
    { policy: 'restart', supervise: restart(), starts: 1 },
    { policy: 'restart at most 2', supervise: restart({ max: 2 }), starts: 3 },
    { policy: 'stop', supervise: stopping(), starts: 1 },
    {
      policy: 'restart with back-off, at most 3',
      supervise: restart({ max: 3, backoff: { min: 10, max: 20 } }),
      starts: 4,
    },
  ])('SV-19: a first start that fails under "$policy" is tried $starts times', async (row) => {
    const { kit, journal } = await world()
    const def = scripted(journal, { supervise: row.supervise, onStart: failsUntil(99) })
    const parent = kit.spawn(scripted(journal, { name: 'parent' }))
    parent.act(act((ctx) => ctx.watch(ctx.spawn(def, undefined, { name: 'x' }))))
    await kit.advance('1s')
    expect(journal.filter((line) => line.startsWith('a starts'))).toHaveLength(row.starts)
    expect(journal.at(-1)).toMatch(/^parent hears x failed start/)
  })

  test('SV-19: messages wait for the attempt that succeeds', async () => {
    const { kit, journal } = await world()
    const def = scripted(journal, { supervise: restart({ max: 2 }), onStart: failsUntil(3) })
    const ref = kit.spawn(def)
    ref.note('1')
    await kit.settle()
    expect(journal).toEqual(['a starts 1', 'a starts 2', 'a starts 3', 'a 1'])
  })

  test('SV-20: a factory that fails in a restart counts in the same budget', async () => {
    const { kit, journal } = await world()
    const ref = kit.spawn(
      scripted(journal, {
        supervise: restart({ max: 3, within: '1s' }),
        onStart: (ctx) => {
          if (ctx.incarnation === 2 || ctx.incarnation === 3) throw new Error('again')
        },
      }),
    )
    ref.fail(boom)
    await kit.settle()
    expect(journal.at(-1)).toBe('a starts 4')
    ref.fail(boom)
    await kit.settle()
    expect(journal.slice(-2)).toEqual(['a postStop', 'a dispose'])
  })

  test('SV-32: an actor that chooses to end right after its restart ends cleanly', async () => {
    const { kit, journal, watch, letters } = await world()
    const def = scripted(journal, {
      supervise: restart(),
      onStart: (ctx) => (ctx.incarnation === 2 ? stopped : undefined),
    })
    const ref = kit.spawn(def, undefined, { name: 'x' })
    watch(ref)
    ref.fail(boom)
    ref.note('1')
    await kit.settle()
    expect(journal.at(-1)).toBe('watcher hears x normal')
    expect(journal).not.toContain('a postStop')
    expect(letters.map(({ reason }) => reason)).toEqual(['stopped'])
  })
})

describe('back-off', () => {
  const backoff = { min: 100, max: 1_000, jitter: 0 }

  test('SV-23: messages wait in order and go before newer ones', async () => {
    const { kit, journal } = await world()
    const ref = kit.spawn(scripted(journal, { supervise: restart({ backoff }) }))
    ref.fail(boom)
    ref.note('1')
    await kit.settle()
    ref.note('2')
    await kit.advance(99)
    expect(journal).not.toContain('a starts 2')
    await kit.advance(1)
    ref.note('3')
    await kit.settle()
    expect(journal.slice(-4)).toEqual(['a starts 2', 'a 1', 'a 2', 'a 3'])
  })

  test.for([
    { stash: 2, kept: ['1', '2'], lost: ['3'] },
    { stash: 0, kept: [], lost: ['1', '2', '3'] },
  ])('SV-23: of three messages a stash of $stash keeps $kept', async ({ stash, kept, lost }) => {
    const { kit, journal, letters } = await world()
    const ref = kit.spawn(
      scripted(journal, { supervise: restart({ backoff: { ...backoff, stash } }) }),
    )
    ref.fail(boom)
    await kit.settle()
    for (const text of ['1', '2', '3']) ref.note(text)
    await kit.advance(100)
    expect(await kit.run(ref.notes())).toEqual(kept)
    expect(letters.map(({ payload, reason }) => [payload, reason])).toEqual(
      lost.map((text) => [text, 'stash-full']),
    )
  })

  test('SV-24: a stop cancels the restart that waits; nobody waits for its time', async () => {
    const { kit, journal, letters, watch } = await world()
    const ref = kit.spawn(scripted(journal, { supervise: restart({ backoff }) }), undefined, {
      name: 'x',
    })
    watch(ref)
    ref.fail(boom)
    await kit.settle()
    ref.note('1')
    await kit.run(kit.system.stop(ref))
    await kit.settle()
    expect(kit.clock.now()).toBe(0)
    expect(journal.at(-1)).toBe('watcher hears x shutdown')
    expect(letters.map(({ reason }) => reason)).toEqual(['stopped'])
    await kit.advance('1h')
    expect(journal).not.toContain('a starts 2')
  })

  test('SV-25: a back-off beyond its count stops the actor', async () => {
    const { kit, journal, watch } = await world()
    const supervise = restart({ max: 2, backoff })
    watch(
      kit.spawn(scripted(journal, { supervise, onStart: () => Promise.reject(boom) }), undefined, {
        name: 'x',
      }),
    )
    await kit.advance('1s')
    expect(journal.filter((line) => line.startsWith('a '))).toHaveLength(3)
    expect(journal.at(-1)).toBe('watcher hears x failed')
  })
})

describe('what was set aside', () => {
  const Urgent = protocol('test.urgent/1', {
    low: tell<string>(),
    high: tell<string>({ priority: 1 }),
    fail: tell<void>({ priority: 2 }),
  })

  test('SH-5: it goes to the next incarnation, before its equals in priority', async () => {
    const { kit, journal } = await world()
    let aside = true
    const take = (_state: null, text: string, ctx: { stash(): unknown }): void => {
      if (aside) ctx.stash()
      else journal.push(text)
    }
    const urgent = actor(Urgent, {
      state: () => null,
      mailbox: { order: 'priority' },
      supervise: restart(),
      on: {
        low: take,
        high: take,
        fail: () => {
          aside = false
          throw boom
        },
      },
    })
    const ref = kit.spawn(urgent)
    ref.low('1')
    ref.high('1')
    ref.low('2')
    await kit.settle()
    ref.low('3')
    ref.high('2')
    ref.fail()
    await kit.settle()
    expect(journal).toEqual(['1', '2', '1', '2', '3'])
  })
})
