/**
 * Tests of asks: each ends in exactly one answer or one named failure.
 */
import { describe, expect, test } from 'vitest'
import {
  actor,
  ask,
  EdgeError,
  hasCode,
  protocol,
  type Ref,
  type Replier,
  restart,
  resume,
  tell,
} from '../../src/kernel/index.ts'
import { type TestKit, testSystem } from '../../src/testing/index.ts'

const Desk = protocol('test.desk/1', {
  echo: ask<{ word: string }, string>(),
  fail: ask<{ why: string }, string>(),
  /** Answered when the test opens the gate. */
  wait: ask<{ key: string }, string>(),
  hold: ask<{ key: string }, string>(),
  through: ask<{ to: () => Promise<string> }, string>(),
  open: ask<{ to: () => Promise<string> }, string>({ interleave: true }),
  run: tell<{ work: () => unknown }>(),
})
type Desks = (typeof Desk)['messages']

class World {
  readonly kit: TestKit
  readonly ran: string[] = []
  readonly gates = new Map<string, (value: string) => void>()
  readonly held = new Map<string, Replier<string>>()
  readonly signals = new Map<string, AbortSignal>()

  constructor(kit: TestKit) {
    this.kit = kit
  }

  static async open(): Promise<World> {
    return new World(await testSystem({ seed: 7 }))
  }

  desk(name: string): Ref<Desks> {
    const def = actor(Desk, {
      state: () => null,
      on: {
        echo: (_state, { word }) => {
          this.ran.push(word)
          return word
        },
        fail: (_state, { why }) => {
          throw new TypeError(why)
        },
        wait: async (_state, { key }, ctx) => {
          this.ran.push(key)
          this.signals.set(key, ctx.signal)
          return new Promise<string>((resolve) => this.gates.set(key, resolve))
        },
        hold: (_state, { key }, ctx) => ctx.replyLater((replier) => this.held.set(key, replier)),
        through: async (_state, { to }) => to(),
        open: async (_state, { to }) => to(),
        run: (_state, { work }) => void work(),
      },
      supervise: restart(),
    })
    return this.kit.system.spawn(def, undefined, { name })
  }

  get letters(): readonly string[] {
    return this.kit.system.deadLetters.latest.map(({ reason, message }) => `${reason} ${message}`)
  }

  async codeOf(asked: Promise<unknown>): Promise<string> {
    return this.kit.run(asked.then(String, codeIn))
  }

  /** What became of it without letting time pass. */
  async codeNow(asked: Promise<unknown>): Promise<string> {
    let code = 'pending'
    asked.then(
      (value) => (code = String(value)),
      (error: unknown) => (code = codeIn(error)),
    )
    await this.kit.settle()
    return code
  }
}

function codeIn(error: unknown): string {
  return error instanceof EdgeError ? error.code : String(error)
}

describe('an answer', () => {
  test('AK-1: a reply counts once, and a second one is a dead letter', async () => {
    const world = await World.open()
    const asked = world.desk('a').hold({ key: 'k' })
    await world.kit.settle()
    const replier = world.held.get('k') as Replier<string>
    replier.succeed('first')
    replier.succeed('second')
    replier.fail(new TypeError('third'))
    expect(await world.codeNow(asked)).toBe('first')
    expect(world.letters).toEqual(['late-reply hold', 'late-reply hold'])
    expect(world.kit.system.deadLetters.latest[0]).toMatchObject({ payload: 'second' })
    await world.kit.stop()
  })

  test('AK-12: a hundred asks of one asker are answered in order', async () => {
    const world = await World.open()
    const desk = world.desk('a')
    const answers: string[] = []
    const words = Array.from({ length: 100 }, (_, i) => String(i))
    for (const word of words) void desk.echo({ word }).then((answer) => answers.push(answer))
    await world.kit.settle()
    expect(answers).toEqual(words)
    await world.kit.stop()
  })
})

