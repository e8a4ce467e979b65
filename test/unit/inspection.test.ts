/**
 * Inspection: any actor can be looked at, held and repaired without stopping it (OB-1).
 */
import { describe, expect, test } from 'vitest'
import {
  actor,
  type AnyRef,
  ask,
  type Context,
  type Inspector,
  machine,
  type Operator,
  protocol,
  restart,
  resume,
  stream,
  tell,
} from '../../src/kernel/index.ts'
import { type TestKit, type TestOptions, testSystem } from '../../src/testing/index.ts'

const Counter = protocol('test.counter/1', {
  add: tell<number>(),
  get: ask<void, number>(),
  hold: tell(),
  meet: tell<AnyRef>(),
  tick: tell(),
  fail: tell<string>(),
  later: tell<number>(),
  loud: tell(),
  spawn: tell<string>(),
  items: stream<void, number>(),
})
type CounterContext = Context<(typeof Counter)['messages'], { total: number }>

const counter = actor(Counter, {
  state: (_init: void, _ctx: CounterContext) => ({ total: 0 }),
  on: {
    add: (state, n) => void (state.total += n),
    get: (state) => state.total,
    hold: () => new Promise<void>(() => {}),
    meet: (_state, ref, ctx) => {
      ctx.watch(ref)
      ctx.link(ref)
    },
    tick: (_state, _none, ctx) => ctx.every('beat', 1_000, 'add', 1),
    fail: (_state, why) => {
      throw new Error(why)
    },
    later: async (state, ms, ctx) => {
      await new Promise<void>((resolve) => void waits.set(ctx.path, { ms, resolve }))
      state.total += ms
    },
    loud: (_state, _none, ctx) => ctx.become({ add: (state, n) => void (state.total += 10 * n) }),
    spawn: (_state, name, ctx) => void ctx.spawn(counter, undefined, { name }),
    items: async function* () {
      for (let i = 0; ; i++) yield await Promise.resolve(i)
    },
  },
  signals: { terminated: () => {} },
})

/** Turns that wait until the test lets them go on. */
const waits = new Map<string, { ms: number; resolve: () => void }>()

interface Rights {
  readonly kit: TestKit
  readonly inspector: Inspector
  readonly operator: Operator
}

async function start(options: Partial<TestOptions> = {}): Promise<Rights> {
  const granted: Pick<Rights, 'inspector' | 'operator'>[] = []
  const kit = await testSystem({ seed: 7, ...options, grant: (rights) => granted.push(rights) })
  const [rights] = granted
  if (rights === undefined) throw new Error('no rights were granted')
  return { kit, ...rights }
}

