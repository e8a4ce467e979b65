/**
 * Scope: structured concurrency; nothing that a block started outlives it.
 */
import { describe, expect, test } from 'vitest'
import {
  actor,
  type AnyRef,
  ask,
  type Context,
  EdgeError,
  protocol,
  restart,
  type Scope,
  tell,
} from '../../src/kernel/index.ts'
import { type TestKit, testSystem } from '../../src/testing/index.ts'

const Host = protocol('test.host/1', { go: ask<void, unknown>(), fail: tell() })
type HostContext = Context<(typeof Host)['messages'], null>

const Child = protocol('test.child/1', { any: tell() })

interface World {
  readonly kit: TestKit
  readonly log: string[]
  /** Waits so many milliseconds, or until it is aborted. */
  readonly task: (name: string, ms: number) => (signal: AbortSignal) => Promise<string>
  readonly child: ReturnType<typeof childOf>
}

function childOf(log: string[]) {
  return actor(Child, {
    state: (_init: void, ctx: Context<(typeof Child)['messages'], string>) => ctx.path,
    on: { any: () => {} },
    signals: { postStop: (path) => void log.push(`${path} stopped`) },
  })
}

/** Run a block in a turn of an actor and see what becomes of it. */
async function inTurn<T>(
  block: (ctx: HostContext, world: World) => Promise<T>,
): Promise<World & { readonly asked: Promise<unknown>; readonly host: AnyRef }> {
  const kit = await testSystem({ seed: 41, log: false })
  const log: string[] = []
  const world: World = { kit, log, task: taskOf(kit, log), child: childOf(log) }
  const host = actor(Host, {
    state: () => null,
    on: {
      go: (_state, _none, ctx) => block(ctx, world),
      fail: () => {
        throw new Error('asked to')
      },
    },
  })
  const supervise = restart({ children: 'keep' })
  const ref = kit.spawn(host, undefined, { name: 'host', supervise, grace: 1_000 })
  const asked = ref.go(undefined, { deadline: 60_000 })
  asked.then(undefined, () => {})
  return { ...world, asked, host: ref }
}

function taskOf(kit: TestKit, log: string[]): World['task'] {
  return (name, ms) => (signal) =>
    new Promise((resolve, reject) => {
      const alarm = {
        wanted: true,
        ring: (): void => {
          alarm.wanted = false
          log.push(`${name} done`)
          resolve(name)
        },
      }
      kit.time.setAlarm(kit.clock.now() + ms, alarm)
      signal.addEventListener('abort', () => {
        if (!alarm.wanted) return
        alarm.wanted = false
        log.push(`${name} aborted`)
        reject(signal.reason as Error)
      })
    })
}

describe('leaving the block', () => {
  test('work that is done is done, and its result is there', async () => {
    const { kit, log, asked } = await inTurn(async (ctx, { task }) => {
      await using scope = ctx.scope()
      return await Promise.all([scope.run(task('one', 10)), scope.run(task('two', 20))])
    })
    expect(await kit.run(asked)).toEqual(['one', 'two'])
    expect(log).toEqual(['one done', 'two done'])
    await kit.stop()
  })

  test('what still runs is aborted, children are stopped, and both are waited for', async () => {
    const { kit, log, asked } = await inTurn(async (ctx, { task, child, log: seen }) => {
      {
        await using scope = ctx.scope()
        scope.own(ctx.spawn(child, undefined, { name: 'child' }))
        void scope.run(task('slow', 10_000)).then(undefined, () => {})
        await scope.run(task('fast', 10))
      }
      seen.push('left')
    })
    await kit.run(asked)
    expect(log.slice(0, 2)).toEqual(['fast done', 'slow aborted'])
    expect(log.slice(2)).toEqual(['/host/child stopped', 'left'])
    expect(kit.clock.now()).toBe(10)
    await kit.stop()
  })

  test('a block that throws is left in the same way', async () => {
    const { kit, log, asked } = await inTurn(async (ctx, { task, child }) => {
      await using scope = ctx.scope()
      scope.own(ctx.spawn(child, undefined, { name: 'child' }))
      void scope.run(task('slow', 10_000)).then(undefined, () => {})
      await Promise.resolve()
      throw new Error('changed my mind')
    })
    await expect(kit.run(asked)).rejects.toThrow(/changed my mind/)
    expect(log).toEqual(['slow aborted'])
    expect(kit.system.find('/host/child')).toBeNull()
    await kit.stop()
  })

  test('leaving twice waits for the same end', async () => {
    const { kit, asked } = await inTurn(async (ctx, { task }) => {
      const scope = ctx.scope()
      void scope.run(task('slow', 10_000)).then(undefined, () => {})
      const [one, two] = [scope[Symbol.asyncDispose](), scope[Symbol.asyncDispose]()]
      await two
      return one === two
    })
    expect(await kit.run(asked)).toBe(true)
    await kit.stop()
  })
})

