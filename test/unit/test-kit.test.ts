/**
 * Tests of the test kit: virtual time, seeded runs, probes, the behaviour kit.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import {
  actor,
  type AnyRef,
  ask,
  EdgeError,
  protocol,
  type Ref,
  restart,
  stopped,
  stream,
  tell,
} from '../../src/kernel/index.ts'
import { behaviourKit, forSeeds, testSystem } from '../../src/testing/index.ts'
import { busyScenario } from './busy-scenario.ts'

const Echo = protocol('test.echo/1', {
  say: tell<{ word: string }>(),
  twice: ask<{ word: string }, string>(),
  later: tell<{ word: string; afterMs: number }>(),
  count: stream<void, number>(),
})

/** Tells every word on to a probe. */
function echo(to: Ref<(typeof Echo)['messages']>) {
  return actor(Echo, {
    state: () => null,
    on: {
      say: (_state, message) => to.say(message),
      twice: async (_state, { word }) => {
        const once = await to.twice({ word })
        return once + once
      },
      later: (_state, { word, afterMs }, ctx) => ctx.after(word, afterMs, 'say', { word }),
      count: () => [1, 2, 3],
    },
  })
}

describe('virtual time', () => {
  test('TM-12: advance fires timers in time order, ties as armed, and drains between', async () => {
    const kit = await testSystem({ seed: 1 })
    const probe = kit.probe(Echo)
    const ref = kit.spawn(echo(probe.ref))
    ref.later({ word: 'second', afterMs: 20 })
    ref.later({ word: 'first', afterMs: 10 })
    ref.later({ word: 'third', afterMs: 20 })
    await kit.settle()
    await kit.advance(19)
    expect(probe.unread.map(({ payload }) => payload)).toEqual([{ word: 'first' }])
    await kit.advance(1)
    const words = probe.unread.map(({ payload }) => payload)
    expect(words).toEqual([{ word: 'first' }, { word: 'second' }, { word: 'third' }])
    expect(kit.clock.now()).toBe(20)
    await kit.stop()
  })

  test('run goes through time as far as a promise needs, and says when it never will', async () => {
    const kit = await testSystem({ seed: 1 })
    const silent = kit.probe(Echo)
    const asked = silent.ref.twice({ word: 'a' }, { deadline: 60_000 })
    await expect(kit.run(asked)).rejects.toMatchObject({ code: 'timeout' })
    expect(kit.clock.now()).toBe(60_000)
    const never = new Promise(() => {})
    await expect(kit.run(never)).rejects.toMatchObject({ code: 'never_settles' })
    await kit.stop()
  })

  test('an actor that tells itself for ever is reported, not waited for', async () => {
    const Loop = protocol('test.loop/1', { again: tell() })
    const kit = await testSystem({ seed: 1, order: 'fifo', log: false })
    const loop = actor(Loop, {
      state: () => null,
      on: { again: (_state, _none, ctx) => ctx.self.again(undefined) },
    })
    kit.spawn(loop).again(undefined)
    await expect(kit.time.settle(1_000)).rejects.toMatchObject({ code: 'never_settles' })
  })
})

describe('seeded runs', () => {
  const program = new URL('busy.program.ts', import.meta.url).pathname
  const logOf = async (seed: number): Promise<string> => {
    const args = ['--conditions=shoal-source', program, String(seed)]
    const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 })
    return stdout
  }

  test('TK-3: the same seed writes a byte-identical event log in two processes', async () => {
    const [one, again, other] = await Promise.all([logOf(17), logOf(17), logOf(18)])
    expect(one.split('\n').length).toBeGreaterThan(100)
    expect(again).toBe(one)
    expect(other).not.toBe(one)
    const kit = await testSystem({ seed: 17, delivery: 'shuffled' })
    await busyScenario(kit)
    await kit.stop()
    expect(kit.log.text).toBe(one)
  })

  test('TK-3: the log shows sends, turns, answers, failures, restarts and stops', async () => {
    const text = await logOf(17)
    for (const what of [
      'send outside -> /boss begin',
      'turn /boss begin',
      'reply /boss -> outside begin',
      'fail Faulted (faulted)',
      'event actor.failed',
      'event actor.restarted',
      'event actor.stopped',
      'turn /boss/worker-1 tick',
      'send /boss/worker-0 -> /boss terminated',
      'dead ',
    ]) {
      expect(text).toContain(what)
    }
  })

  test('different seeds write different logs, and a failing seed names itself', async () => {
    const runs = await forSeeds('busy', { count: 20, delivery: 'shuffled' }, busyScenario)
    expect(new Set(runs.map(({ digest }) => digest)).size).toBe(20)
    const failing = forSeeds('picky', { count: 5 }, async (kit) => {
      if (kit.seed === 3) throw new Error('seed three')
    })
    await expect(failing).rejects.toMatchObject({ code: 'seed_failed', detail: { seed: 3 } })
    await expect(failing).rejects.toThrow(/replay: forSeeds\("picky", \{ …, only: 3 \}, …\)/)
    const alone = await forSeeds('picky', { count: 5, only: 2 }, async (kit) => kit.seed)
    expect(alone.map(({ result }) => result)).toEqual([2])
  })
})