describe('OB-1: what is seen', () => {
  test('OB-1: state, behaviour, queue, incarnation, children, watchers and timers', async () => {
    const { kit, inspector } = await start()
    const ref = kit.spawn(counter, undefined, { name: 'one', mailbox: { capacity: 9 } })
    const other = kit.spawn(counter, undefined, { name: 'two' })
    ref.add(5)
    ref.tick()
    ref.spawn('child')
    ref.meet(other)
    other.meet(ref)
    ref.loud()
    const items = ref.items()
    void items.next()
    await kit.settle()
    expect(inspector.inspect(ref)).toMatchObject({
      path: '/one',
      protocol: 'test.counter/1',
      phase: 'running',
      incarnation: 1,
      queue: 0,
      capacity: 9,
      processed: 6,
      restarts: 0,
      suspended: false,
      behaviour: 'test.counter/1 +1',
      busyWith: null,
      children: ['/one/child'],
      watchers: ['/two'],
      watching: ['/two'],
      links: ['/two'],
      timers: ['beat'],
      streams: 1,
      lastFailure: null,
      state: { total: 5 },
    })
    expect(inspector.inspect('/one')).toEqual(inspector.inspect(ref))
    await kit.stop()
  })

  test('OB-1: the snapshot is a copy: what comes later does not show in it', async () => {
    const { kit, inspector } = await start()
    const ref = kit.spawn(counter)
    ref.add(1)
    await kit.settle()
    const { state } = inspector.inspect(ref)
    ref.add(1)
    await kit.settle()
    expect(state).toEqual({ total: 1 })
    await kit.stop()
  })

  test('OB-1: a stuck actor with a full queue is seen all the same', async () => {
    const { kit, inspector } = await start()
    const ref = kit.spawn(counter, undefined, { name: 'stuck', mailbox: { capacity: 3 } })
    ref.add(2)
    ref.hold()
    await kit.settle()
    for (let i = 0; i < 5; i++) ref.add(1)
    expect(inspector.inspect(ref)).toMatchObject({
      busyWith: 'hold',
      queue: 3,
      state: { total: 2 },
    })
    await kit.stop()
  })

  test('OB-1: the last failure survives the restart that it caused', async () => {
    const { kit, inspector } = await start()
    const ref = kit.spawn(counter, undefined, { supervise: restart() })
    ref.fail('no luck')
    await kit.settle()
    expect(inspector.inspect(ref)).toMatchObject({
      incarnation: 2,
      restarts: 1,
      lastFailure: { error: { name: 'Error', message: 'no luck' }, message: 'fail' },
    })
    await kit.stop()
  })

  test('OB-1: a state machine is seen in the state that it is in', async () => {
    const { kit, inspector } = await start()
    const Door = protocol('test.door/1', { push: tell() })
    const door = machine(Door, {
      initial: 'closed',
      data: () => ({ pushed: 0 }),
      states: {
        closed: {
          on: {
            push: (self) => {
              self.data.pushed++
              self.goto('open')
            },
          },
        },
        open: { on: { push: () => {} } },
      },
    })
    const ref = kit.spawn(door)
    ref.push()
    await kit.settle()
    expect(inspector.inspect(ref)).toMatchObject({
      behaviour: 'test.door/1 open',
      state: { state: 'open', data: { pushed: 1 } },
    })
    await kit.stop()
  })

  test('OB-1: lists and trees count everybody', async () => {
    const { kit, inspector, operator } = await start()
    const ref = kit.spawn(counter, undefined, { name: 'top' })
    for (const name of ['a', 'b', 'c']) ref.spawn(name)
    await kit.settle()
    operator.suspend('/top/b')
    const listing = inspector.list()
    expect(listing.actors.map(({ path }) => path)).toEqual([
      '/',
      '/top',
      '/top/a',
      '/top/b',
      '/top/c',
    ])
    expect(listing).toMatchObject({ total: 5, waiting: 0, suspended: 1, byPhase: { running: 5 } })
    expect(inspector.list(2)).toMatchObject({ actors: [{}, {}], total: 5 })
    expect(inspector.tree()).toMatchObject({ descendants: 4, children: [{ descendants: 3 }] })
    expect(inspector.tree('/', 1)).toMatchObject({ children: [{ children: [], descendants: 3 }] })
    await kit.stop()
  })

  test('OB-1: what does not live here cannot be seen, and the error says so', async () => {
    const { kit, inspector } = await start()
    const ref = kit.spawn(counter)
    await kit.run(kit.system.stop(ref))
    const elsewhere = (await start()).kit.spawn(counter)
    expect(() => inspector.inspect(ref)).toThrow(expect.objectContaining({ code: 'no_such_actor' }))
    expect(() => inspector.inspect('/nobody')).toThrow(/no actor \/nobody/)
    expect(() => inspector.inspect(elsewhere)).toThrow(
      expect.objectContaining({ code: 'not_local' }),
    )
    await kit.stop()
  })

  test('OB-1: the rights are handed out at the start and to nobody else', async () => {
    const { kit } = await start()
    const names = Object.values(await import('../../src/kernel/index.ts'))
      .filter((value) => typeof value === 'function')
      .map(({ name }) => name)
    expect(names).not.toContain('Inspector')
    expect(names).not.toContain('Operator')
    expect(Object.keys(kit.system)).not.toContain('inspector')
    await kit.stop()
  })
})