describe('a refusal', () => {
  test('AK-2, DL-2: a dead target rejects at once with its path, and one dead letter', async () => {
    const world = await World.open()
    const desk = world.desk('gone')
    await world.kit.run(world.kit.system.stop(desk))
    const asked = desk.echo({ word: 'hello' })
    expect(await world.codeNow(asked)).toBe('no_such_actor')
    await expect(asked).rejects.toMatchObject({ detail: { path: '/gone' } })
    expect(world.letters).toEqual(['no-such-actor echo'])
    expect(world.kit.clock.now()).toBe(0)
    await world.kit.stop()
  })

  test('AK-4, C6: a handler that throws tells its asker at once, and the cause', async () => {
    const world = await World.open()
    const desk = world.desk('a')
    const asked = desk.fail({ why: 'broken' })
    expect(await world.codeNow(asked)).toBe('faulted')
    await expect(asked).rejects.toMatchObject({ cause: new TypeError('broken') })
    expect(await world.codeNow(desk.echo({ word: 'next' }))).toBe('next')
    await world.kit.stop()
  })

  test('AK-5: the deadline names path, message and milliseconds; the target goes on', async () => {
    const world = await World.open()
    const desk = world.desk('slow')
    const asked = desk.wait({ key: 'k' }, { deadline: 200 })
    await world.kit.settle()
    await world.kit.advance(199)
    expect(await world.codeNow(asked)).toBe('pending')
    await world.kit.advance(1)
    await expect(asked).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringMatching(/wait to \/slow had no answer within 200 ms/),
      detail: { path: '/slow', message: 'wait', deadlineMs: 200 },
    })
    world.gates.get('k')?.('late')
    expect(await world.codeNow(desk.echo({ word: 'alive' }))).toBe('alive')
    await world.kit.stop()
  })

  test('AK-6: a reply after the deadline is a dead letter and reaches nobody', async () => {
    const world = await World.open()
    const asked = world.desk('a').wait({ key: 'k' }, { deadline: 10 })
    expect(await world.codeOf(asked)).toBe('timeout')
    world.gates.get('k')?.('too late')
    await world.kit.settle()
    expect(world.kit.system.deadLetters.latest).toMatchObject([
      { reason: 'late-reply', message: 'wait', payload: 'too late', sender: '/a' },
    ])
    await expect(asked).rejects.toMatchObject({ code: 'timeout' })
    await world.kit.stop()
  })

  test.for([0, -5, Number.NaN, -Infinity])(
    'AK-7: a deadline of %d is refused at once, and nothing is sent',
    async (deadline) => {
      const world = await World.open()
      const asked = world.desk('a').echo({ word: 'no' }, { deadline })
      expect(await world.codeNow(asked)).toBe('invalid_deadline')
      expect(world.ran).toEqual([])
      await world.kit.stop()
    },
  )

  test('AK-7: an ask on a budget that is spent is refused, and nothing is sent', async () => {
    const world = await World.open()
    const [a, b] = [world.desk('a'), world.desk('b')]
    let nested = ''
    const late = async (): Promise<string> => {
      await new Promise<string>((resolve) => world.gates.set('until', resolve))
      const asked = b.echo({ word: 'no' })
      nested = await asked.catch(codeIn)
      return nested
    }
    const asked = a.through({ to: late }, { deadline: 50 })
    await world.kit.settle()
    await world.kit.advance(60)
    world.gates.get('until')?.('now')
    expect(await world.codeNow(asked)).toBe('timeout')
    expect([nested, world.ran]).toEqual(['timeout', []])
    await world.kit.stop()
  })

  test('a null payload is refused where it is sent', async () => {
    const world = await World.open()
    const desk = world.desk('a') as unknown as { echo(payload: null): Promise<string> }
    expect(await world.codeNow(desk.echo(null))).toBe('invalid_message')
    await world.kit.stop()
  })

  test('a stopping actor answers those who wait with its stop, each once', async () => {
    const world = await World.open()
    const desk = world.desk('a')
    const running = desk.wait({ key: 'k' })
    const queued = desk.echo({ word: 'q' })
    await world.kit.settle()
    const stopping = world.kit.system.stop(desk, { grace: 10 })
    const late = desk.echo({ word: 'l' })
    await world.kit.run(stopping)
    const codes = [running, queued, late].map((asked) => world.codeNow(asked))
    expect(await Promise.all(codes)).toEqual(['stopped', 'stopped', 'stopped'])
    expect(world.letters).toEqual(['stopped echo', 'stopped echo'])
    await world.kit.stop()
  })

  test('the end of the system answers every ask and stream that is still open', async () => {
    const world = await World.open()
    const { system } = world.kit
    const desk = world.desk('a')
    const held = desk.hold({ key: 'k' }, { deadline: '1h' as unknown as number })
    expect(await world.codeNow(held)).toBe('invalid_deadline')
    const open = desk.hold({ key: 'k' }, { deadline: 3_600_000 })
    await world.kit.settle()
    await world.kit.run(system.terminate())
    expect(await world.codeNow(open)).toBe('system_terminated')
    expect(await world.codeNow(desk.echo({ word: 'x' }))).toBe('system_terminated')
    expect(system.wheel.size).toBe(0)
  })
})

