/**
 * Stash tests: setting messages aside and changing behaviour.
 */
import { describe, expect, test } from 'vitest'
import {
  actor,
  ask,
  type Context,
  protocol,
  restart,
  type SpawnOptions,
  tell,
} from '../../src/kernel/index.ts'
import { type TestKit, testSystem } from '../../src/testing/index.ts'

const Gate = protocol('test.gate/1', {
  item: tell<{ word: string }>(),
  question: ask<{ word: string }, string>(),
  open: tell(),
  /** Set aside again by whoever is open. */
  stubborn: tell<{ word: string }>(),
  boom: tell(),
  urgent: tell<{ word: string }>({ priority: 5 }),
  become: tell<{ as: string }>(),
})
type Gates = (typeof Gate)['messages']
type GateContext = Context<Gates, GateState>
interface GateState {
  open: boolean
}

const done: string[] = []

const gate = actor(Gate, {
  state: (): GateState => ({ open: false }),
  on: {
    item: (state, { word }, ctx: GateContext) => {
      if (state.open) done.push(`${word}/${ctx.incarnation}`)
      else ctx.stash()
    },
    question: (state, { word }, ctx: GateContext) => (state.open ? word : ctx.stash()),
    open: (state, _none, ctx: GateContext) => {
      state.open = true
      ctx.unstashAll()
    },
    stubborn: (_state, { word }, ctx: GateContext) => {
      done.push(`stubborn ${word}`)
      ctx.stash()
    },
    boom: (state, _none, ctx: GateContext) => {
      if (!state.open) {
        ctx.stash()
        return
      }
      done.push(`boom/${ctx.incarnation}`)
      throw new TypeError('boom')
    },
    urgent: (state, { word }, ctx: GateContext) => {
      if (state.open) done.push(`urgent ${word}`)
      else ctx.stash()
    },
    become: (_state, { as }, ctx: GateContext) => {
      ctx.become(
        { item: (_held, { word }) => void done.push(`${as} ${word}`) },
        { postStop: () => void done.push(`postStop of ${as}`) },
      )
    },
  },
  signals: {
    postStop: () => void done.push('postStop of the first'),
    preRestart: (_state, _error, ctx) => void done.push(`preRestart/${ctx.incarnation}`),
  },
  stashCapacity: 3,
  supervise: restart(),
})

async function started(options: SpawnOptions = {}) {
  done.length = 0
  const kit: TestKit = await testSystem({ seed: 11, order: 'fifo' })
  const ref = kit.system.spawn(gate, undefined, { name: 'gate', ...options })
  return { kit, ref }
}