describe('failures', () => {
  test('the first failure aborts its siblings', async () => {
    const { kit, log, asked } = await inTurn(async (ctx, { task }) => {
      await using scope = ctx.scope()
      const broken = scope.run(async () => {
        await Promise.resolve()
        throw new Error('broken')
      })
      const results = await Promise.allSettled([broken, scope.run(task('sibling', 10_000))])
      return results.map(({ status }) => status)
    })
    expect(await kit.run(asked)).toEqual(['rejected', 'rejected'])
    expect(log).toEqual(['sibling aborted'])
    expect(kit.clock.now()).toBe(0)
    await kit.stop()
  })

  test('work that throws at once rejects, and does not throw at the call', async () => {
    const { kit, asked } = await inTurn(async (ctx) => {
      await using scope = ctx.scope()
      const task = scope.run(() => {
        throw new Error('at once')
      })
      return await task.then(undefined, (error: unknown) => String(error))
    })
    expect(await kit.run(asked)).toBe('Error: at once')
    await kit.stop()
  })

  test('a failure that nobody waits for is reported once; an abort is none', async () => {
    const reports: unknown[] = []
    const { kit, asked } = await inTurn(async (ctx, { task }) => {
      ctx.events.subscribe('hook.failed', ({ path, hook, error }) =>
        reports.push([path, hook, String(error)]),
      )
      await using scope = ctx.scope()
      void scope.run(task('sibling', 10_000))
      void scope.run(() => Promise.reject(new Error('unheard')))
      await Promise.resolve()
      return 'answered'
    })
    expect(await kit.run(asked)).toBe('answered')
    expect(reports).toEqual([['/host', 'scope', 'Error: unheard']])
    await kit.stop()
  })
})

describe('what does not belong', () => {
  test('a scope that is over takes neither work nor children', async () => {
    const { kit, asked } = await inTurn(async (ctx, { child, task }) => {
      const scope = ctx.scope()
      await scope[Symbol.asyncDispose]()
      const refused = scope.run(task('never', 1)).then(undefined, (error: unknown) => error)
      const late = ctx.spawn(child, undefined, { name: 'late' })
      const codes = [((await refused) as EdgeError).code]
      try {
        scope.own(late)
      } catch (error) {
        codes.push((error as EdgeError).code)
      }
      return codes
    })
    expect(await kit.run(asked)).toEqual(['cancelled', 'cancelled'])
    await kit.settle()
    expect(kit.system.find('/host/late')).toBeNull()
    await kit.stop()
  })

  test('only a child of the actor can be given to its scope', async () => {
    const { kit, asked } = await inTurn(async (ctx, world) => {
      await using scope = ctx.scope()
      const stranger = world.kit.spawn(world.child)
      await Promise.resolve()
      try {
        scope.own(stranger)
      } catch (error) {
        return (error as EdgeError).code
      }
      return 'taken'
    })
    expect(await kit.run(asked)).toBe('not_a_child')
    await kit.stop()
  })
})

describe('the end of the incarnation', () => {
  test('it aborts the work and stops the children, also when a restart keeps children', async () => {
    const scopes: Scope[] = []
    const { kit, log, asked, host } = await inTurn((ctx, { task, child }) => {
      // Kept beyond its block, as nobody should: the scope ends with the incarnation all the same.
      const scope = ctx.scope()
      scopes.push(scope)
      scope.own(ctx.spawn(child, undefined, { name: 'owned' }))
      ctx.spawn(child, undefined, { name: 'kept' })
      scope.run(task('slow', 10_000)).then(undefined, () => {})
      throw new Error('fails')
    })
    await expect(kit.run(asked)).rejects.toMatchObject({ code: 'faulted' })
    await kit.settle()
    expect(log).toEqual(['slow aborted'])
    expect(kit.system.find('/host/owned')).toBeNull()
    expect(scopes[0]?.signal.reason).toMatchObject({ code: 'stale_incarnation' })
    expect(kit.system.find('/host/kept')).not.toBeNull()
    expect(String(host)).toContain('/host#')
    await kit.stop()
  })

  test('a stop during the block aborts it when its grace is over', async () => {
    const { kit, log, asked, host } = await inTurn(async (ctx, { task }) => {
      await using scope = ctx.scope()
      await scope.run(task('slow', 100_000))
    })
    await kit.settle()
    await kit.run(kit.system.stop(host))
    await expect(kit.run(asked)).rejects.toBeInstanceOf(EdgeError)
    expect(log).toEqual(['slow aborted'])
    expect(kit.clock.now()).toBe(1_000)
    await kit.stop()
  })
})