describe('a deadline that passes in the queue', () => {
  test('AK-9: the message is dropped unprocessed and counted as expired, once', async () => {
    const world = await World.open()
    const desk = world.desk('a')
    const first = desk.wait({ key: 'k' })
    const queued = desk.echo({ word: 'expired' }, { deadline: 50 })
    await world.kit.settle()
    await world.kit.advance(60)
    world.gates.get('k')?.('done')
    expect(await world.codeNow(first)).toBe('done')
    expect(await world.codeNow(queued)).toBe('timeout')
    expect(world.ran).toEqual(['k'])
    expect(world.letters).toEqual(['expired echo'])
    expect(world.kit.system.deadLetters.count('expired')).toBe(1)
    await world.kit.stop()
  })

  test('AK-9: it is dropped also when a synchronous turn kept the wheel from turning', async () => {
    const world = await World.open()
    const desk = world.desk('a')
    const { clock } = world.kit
    const now = clock.now.bind(clock)
    let blockedMs = 0
    Object.defineProperty(clock, 'now', { value: () => now() + blockedMs })
    desk.run({ work: () => void (blockedMs = 100) })
    const queued = desk.echo({ word: 'late' }, { deadline: 50 })
    expect(await world.codeNow(queued)).toBe('timeout')
    expect(world.ran).toEqual([])
    await world.kit.stop()
  })

  test('AK-9: one that expired in the queue of an actor that stops is one dead letter', async () => {
    const world = await World.open()
    const desk = world.desk('a')
    const running = desk.wait({ key: 'k' }, { deadline: 20 })
    const queued = desk.echo({ word: 'x' }, { deadline: 20 })
    expect(await world.codeOf(running)).toBe('timeout')
    expect(await world.codeOf(queued)).toBe('timeout')
    await world.kit.run(world.kit.system.stop(desk, { grace: 10 }))
    expect(world.letters).toEqual(['expired echo'])
    await world.kit.stop()
  })
})