describe('probes', () => {
  test('TK-2: expect, receive, fish, within, reply and the end of an actor', async () => {
    const kit = await testSystem({ seed: 1 })
    const probe = kit.probe(Echo)
    const ref = kit.spawn(echo(probe.ref))
    ref.say({ word: 'a' })
    expect(await probe.expect('say')).toEqual({ word: 'a' })
    ref.say({ word: 'b' })
    await probe.expect('say', { word: 'b' })
    for (const word of ['c', 'd', 'e', 'f']) ref.say({ word })
    expect(await probe.receive(2)).toHaveLength(2)
    const fished = await probe.fish(({ name, payload }) => name === 'say' && payload?.word === 'f')
    expect(fished.payload).toEqual({ word: 'f' })
    const twice = ref.twice({ word: 'x' })
    await probe.expect('twice', { word: 'x' })
    probe.reply('y')
    expect(await kit.run(twice)).toBe('yy')
    ref.later({ word: 'late', afterMs: 250 })
    await probe.within({ min: 250, max: 260 }, () => probe.expect('say', { word: 'late' }))
    probe.watch(ref)
    void kit.system.stop(ref)
    await probe.expectTerminated(ref, { reason: 'shutdown' })
    await kit.stop()
  })

  test('TK-2: a probe feeds the reader of a stream and may refuse an ask', async () => {
    const kit = await testSystem({ seed: 1 })
    const probe = kit.probe(Echo)
    const items = probe.ref.count(undefined)
    const first = items.next()
    await probe.next()
    probe.item(7)
    expect(await kit.run(first)).toEqual({ done: false, value: 7 })
    const asked = probe.ref.twice({ word: 'no' })
    await probe.expect('twice')
    probe.fail(new EdgeError('overloaded', 'not today'))
    await expect(kit.run(asked)).rejects.toMatchObject({ code: 'overloaded' })
    await kit.stop()
  })

  test('TK-2: a failure lists what was there instead, readable', async () => {
    const kit = await testSystem({ seed: 1 })
    const probe = kit.probe(Echo, 'ears')
    probe.ref.say({ word: 'hello' })
    const wrong = probe.expect('say', { word: 'goodbye' })
    await expect(wrong).rejects.toMatchObject({ code: 'expectation_failed' })
    await expect(wrong).rejects.toThrow(
      "Probe /ears: expected say { word: 'goodbye' }, but the next message is another one:\n" +
        "  unread 1. say { word: 'hello' }",
    )
    const startedAt = kit.clock.now()
    await probe.expect('say')
    await expect(probe.expect('say', { word: 'x' }, { within: '2s' })).rejects.toThrow(
      "expected say { word: 'x' } within 2000 ms of virtual time; nothing is unread",
    )
    expect(kit.clock.now() - startedAt).toBe(2_000)
    await expect(probe.receive(2, { within: 10 })).rejects.toThrow('expected 2 messages within 10')
    await expect(probe.within({ min: 10, max: 20 }, async () => {})).rejects.toThrow('at least 10')
    await kit.stop()
  })

  test('TK-4: expectNone of 500 ms takes under 5 ms of real time', async () => {
    const kit = await testSystem({ seed: 1 })
    const probe = kit.probe()
    await probe.expectNone('500ms')
    const tookMs: number[] = []
    for (let run = 0; run < 20; run++) {
      const startedAt = performance.now()
      await probe.expectNone('500ms')
      tookMs.push(performance.now() - startedAt)
    }
    expect(kit.clock.now()).toBe(10_500)
    expect(tookMs.toSorted((a, b) => a - b)[10]).toBeLessThan(5)
    probe.ref.message('boo')
    await expect(probe.expectNone('500ms')).rejects.toThrow(
      "expected no message during 500 ms:\n  unread 1. message 'boo'",
    )
    await kit.stop()
  })
})

