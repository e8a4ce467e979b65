/**
 * Timer tests: an actor's timers and its receive time-out, under virtual time.
 */
import { describe, expect, test } from 'vitest'
import {
  actor,
  type Context,
  protocol,
  type Ref,
  resume,
  restart,
  tell,
  type TellSpec,
} from '../../src/kernel/index.ts'
import { type TestKit, testSystem } from '../../src/testing/index.ts'

type Work = (ctx: Context<Clockworks, Seen>) => void | Promise<void>
type Clockworks = {
  /** Runs what the test hands over, in the actor's turn. */
  readonly run: TellSpec<Work>
  readonly tick: TellSpec<string>
  readonly slow: TellSpec<number>
  readonly quiet: TellSpec<void>
}
const Clockwork = protocol<Clockworks>('test.clockwork/1', {
  run: tell<Work>(),
  tick: tell<string>(),
  slow: tell<number>(),
  quiet: tell({ quiet: true }),
})

interface Seen {
  readonly ticks: string[]
}

const seen: { ticks: string[]; idle: number[]; hooks: string[] } = {
  ticks: [],
  idle: [],
  hooks: [],
}

const clockwork = actor(Clockwork, {
  state: (): Seen => ({ ticks: [] }),
  on: {
    run: (_state, work, ctx) => work(ctx),
    tick: (_state, word, ctx) => void seen.ticks.push(`${word}@${ctx.now()}`),
    slow: (_state, ms, ctx) => {
      seen.ticks.push(`slow@${ctx.now()}`)
      return pause(ctx, ms)
    },
    quiet: () => {},
  },
  signals: {
    receiveTimeout: (_state, ctx) => void seen.idle.push(ctx.now()),
    preRestart: (_state, _error, ctx) =>
      void seen.hooks.push(`preRestart active=${ctx.timerActive('k')}`),
    postStop: (_state, ctx) => void seen.hooks.push(`postStop active=${ctx.timerActive('k')}`),
  },
  supervise: restart(),
})

/** Resolves after virtual time, by a timer of another actor. */
const Sleeper = protocol('test.sleeper/1', { wake: tell<() => void>() })
let kit: TestKit

function pause(_ctx: unknown, ms: number): Promise<void> {
  const sleeper = kit.system.spawn(
    actor(Sleeper, {
      state: (_none, ctx) => ctx.after('wake', ms, 'wake', () => resolve),
      on: { wake: (_state, wake) => wake() },
    }),
  )
  let resolve = (): void => {}
  void sleeper
  return new Promise((done) => {
    resolve = done
  })
}

async function started(): Promise<Ref<Clockworks>> {
  seen.ticks = []
  seen.idle = []
  seen.hooks = []
  kit = await testSystem({ seed: 1 })
  const ref = kit.system.spawn(clockwork)
  await kit.settle()
  return ref
}