describe('giving up', () => {
  test('AK-10: aborted before it is sent, nothing is sent', async () => {
    const world = await World.open()
    const asked = world.desk('a').echo({ word: 'no' }, { signal: AbortSignal.abort('why') })
    expect(await world.codeNow(asked)).toBe('cancelled')
    await expect(asked).rejects.toMatchObject({ cause: 'why' })
    expect([world.ran, world.letters]).toEqual([[], []])
    await world.kit.stop()
  })

  test('AK-10: aborted while it is queued, the asker hears at once and it is not run', async () => {
    const world = await World.open()
    const desk = world.desk('a')
    const first = desk.wait({ key: 'k' })
    const controller = new AbortController()
    const queued = desk.echo({ word: 'no' }, { signal: controller.signal })
    await world.kit.settle()
    controller.abort('changed my mind')
    expect(await world.codeNow(queued)).toBe('cancelled')
    world.gates.get('k')?.('done')
    await world.kit.run(first)
    expect([world.ran, world.letters]).toEqual([['k'], ['cancelled echo']])
    await world.kit.stop()
  })

  test('AK-10: aborted while it runs, the handler sees its signal, the asker hears at once', async () => {
    const world = await World.open()
    const controller = new AbortController()
    const asked = world.desk('a').wait({ key: 'k' }, { signal: controller.signal })
    await world.kit.settle()
    expect(world.signals.get('k')?.aborted).toBe(false)
    controller.abort('enough')
    expect(world.signals.get('k')?.aborted).toBe(true)
    expect(await world.codeNow(asked)).toBe('cancelled')
    await world.kit.stop()
  })

  test('AK-10: an abort after the answer changes nothing and leaves no listener', async () => {
    const world = await World.open()
    const controller = new AbortController()
    let listeners = 0
    const { signal } = controller
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++
      add(...args)
    }
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--
      remove(...args)
    }
    const asked = world.desk('a').echo({ word: 'yes' }, { signal })
    expect(await world.codeNow(asked)).toBe('yes')
    controller.abort()
    expect([await asked, listeners, world.letters]).toEqual(['yes', 0, []])
    await world.kit.stop()
  })

  test('AK-11: a deadline does not abort the handler unless it was asked to', async () => {
    const world = await World.open()
    const [a, b] = [world.desk('a'), world.desk('b')]
    const left = a.wait({ key: 'left' }, { deadline: 10 })
    const stopped = b.wait({ key: 'stopped' }, { deadline: 10, cancelOnTimeout: true })
    expect([await world.codeOf(left), await world.codeOf(stopped)]).toEqual(['timeout', 'timeout'])
    expect(world.signals.get('left')?.aborted).toBe(false)
    expect(world.signals.get('stopped')?.aborted).toBe(true)
    await world.kit.stop()
  })
})

describe('budgets', () => {
  test('a nested ask never waits longer than what remains of the one it serves', async () => {
    const world = await World.open()
    const [a, b] = [world.desk('a'), world.desk('b')]
    let inner = ''
    let innerAt = -1
    const nested = async (): Promise<string> => {
      // The budget is inherited across awaits.
      await new Promise<string>((resolve) => world.gates.set('first', resolve))
      await Promise.resolve()
      inner = await b.wait({ key: 'k' }, { deadline: 10_000 }).catch(codeIn)
      innerAt = world.kit.clock.now()
      return inner
    }
    const asked = a.through({ to: nested }, { deadline: 100 })
    await world.kit.settle()
    await world.kit.advance(30)
    world.gates.get('first')?.('go')
    expect(await world.codeOf(asked)).toBe('timeout')
    await world.kit.settle()
    expect([inner, innerAt]).toEqual(['timeout', 100])
    await world.kit.stop()
  })

  test('work that outlives its turn inherits nothing from it', async () => {
    const world = await World.open()
    const [a, b] = [world.desk('a'), world.desk('b')]
    let afterwards = ''
    const outer = async (): Promise<string> => {
      void (async () => {
        await new Promise<string>((resolve) => world.gates.set('gate', resolve))
        afterwards = await b.echo({ word: 'on its own' }).catch(codeIn)
      })()
      return 'answered'
    }
    expect(await world.codeNow(a.through({ to: outer }, { deadline: 50 }))).toBe('answered')
    await world.kit.advance(100)
    world.gates.get('gate')?.('go')
    await world.kit.settle()
    expect(afterwards).toBe('on its own')
    await world.kit.stop()
  })
})