describe('OB-1: suspend and resume', () => {
  test('OB-1: a suspended actor takes no message until it is resumed, and loses none', async () => {
    const { kit, inspector, operator } = await start()
    const ref = kit.spawn(counter)
    operator.suspend(ref)
    operator.suspend(ref)
    for (let i = 0; i < 10; i++) ref.add(1)
    await kit.settle()
    expect(inspector.inspect(ref)).toMatchObject({ queue: 10, suspended: true })
    operator.resume(ref)
    operator.resume(ref)
    await kit.settle()
    expect(inspector.inspect(ref)).toMatchObject({ queue: 0, state: { total: 10 } })
    await kit.stop()
  })

  test('OB-1: a turn under way ends as it would; what waits does not begin', async () => {
    const { kit, inspector, operator } = await start()
    const ref = kit.spawn(counter, undefined, { name: 'turn' })
    ref.later(3)
    ref.add(100)
    await kit.settle()
    operator.suspend(ref)
    waits.get('/turn')?.resolve()
    await kit.settle()
    expect(inspector.inspect(ref)).toMatchObject({ state: { total: 3 }, queue: 1, busyWith: null })
    operator.resume(ref)
    await kit.settle()
    expect(inspector.inspect(ref)).toMatchObject({ state: { total: 103 } })
    await kit.stop()
  })

  test('OB-1: a suspended actor can be stopped, and restarted it stays suspended', async () => {
    const { kit, inspector, operator } = await start()
    const ref = kit.spawn(counter, undefined, { supervise: restart() })
    ref.fail('first')
    await kit.settle()
    operator.suspend(ref)
    ref.add(1)
    await kit.settle()
    expect(inspector.inspect(ref)).toMatchObject({ incarnation: 2, queue: 1 })
    await kit.run(kit.system.stop(ref))
    expect(kit.system.deadLetters.count('stopped')).toBe(1)
    await kit.stop()
  })

  test('OB-1: what a supervisor decides does not undo what an operator wants', async () => {
    const { kit, inspector, operator } = await start()
    const top = kit.spawn(counter, undefined, {
      name: 'top',
      supervise: async () => {
        await Promise.resolve()
        return resume()(new Error('any'))
      },
    })
    top.spawn('child')
    await kit.settle()
    operator.suspend('/top/child')
    top.fail('and resume')
    await kit.settle()
    expect(inspector.inspect('/top')).toMatchObject({ phase: 'running', incarnation: 1 })
    expect(inspector.inspect('/top/child').suspended).toBe(true)
    await kit.stop()
  })

  test('OB-1: an asker of a suspended actor hears by its deadline', async () => {
    const { kit, operator } = await start()
    const ref = kit.spawn(counter)
    operator.suspend(ref)
    await expect(kit.run(ref.get(undefined, { deadline: 50 }))).rejects.toMatchObject({
      code: 'timeout',
    })
    await kit.stop()
  })

  test('OB-1: what an operator does is published', async () => {
    const { kit, operator } = await start()
    const ref = kit.spawn(counter, undefined, { name: 'seen' })
    const seen: string[] = []
    kit.system.events.subscribeAll((event, type) => {
      if (/suspended|resumed|repaired/.test(type)) seen.push(`${type} ${JSON.stringify(event)}`)
    })
    await kit.settle()
    operator.suspend(ref)
    await operator.replaceState(ref, () => ({ total: 1 }))
    operator.resume(ref)
    expect(seen).toEqual([
      'actor.suspended {"path":"/seen"}',
      'actor.repaired {"path":"/seen"}',
      'actor.resumed {"path":"/seen"}',
    ])
    await kit.stop()
  })
})

describe('OB-1: replaceState', () => {
  test('OB-1: an idle or suspended actor goes on with the new state at once', async () => {
    const { kit, operator } = await start()
    const ref = kit.spawn(counter)
    await kit.settle()
    operator.suspend(ref)
    ref.add(1)
    await kit.run(operator.replaceState(ref, (state) => ({ ...(state as object), total: 41 })))
    operator.resume(ref)
    expect(await kit.run(ref.get())).toBe(42)
    await kit.stop()
  })

  test('OB-1: in the middle of a turn it waits for the end of the turn', async () => {
    const { kit, inspector, operator } = await start()
    const ref = kit.spawn(counter, undefined, { name: 'mid', mailbox: { capacity: 1 } })
    ref.later(5)
    await kit.settle()
    ref.add(1)
    const seen: unknown[] = []
    const replaced = operator.replaceState(ref, (state) => {
      seen.push({ ...(state as object) })
      return { total: 1_000 }
    })
    await kit.settle()
    expect(seen).toEqual([])
    waits.get('/mid')?.resolve()
    await kit.run(replaced)
    await kit.settle()
    expect(seen).toEqual([{ total: 5 }])
    expect(inspector.inspect(ref).state).toEqual({ total: 1_001 })
    await kit.stop()
  })

  test('OB-1: a replacement that throws, or is a promise, changes nothing', async () => {
    const { kit, inspector, operator } = await start()
    const ref = kit.spawn(counter)
    ref.add(3)
    await kit.settle()
    const thrown = operator.replaceState(ref, () => {
      throw new Error('typo')
    })
    await expect(kit.run(thrown)).rejects.toThrow('typo')
    const promised = operator.replaceState(ref, () => Promise.resolve({ total: 9 }))
    await expect(kit.run(promised)).rejects.toMatchObject({ code: 'state_not_replaced' })
    expect(inspector.inspect(ref).state).toEqual({ total: 3 })
    await kit.stop()
  })

  test('OB-1: whoever repairs an actor in a turn that never ends hears when it is given up', async () => {
    const { kit, operator } = await start()
    const ref = kit.spawn(counter)
    ref.hold()
    await kit.settle()
    const replaced = operator.replaceState(ref, () => ({ total: 1 }))
    const outcome = Promise.allSettled([replaced])
    await kit.stop()
    const [settled] = await outcome
    expect(settled.status).toBe('fulfilled')
    expect(kit.clock.now()).toBe(5_000)
  })
})