describe('timers', () => {
  test('TM-1: a single timer fires once, at its time and never before', async () => {
    const ref = await started()
    ref.run((ctx) => ctx.after('k', 100, 'tick', 'once'))
    await kit.settle()
    await kit.advance(99)
    expect(seen.ticks).toEqual([])
    await kit.advance(1)
    expect(seen.ticks).toEqual(['once@100'])
    await kit.advance('1h')
    expect(seen.ticks).toHaveLength(1)
    await kit.stop()
  })

  test('TM-2: starting a key again replaces it, a queued tick of the old too', async () => {
    const ref = await started()
    ref.run(async (ctx) => {
      ctx.after('k', 10, 'tick', 'old')
      await pause(ctx, 20)
      // The old tick waits in the queue behind this turn.
      ctx.after('k', 5, 'tick', 'new')
    })
    await kit.advance(100)
    expect(seen.ticks).toEqual(['new@25'])
    await kit.stop()
  })

  test('TM-3: cancelling a key drops its queued tick too', async () => {
    const ref = await started()
    let activeWhileQueued = false
    let activeAfter = true
    ref.run(async (ctx) => {
      ctx.after('k', 10, 'tick', 'never')
      await pause(ctx, 20)
      activeWhileQueued = ctx.timerActive('k')
      ctx.cancelTimer('k')
      activeAfter = ctx.timerActive('k')
    })
    await kit.advance(100)
    expect([activeWhileQueued, activeAfter, seen.ticks]).toEqual([true, false, []])
    await kit.stop()
  })

  test('TM-4: a restart cancels all timers, and ticks of the old life are never seen', async () => {
    const ref = await started()
    ref.run((ctx) => {
      ctx.every('k', 10, 'tick', 'old')
      ctx.after('later', 50, 'tick', 'old too')
    })
    await kit.advance(15)
    expect(seen.ticks).toEqual(['old@10'])
    ref.run(async (ctx) => {
      await pause(ctx, 20)
      throw new TypeError('spoiled')
    })
    await kit.advance(200)
    expect(seen.ticks).toEqual(['old@10'])
    expect(seen.hooks).toEqual(['preRestart active=false'])
    await kit.stop()
    expect(seen.hooks).toEqual(['preRestart active=false', 'postStop active=false'])
  })

  test('TM-6: a change of behaviour keeps the timers and gets their ticks', async () => {
    const ref = await started()
    ref.run((ctx) => {
      ctx.after('k', 10, 'tick', 'kept')
      ctx.become({ tick: (_state, word) => void seen.ticks.push(`changed ${word}`) })
    })
    await kit.advance(10)
    expect(seen.ticks).toEqual(['changed kept'])
    await kit.stop()
  })

  test('TM-7: a tick whose actor has stopped is no dead letter', async () => {
    const ref = await started()
    ref.run(async (ctx) => {
      ctx.every('k', 10, 'tick', 'x')
      await pause(ctx, 35)
      ctx.stop()
    })
    await kit.advance(1_000)
    expect(kit.system.deadLetters.total).toBe(0)
    await kit.stop()
  })

  test('TM-8: fixed delay counts from the end of handling, fixed rate does not', async () => {
    const ref = await started()
    const at = (): number => kit.clock.now()
    let begunAt = at()
    ref.run((ctx) => ctx.every('k', 10, 'slow', 8, { kind: 'fixed-delay' }))
    await kit.advance(1_800)
    const delayed = seen.ticks.length
    seen.ticks = []
    begunAt = at()
    ref.run((ctx) => ctx.every('k', 10, 'slow', 8, { kind: 'fixed-rate' }))
    await kit.advance(1_000)
    expect([delayed, seen.ticks.length]).toEqual([100, 100])
    expect(at() - begunAt).toBe(1_000)
    await kit.stop()
  })

  test('TM-8: a fixed rate catches up after a pause of its actor', async () => {
    const ref = await started()
    ref.run(async (ctx) => {
      ctx.every('k', 10, 'tick', 'x')
      await pause(ctx, 55)
    })
    await kit.advance(55)
    expect(seen.ticks).toEqual(Array.from({ length: 5 }, () => 'x@55'))
    await kit.advance(5)
    expect(seen.ticks).toHaveLength(6)
    await kit.stop()
  })

  test('an actor that is stuck collects a bounded number of ticks', async () => {
    const ref = await started()
    ref.run(async (ctx) => {
      ctx.every('k', 1, 'tick', 'x')
      await pause(ctx, 5_000)
    })
    await kit.advance(5_000)
    expect(seen.ticks).toHaveLength(1_000)
    await kit.stop()
  })

  test.for([0, -1, Number.NaN, Infinity])(
    'TM-9: a timer of %d milliseconds is refused where it is set',
    async (ms) => {
      const ref = await started()
      const refused: string[] = []
      const attempt = (work: () => void): void => {
        try {
          work()
        } catch (error) {
          refused.push((error as { code: string }).code)
        }
      }
      ref.run((ctx) => {
        attempt(() => ctx.after('k', ms, 'tick', 'x'))
        attempt(() => ctx.every('k', ms, 'tick', 'x'))
        attempt(() => ctx.setReceiveTimeout(ms))
        attempt(() => ctx.every('k', 5, 'tick', 'x', { first: ms === 0 ? -1 : ms }))
      })
      await kit.settle()
      expect(refused).toEqual(Array.from({ length: 4 }, () => 'invalid_duration'))
      await kit.stop()
    },
  )

  test('TM-9: a timer longer than 2^31 milliseconds fires at its time, not at once', async () => {
    const ref = await started()
    const month = 2 ** 31 + 10
    ref.run((ctx) => ctx.after('k', month, 'tick', 'far'))
    await kit.settle()
    await kit.advance(month - 1)
    expect(seen.ticks).toEqual([])
    await kit.advance(1)
    expect(seen.ticks).toEqual([`far@${month}`])
    await kit.stop()
  })

  test('SV-13: a payload factory that throws is a failure of the actor', async () => {
    const ref = await started()
    const failures: string[] = []
    kit.system.events.subscribe('actor.failed', ({ error }) => void failures.push(String(error)))
    ref.run((ctx) =>
      ctx.after('k', 10, 'tick', () => {
        throw new TypeError('no payload')
      }),
    )
    await kit.advance(10)
    expect(failures).toEqual(['TypeError: no payload'])
    await kit.stop()
  })

  test('a fixed-delay timer goes on after a handler that failed and was resumed', async () => {
    kit = await testSystem({ seed: 1 })
    let ticks = 0
    const flaky = actor(protocol('test.flaky/1', { tick: tell() }), {
      state: (_none, ctx) => ctx.every('k', 10, 'tick', undefined, { kind: 'fixed-delay' }),
      on: {
        tick: () => {
          if (++ticks % 2 === 1) throw new TypeError('odd')
        },
      },
      supervise: resume(),
    })
    kit.system.spawn(flaky)
    await kit.settle()
    await kit.advance(100)
    expect(ticks).toBe(10)
    await kit.stop()
  })
})