describe('the stash', () => {
  test('what was set aside comes back in order and before what came later', async () => {
    const { kit, ref } = await started()
    for (const word of ['1', '2']) ref.item({ word })
    ref.open()
    ref.item({ word: '3' })
    await kit.settle()
    expect(done).toEqual(['1/1', '2/1', '3/1'])
    await kit.stop()
  })

  test('SH-1: beyond the capacity the handler fails, and the error names it', async () => {
    const { kit, ref } = await started()
    const failures: unknown[] = []
    kit.system.events.subscribe('actor.failed', ({ error }) => void failures.push(error))
    for (const word of ['1', '2', '3', 'too many']) ref.item({ word })
    await kit.settle()
    expect(failures).toMatchObject([
      { code: 'stash_full', detail: { path: '/gate', capacity: 3 }, message: /3 messages/ },
    ])
    // The three are kept for the next incarnation; the one that failed is not.
    ref.open()
    await kit.settle()
    expect(done).toEqual(['preRestart/1', '1/2', '2/2', '3/2'])
    await kit.stop()
  })

  test('SH-3: setting aside again while they come back appends and does not loop', async () => {
    const { kit, ref } = await started()
    ref.stubborn({ word: 'a' })
    ref.item({ word: 'b' })
    ref.open()
    ref.item({ word: 'c' })
    await kit.settle()
    expect(done).toEqual(['stubborn a', 'stubborn a', 'b/1', 'c/1'])
    ref.open()
    await kit.settle()
    expect(done.slice(4)).toEqual(['stubborn a'])
    await kit.stop()
  })

  test('SH-4: a change of behaviour while they come back holds for the next ones', async () => {
    const { kit, ref } = await started()
    const asked = ref.item({ word: '1' })
    expect(asked).toBeUndefined()
    ref.item({ word: '2' })
    await kit.settle()
    ref.open()
    ref.become({ as: 'other' })
    await kit.settle()
    expect(done).toEqual(['1/1', '2/1'])
    ref.item({ word: '3' })
    await kit.settle()
    expect(done).toEqual(['1/1', '2/1', 'other 3'])
    await kit.stop()
  })

  test('SH-4: the change may itself be one of the messages that come back', async () => {
    const Turn = protocol('test.turn/1', { item: tell<string>(), open: tell() })
    const seen: string[] = []
    const turning = actor(Turn, {
      state: () => null,
      on: {
        item: (_state, _word, ctx) => void ctx.stash(),
        open: (_state, _none, ctx) => {
          ctx.become({
            item: (_held, word, inner) => {
              seen.push(`first ${word}`)
              inner.become({ item: (_again, other) => void seen.push(`second ${other}`) })
            },
          })
          ctx.unstashAll()
        },
      },
    })
    const kit = await testSystem({ seed: 1 })
    const ref = kit.system.spawn(turning)
    for (const word of ['a', 'b', 'c']) ref.item(word)
    ref.open()
    await kit.settle()
    expect(seen).toEqual(['first a', 'second b', 'second c'])
    await kit.stop()
  })

  test('SH-5: a failure while they come back keeps the rest for the next incarnation', async () => {
    const { kit, ref } = await started()
    ref.item({ word: '1' })
    ref.boom()
    ref.item({ word: '3' })
    ref.open()
    ref.item({ word: '4' })
    await kit.settle()
    expect(done).toEqual(['1/1', 'boom/1', 'preRestart/1'])
    ref.open()
    await kit.settle()
    expect(done.slice(3)).toEqual(['3/2', '4/2'])
    expect(kit.system.deadLetters.total).toBe(0)
    await kit.stop()
  })

  test('SH-6: a stop gives what is set aside to the dead letters, and tells askers', async () => {
    const { kit, ref } = await started()
    ref.item({ word: '1' })
    const asked = ref.question({ word: 'q' })
    await kit.settle()
    await kit.run(kit.system.stop(ref))
    await expect(asked).rejects.toMatchObject({ code: 'stopped' })
    expect(kit.system.deadLetters.latest).toMatchObject([
      { reason: 'stopped', message: 'item', payload: { word: '1' }, recipient: '/gate' },
      { reason: 'stopped', message: 'question', payload: { word: 'q' } },
    ])
    await kit.stop()
  })

  test('an ask that was set aside is answered later, within its own deadline', async () => {
    const { kit, ref } = await started()
    const patient = ref.question({ word: 'patient' }, { deadline: 1_000 })
    const hasty = ref.question({ word: 'hasty' }, { deadline: 10 })
    await kit.settle()
    await kit.advance(20)
    await expect(hasty).rejects.toMatchObject({ code: 'timeout' })
    ref.open()
    expect(await kit.run(patient)).toBe('patient')
    expect(kit.system.deadLetters.latest).toMatchObject([
      { reason: 'expired', message: 'question', payload: { word: 'hasty' } },
    ])
    await kit.stop()
  })

  test('a message cannot be set aside twice in one turn', async () => {
    const Twice = protocol('test.twice/1', { go: tell() })
    const failures: unknown[] = []
    const twice = actor(Twice, {
      state: () => null,
      on: {
        go: (_state, _none, ctx) => {
          ctx.stash()
          ctx.stash()
        },
      },
    })
    const kit = await testSystem({ seed: 1 })
    kit.system.events.subscribe('actor.failed', ({ error }) => void failures.push(error))
    kit.system.spawn(twice).go()
    await kit.settle()
    expect(failures).toMatchObject([{ code: 'no_message' }])
    expect(kit.system.deadLetters.count('stopped')).toBe(1)
    await kit.stop()
  })

  test('MB-9: in a priority mailbox they come back before their equals only', async () => {
    const { kit, ref } = await started({ mailbox: { order: 'priority' } })
    ref.item({ word: '1' })
    ref.urgent({ word: 'u' })
    await kit.settle()
    ref.open()
    ref.item({ word: '2' })
    await kit.settle()
    expect(done).toEqual(['urgent u', '1/1', '2/1'])
    await kit.stop()
  })

  test('MB-17: taking back one message costs the same before a long queue', async () => {
    const One = protocol('test.one/1', { item: tell<number>() })
    let handled = 0
    const again = actor(One, {
      state: () => ({ set: false }),
      on: {
        item: (state, n, ctx) => {
          if (n % 2 === 0 && !state.set) {
            state.set = true
            ctx.stash()
            return
          }
          handled++
          if (state.set) ctx.unstashAll()
          if (n % 2 === 0) state.set = false
        },
      },
      mailbox: { capacity: 200_000 },
    })
    const kit = await testSystem({ seed: 1, order: 'fifo', log: false })
    const ref = kit.system.spawn(again)
    for (let n = 0; n < 100_000; n++) ref.item(n)
    await kit.settle()
    // Copying the queue for each of the 50,000 would take minutes, not the limit of this test.
    expect(handled).toBe(100_000)
    await kit.stop()
  })
})