describe('deadlocks', () => {
  test('AK-14: an actor that asks itself in a serial turn is refused at once', async () => {
    const world = await World.open()
    const desk = world.desk('a')
    const asked = desk.through({ to: () => desk.echo({ word: 'me' }) })
    expect(await world.codeNow(asked)).toBe('faulted')
    await expect(asked).rejects.toMatchObject({ cause: { code: 'deadlock' } })
    const later = desk.through({
      to: async () => {
        await Promise.resolve()
        return desk.echo({ word: 'me' })
      },
    })
    expect(await world.codeNow(later)).toBe('faulted')
    expect([world.kit.clock.now(), world.ran]).toEqual([0, []])
    await world.kit.stop()
  })

  test('AK-14: a cycle A to B to A is recognised, and the rest of the chain goes on', async () => {
    const world = await World.open()
    const [a, b, c] = [world.desk('a'), world.desk('b'), world.desk('c')]
    const cycle = (): Promise<string> =>
      b.through({
        to: async () => {
          await Promise.resolve()
          return c.through({ to: () => a.echo({ word: 'never' }).catch(codeIn) })
        },
      })
    expect(await world.codeNow(a.through({ to: cycle }))).toBe('deadlock')
    expect([world.kit.clock.now(), world.ran]).toEqual([0, []])
    await world.kit.stop()
  })

  test('AK-14: two asks that cross without forming one chain are no deadlock', async () => {
    const world = await World.open()
    const [a, b] = [world.desk('a'), world.desk('b')]
    const first = a.wait({ key: 'k' })
    const second = b.through({ to: () => a.echo({ word: 'waits its turn' }) })
    await world.kit.settle()
    world.gates.get('k')?.('done')
    expect(await world.codeNow(first)).toBe('done')
    expect(await world.codeNow(second)).toBe('waits its turn')
    await world.kit.stop()
  })

  test('AK-14: where interleaving is allowed the cycle is answered', async () => {
    const world = await World.open()
    const [a, b] = [world.desk('a'), world.desk('b')]
    const back = (): Promise<string> => a.open({ to: () => Promise.resolve('interleaved') })
    expect(await world.codeNow(a.through({ to: () => b.through({ to: back }) }))).toBe(
      'interleaved',
    )
    expect(await world.codeNow(a.open({ to: () => a.echo({ word: 'from beside' }) }))).toBe(
      'from beside',
    )
    await world.kit.stop()
  })
})

const Counter = protocol('test.counter/1', {
  add: tell<{ times: number }>(),
  later: ask<void, number>(),
  count: ask<void, number>(),
  boom: tell(),
  outcome: tell<{ text: string }>(),
  pipe: tell<{ promise: Promise<string> }>(),
})

describe('reentry', () => {
  test('AK-15: 100,000 continuations run one at a time, of rejections too', async () => {
    const kit = await testSystem({ seed: 3, order: 'fifo', log: false })
    let inside = 0
    const counter = actor(Counter, {
      state: () => ({ total: 0 }),
      on: {
        add: (_state, { times }, ctx) => {
          for (let i = 0; i < times; i++) {
            const promise = i % 2 === 0 ? Promise.resolve(1) : Promise.reject(new TypeError('1'))
            ctx.reenterAfter(promise, (state, outcome) => {
              expect(inside++).toBe(0)
              const before = state.total
              state.total = before + (outcome.ok ? 1 : 2)
              inside--
            })
          }
        },
        later: () => 0,
        count: (state) => state.total,
        boom: () => {},
        outcome: () => {},
        pipe: () => {},
      },
    })
    const ref = kit.system.spawn(counter)
    for (let i = 0; i < 100; i++) ref.add({ times: 1_000 })
    await kit.settle()
    expect(await kit.run(ref.count())).toBe(150_000)
    await kit.stop()
  })

  test('AK-15: a continuation of an incarnation that has ended is dropped', async () => {
    const kit = await testSystem({ seed: 3 })
    const heard: string[] = []
    const piper = actor(Counter, {
      state: (_none: void, ctx: { readonly incarnation: number }) => ({ life: ctx.incarnation }),
      on: {
        add: () => {},
        later: () => 0,
        count: () => 0,
        boom: () => {
          throw new TypeError('boom')
        },
        outcome: ({ life }, { text }) => void heard.push(`${life} ${text}`),
        pipe: (_state, { promise }, ctx) => {
          ctx.pipeToSelf(promise, 'outcome', (outcome) => ({
            text: outcome.ok ? outcome.value : `failed ${String(outcome.error)}`,
          }))
          ctx.reenterAfter(promise, ({ life }) => void heard.push(`reentered ${life}`))
        },
      },
      supervise: restart(),
    })
    const ref = kit.system.spawn(piper)
    let resolve: (text: string) => void = () => {}
    ref.pipe({ promise: new Promise((done) => (resolve = done)) })
    ref.boom()
    ref.pipe({ promise: Promise.resolve('second life') })
    const rejected = Promise.reject<string>(new TypeError('x'))
    rejected.catch(() => {})
    ref.pipe({ promise: rejected })
    await kit.settle()
    resolve('first life')
    await kit.settle()
    expect(heard.toSorted()).toEqual([
      '2 failed TypeError: x',
      '2 second life',
      'reentered 2',
      'reentered 2',
    ])
    expect(kit.system.deadLetters.total).toBe(0)
    await kit.stop()
  })

  test('a continuation of an open ask works on what remains of its budget', async () => {
    const world = await World.open()
    const slow = world.desk('slow')
    let remaining = NaN
    const later = actor(Counter, {
      state: () => null,
      on: {
        add: () => {},
        boom: () => {},
        outcome: () => {},
        pipe: () => {},
        count: () => 0,
        later: (_state, _none, ctx) =>
          ctx.replyLater((replier) => {
            const gate = new Promise<string>((resolve) => world.gates.set('gate', resolve))
            ctx.reenterAfter(gate, async (_held, _outcome, inner) => {
              remaining = inner.remainingMs
              await Promise.resolve()
              await slow.wait({ key: 'k' }).catch(() => {})
              replier.succeed(1)
            })
          }),
      },
    })
    const asked = world.kit.system.spawn(later).later(undefined, { deadline: 100 })
    await world.kit.settle()
    await world.kit.advance(40)
    world.gates.get('gate')?.('go')
    expect(await world.codeOf(asked)).toBe('timeout')
    await world.kit.settle()
    // The nested ask ended with the budget, not with its own five seconds.
    expect([remaining, world.kit.clock.now(), world.letters]).toEqual([
      60,
      100,
      ['late-reply later'],
    ])
    await world.kit.stop()
  })
})