describe('the receive time-out', () => {
  test('TM-11: it comes after idle time and again while the idleness goes on', async () => {
    const ref = await started()
    ref.run((ctx) => ctx.setReceiveTimeout(100))
    await kit.settle()
    await kit.advance(350)
    expect(seen.idle).toEqual([100, 200, 300])
    await kit.stop()
  })

  test('TM-11: messages put it off, quiet ones do not', async () => {
    const ref = await started()
    ref.run((ctx) => ctx.setReceiveTimeout(100))
    await kit.settle()
    await kit.advance(60)
    ref.tick('busy')
    await kit.settle()
    await kit.advance(60)
    ref.quiet()
    await kit.settle()
    expect(seen.idle).toEqual([])
    await kit.advance(40)
    expect(seen.idle).toEqual([160])
    await kit.stop()
  })

  test('TM-11: cancelling drops one that is queued', async () => {
    const ref = await started()
    ref.run(async (ctx) => {
      ctx.setReceiveTimeout(10)
      await pause(ctx, 50)
      ctx.cancelReceiveTimeout()
    })
    await kit.advance(500)
    expect(seen.idle).toEqual([])
    await kit.stop()
  })

  test('TM-11: it ends with the incarnation and may be set again in the next', async () => {
    const ref = await started()
    ref.run((ctx) => ctx.setReceiveTimeout(10))
    ref.run(() => {
      throw new TypeError('spoiled')
    })
    await kit.advance(100)
    expect(seen.idle).toEqual([])
    ref.run((ctx) => ctx.setReceiveTimeout(10))
    await kit.settle()
    await kit.advance(10)
    expect(seen.idle).toEqual([110])
    const end = kit.run(kit.system.stop(ref))
    await end
    await kit.advance(100)
    expect([seen.idle, kit.system.deadLetters.total]).toEqual([[110], 0])
    await kit.stop()
  })

  test('TM-11: a turn that takes long is not idleness', async () => {
    const ref = await started()
    ref.run((ctx) => ctx.setReceiveTimeout(100))
    await kit.settle()
    ref.slow(250)
    await kit.advance(300)
    expect(seen.idle).toEqual([])
    await kit.advance(50)
    expect(seen.idle).toEqual([350])
    await kit.stop()
  })
})

describe('the clock', () => {
  test('TM-13: stepping the time of day neither fires nor delays a timer', async () => {
    const ref = await started()
    const wall = kit.clock.wall.bind(kit.clock)
    ref.run((ctx) => ctx.after('k', 100, 'tick', 'x'))
    await kit.settle()
    await kit.advance(50)
    Object.defineProperty(kit.clock, 'wall', { value: () => wall() - 3_600_000 })
    await kit.advance(49)
    expect(seen.ticks).toEqual([])
    Object.defineProperty(kit.clock, 'wall', { value: () => wall() + 7_200_000 })
    await kit.settle()
    expect(seen.ticks).toEqual([])
    await kit.advance(1)
    expect(seen.ticks).toEqual(['x@100'])
    await kit.stop()
  })
})