describe('behaviour', () => {
  test('SH-8: signals of the life cycle go to the latest behaviour', async () => {
    const { kit, ref } = await started()
    ref.become({ as: 'second' })
    ref.become({ as: 'third' })
    await kit.settle()
    await kit.run(kit.system.stop(ref))
    expect(done).toEqual(['postStop of third'])
    await kit.stop()
  })

  test('SV-4, SH-8: a restart forgets the behaviours, signals too', async () => {
    const { kit, ref } = await started()
    ref.become({ as: 'second' })
    ref.open()
    ref.boom()
    ref.open()
    ref.item({ word: 'x' })
    await kit.settle()
    await kit.run(kit.system.stop(ref))
    expect(done).toEqual(['boom/1', 'preRestart/1', 'x/2', 'postStop of the first'])
    await kit.stop()
  })

  test('unbecome goes back one behaviour, and to the first at most', async () => {
    const Mood = protocol('test.mood/1', {
      say: ask<void, string>(),
      back: tell(),
      as: tell<string>(),
    })
    const mood = actor(Mood, {
      state: () => null,
      on: {
        say: () => 'first',
        back: (_state, _none, ctx) => ctx.unbecome(),
        as: (_state, word, ctx) => ctx.become({ say: () => word }),
      },
    })
    const kit = await testSystem({ seed: 1 })
    const ref = kit.system.spawn(mood)
    const said: string[] = []
    const say = async (): Promise<void> => void said.push(await kit.run(ref.say()))
    ref.as('second')
    ref.as('third')
    for (let i = 0; i < 4; i++) {
      await say()
      ref.back()
    }
    expect(said).toEqual(['third', 'second', 'first', 'first'])
    await kit.stop()
  })

  test('a handler for a message that the protocol lacks is refused by become', async () => {
    const Mood = protocol('test.mood/1', { change: ask<void, string>() })
    const mood = actor(Mood, {
      state: () => null,
      on: {
        change: (_state, _none, ctx) => {
          ctx.become({ other: () => {} } as object)
          return 'changed'
        },
      },
    })
    const kit = await testSystem({ seed: 1 })
    const asked = kit.system.spawn(mood).change()
    await expect(kit.run(asked)).rejects.toMatchObject({ cause: { code: 'unknown_message' } })
    await kit.stop()
  })
})