describe('behaviour kit', () => {
  const Parent = protocol('test.parent/1', {
    hire: tell<{ name: string }>(),
    fire: tell(),
    observe: tell<{ ref: AnyRef }>(),
    wait: tell<{ ms: number }>(),
    keep: tell<{ n: number }>(),
    open: tell(),
    total: ask<void, number>(),
    slow: ask<{ word: string }, string>(),
    crash: tell(),
    leave: tell(),
  })
  interface State {
    child: AnyRef | null
    total: number
  }
  const Child = protocol('test.child/1', { work: tell<{ n: number }>() })
  const child = actor(Child, { state: () => null, on: { work: () => {} } })
  const parent = actor(Parent, {
    state: ({ start }: { start: number }): State => ({ child: null, total: start }),
    on: {
      hire: (state, { name }, ctx) => {
        const ref = ctx.spawn(child, undefined, { name })
        ctx.watch(ref)
        ref.work({ n: 1 })
        state.child = ref
      },
      fire: (state, _none, ctx) => ctx.stop(state.child ?? undefined),
      observe: (_state, { ref }, ctx) => ctx.watchWith(ref, 'fire', undefined),
      wait: (_state, { ms }, ctx) => ctx.every('poll', ms, 'fire', undefined),
      keep: (_state, _message, ctx) => void ctx.stash(),
      open: (_state, _none, ctx) => {
        ctx.become({ keep: (state, { n }) => void (state.total += n) })
        ctx.unstashAll()
      },
      total: (state) => state.total,
      slow: async (_state, { word }) => {
        await Promise.resolve()
        return word.toUpperCase()
      },
      crash: () => {
        throw new Error('boom')
      },
      leave: () => stopped,
    },
    signals: { terminated: (state) => void (state.total += 100) },
    supervise: restart({ max: 1 }),
  })

  test('TK-1: one message, run on the spot, shows what it spawned, watched and told', async () => {
    const kit = await behaviourKit(parent, { start: 5 })
    const { effects } = kit.run('hire', { name: 'kid' })
    expect(effects.map(({ kind }) => kind)).toEqual(['spawned', 'watched', 'told'])
    const [spawned] = kit.run('hire', { name: 'second' }).all('spawned')
    expect(spawned).toMatchObject({ def: child, options: { name: 'second' } })
    expect(kit.run('total').reply).toBe(5)
  })

  test('TK-1: schedules, stash, behaviour change and stops are effects', async () => {
    const kit = await behaviourKit(parent, { start: 0 })
    const [timer] = kit.run('wait', { ms: 50 }).all('scheduled')
    expect(timer).toMatchObject({ key: 'poll', timer: 'fixed-rate', everyMs: 50, name: 'fire' })
    expect(kit.run('keep', { n: 3 }).effects).toEqual([{ kind: 'stashed' }])
    expect(kit.run('keep', { n: 4 }).effects).toEqual([{ kind: 'stashed' }])
    const opened = kit.run('open')
    expect(opened.effects).toEqual([{ kind: 'became', messages: ['keep'] }, { kind: 'unstashed' }])
    expect(kit.run('total').reply).toBe(7)
    kit.run('hire', { name: 'kid' })
    expect(kit.run('fire').effects).toMatchObject([{ kind: 'stopped', reason: null }])
    expect(kit.run('leave').effects).toMatchObject([{ kind: 'stopped', reason: 'normal' }])
    expect(kit.phase).toBe('ended')
  })

  test('TK-1: failures follow the policy; watched actors end when the test says so', async () => {
    const kit = await behaviourKit(parent, { start: 1 })
    const inbox = kit.inbox(Child)
    expect(kit.run('observe', { ref: inbox }).effects).toMatchObject([
      { kind: 'watched', message: 'fire' },
    ])
    kit.run('hire', { name: 'kid' })
    const spawned = kit.effects.find((effect) => effect.kind === 'spawned')
    kit.end(spawned?.ref as AnyRef)
    expect(kit.run('total').reply).toBe(101)
    const crashed = kit.run('crash').effects
    expect(crashed).toMatchObject([
      { kind: 'failed', directive: 'restart' },
      { kind: 'restarted', incarnation: 2 },
    ])
    expect(kit.run('total').reply).toBe(1)
    expect(kit.run('crash').effects.map(({ kind }) => kind)).toEqual(['failed', 'stopped'])
  })

  test('TK-1: a handler that awaits goes on when the test lets it', async () => {
    const kit = await behaviourKit(parent, { start: 1 })
    const report = kit.run('slow', { word: 'hey' })
    expect(report.outcome).toEqual({ status: 'pending' })
    await kit.settle()
    expect(report.reply).toBe('HEY')
  })
})