describe('many asks', () => {
  test('AK-16: 100,000 outstanding asks share the wheel, time out on time, and leave nothing', async () => {
    const kit = await testSystem({ seed: 5, order: 'fifo', log: false })
    const silent = actor(protocol('test.silent/1', { ask: ask<void, void>() }), {
      state: () => null,
      on: { ask: (_state, _none, ctx) => ctx.replyLater(() => {}) },
    })
    const ref = kit.system.spawn(silent)
    await kit.settle()
    const round = async (): Promise<Map<number, number>> => {
      const outcomes = new Map<number, number>()
      const begunAt = kit.clock.now()
      const asks: Promise<void>[] = []
      for (let i = 0; i < 100_000; i++) {
        const asked = ref.ask(undefined, { deadline: 1_000 + (i % 5) })
        asks.push(
          asked.catch((error: unknown) => {
            const late = hasCode(error, 'timeout') ? kit.clock.now() - begunAt : NaN
            outcomes.set(late, (outcomes.get(late) ?? 0) + 1)
          }),
        )
      }
      expect(kit.system.wheel.size).toBe(100_000)
      await kit.settle()
      await kit.advance(1_010)
      await Promise.all(asks)
      return outcomes
    }
    const times = [1_000, 1_001, 1_002, 1_003, 1_004]
    expect([...(await round())]).toEqual(times.map((ms) => [ms, 20_000]))
    globalThis.gc?.()
    const before = process.memoryUsage().heapUsed
    await round()
    globalThis.gc?.()
    const grownBytes = process.memoryUsage().heapUsed - before
    expect(kit.system.wheel.size).toBe(0)
    expect(grownBytes).toBeLessThan(100_000 * 20)
    await kit.stop()
  }, 30_000)
})

describe('errors', () => {
  test('resume keeps the actor answering after a fault, and only the faulty ask fails', async () => {
    const world = await World.open()
    const flaky = actor(Counter, {
      state: () => ({ total: 0 }),
      on: {
        add: () => {},
        boom: () => {},
        outcome: () => {},
        pipe: () => {},
        later: () => {
          throw new RangeError('not now')
        },
        count: (state) => ++state.total,
      },
      supervise: resume(),
    })
    const ref = world.kit.system.spawn(flaky)
    const codes = [ref.count(), ref.later(), ref.count()].map((asked) => world.codeOf(asked))
    expect(await Promise.all(codes)).toEqual(['1', 'faulted', '2'])
    await world.kit.stop()
  })
})
