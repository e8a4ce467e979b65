/**
 * Remote actors: what holds for a ref whose actor lives on another node, on nodes in one process.
 */
import { expect, test } from 'vitest'
import { createCodec } from '../../src/adapters/msgpackr/index.ts'
import {
  actor,
  ask,
  EdgeError,
  protocol,
  refuse,
  restart,
  sameActor,
  stream,
  tell,
} from '../../src/kernel/index.ts'
import type { AnyRef, Context, Messages, Ref } from '../../src/kernel/index.ts'
import { simulate } from '../../src/testing/index.ts'
import type { SimWorld } from '../../src/testing/index.ts'

const Desk = protocol('test.desk/1', {
  echo: ask<{ readonly text: string }, string>(),
  note: tell<{ readonly number: number; readonly ballast?: Uint8Array }>(),
  noted: ask<void, readonly number[]>(),
  crash: ask<void, void>(),
  decline: ask<void, void>(),
  wait: ask<{ readonly ms: number }, string>(),
  numbers: stream<{ readonly count: number }, number>(),
  me: ask<void, { readonly ref: AnyRef }>(),
  pass: ask<{ readonly to: AnyRef; readonly text: string }, string>(),
  askBack: ask<{ readonly to: AnyRef }, string>(),
  askRound: ask<{ readonly to: AnyRef; readonly back: AnyRef }, string>(),
  leave: tell(),
})
type DeskRef = Ref<typeof Desk.messages>
type DeskContext = Context<typeof Desk.messages, DeskState>

interface DeskState {
  readonly noted: number[]
  readonly never: Promise<void>
}

const desk = actor(Desk, {
  state: (): DeskState => ({ noted: [], never: new Promise<void>(() => undefined) }),
  supervise: restart(),
  on: {
    echo: (_, { text }) => text,
    note: (state, { number }) => void state.noted.push(number),
    noted: (state) => state.noted,
    crash: () => {
      throw new TypeError('bang')
    },
    decline: () => refuse(new EdgeError('out_of_stock', 'There is none left')),
    wait: (state, { ms }, ctx: DeskContext) =>
      ctx.replyLater((replier) => {
        ctx.reenterAfter(state.never, () => replier.succeed(`after ${ms} ms`))
      }),
    *numbers(_, { count }) {
      for (let number = 0; number < count; number++) yield number
    },
    me: (_, __, ctx: DeskContext) => ({ ref: ctx.self }),
    pass: (_, { to, text }, ctx: DeskContext) =>
      sameActor(to, ctx.self) ? `${text} from ${ctx.path}` : ctx.forward(to as DeskRef),
    async askBack(_, { to }) {
      return (to as DeskRef).echo({ text: 'back' })
    },
    async askRound(_, { to, back }) {
      return (to as DeskRef).askBack({ to: back })
    },
    leave: (_, __, ctx: DeskContext) => ctx.stop(),
  },
})

/** Every node has a desk at /desk. */
async function withDesks<T>(nodes: number, story: (world: SimWorld) => Promise<T>): Promise<T> {
  const { result } = await simulate(
    {
      seed: 11,
      nodes,
      seconds: 60,
      workload: false,
      protocols: [Desk],
      openCodec: (refs) => createCodec({ refs }),
    },
    async (world) => {
      await world.until(() => world.agreed(), '10s')
      for (let number = 1; number <= nodes; number++) {
        world.node(number).system.spawn(desk, undefined, { name: 'desk' })
      }
      return story(world)
    },
  )
  return result
}

function deskOf(world: SimWorld, from: number, to: number): DeskRef {
  return world.node(from).mesh.at(world.node(to).system.name, Desk, '/desk')
}

async function codeOf(world: SimWorld, promise: Promise<unknown>): Promise<unknown> {
  return world.settle(
    promise.then(
      () => 'answered',
      (error: unknown) => (error as EdgeError).code,
    ),
  )
}

test('RM-1: an ask to an actor that is not there fails after a round trip, not a timeout', async () => {
  await withDesks(2, async (world) => {
    const nobody = world.node(1).mesh.at(world.node(2).system.name, Desk, '/nobody')
    const began = world.nowMs
    expect(await codeOf(world, nobody.echo({ text: 'x' }, { deadline: 4_000 }))).toBe(
      'no_such_actor',
    )
    expect(world.nowMs - began).toBeLessThan(1_000)
  })
})

test('RM-2: a message forwarded over two hops is answered to its first asker', async () => {
  await withDesks(3, async (world) => {
    const second = deskOf(world, 1, 2)
    const { ref: third } = await world.settle(deskOf(world, 1, 3).me())
    const answer = await world.settle(second.pass({ to: third, text: 'x' }, { deadline: 4_000 }))
    expect(answer).toBe('x from /desk')
    // The second waits for nothing: it was never asked for an answer of its own.
    expect(world.node(2).mesh.outbound.size).toBe(0)
  })
})

test('OR-1, RM-3: large and small messages from one sender arrive in the order sent', async () => {
  await withDesks(2, async (world) => {
    const there = deskOf(world, 1, 2)
    for (let number = 0; number < 20; number++) {
      const ballast = number % 3 === 0 ? { ballast: new Uint8Array(200_000) } : {}
      there.note({ number, ...ballast })
    }
    const noted = await world.settle(there.noted(undefined, { deadline: 20_000 }))
    expect(noted).toEqual(Array.from({ length: 20 }, (_, number) => number))
  })
})

test('RM-4: a payload beyond the limit is refused at the sender by name; the link stays', async () => {
  await withDesks(2, async (world) => {
    const there = deskOf(world, 1, 2)
    const ballast = new Uint8Array(9 * 1024 * 1024)
    expect(() => there.note({ number: 1, ballast })).toThrow(/test\.desk\/1 note/)
    expect(await world.settle(there.echo({ text: 'still here' }))).toBe('still here')
  })
})

test('AK-17: a failure crosses with code, name and cause; a refusal is no failure', async () => {
  await withDesks(2, async (world) => {
    const there = deskOf(world, 1, 2)
    const failure = await world.settle(there.crash().then(undefined, (error: unknown) => error))
    expect(failure).toMatchObject({
      code: 'faulted',
      cause: { name: 'TypeError', message: 'bang' },
    })
    expect(await codeOf(world, there.decline())).toBe('out_of_stock')
    expect(await world.settle(there.echo({ text: 'alive' }))).toBe('alive')
  })
})

test('a stream crosses item by item, and a reader that leaves ends it', async () => {
  await withDesks(2, async (world) => {
    const there = deskOf(world, 1, 2)
    const read = async (most: number): Promise<number[]> => {
      const items: number[] = []
      for await (const item of there.numbers({ count: 100 })) {
        items.push(item)
        if (items.length === most) break
      }
      return items
    }
    expect(await world.settle(read(1_000))).toEqual(Array.from({ length: 100 }, (_, i) => i))
    expect(await world.settle(read(5))).toEqual([0, 1, 2, 3, 4])
  })
})

test('OR-8: a ref sent over works there, and comes home as the actor itself', async () => {
  await withDesks(2, async (world) => {
    const { ref } = await world.settle(deskOf(world, 1, 2).me())
    expect(await world.settle((ref as DeskRef).echo({ text: 'hi' }))).toBe('hi')
    const own = world.node(1).system.find('/desk') as AnyRef
    const there = deskOf(world, 1, 2)
    expect(await world.settle(there.askBack({ to: own }))).toBe('back')
    expect(sameActor(own, world.node(1).system.find('/desk') as AnyRef)).toBe(true)
  })
})

test('AK-14: a cycle of asks over two nodes is a deadlock at once, not a timeout', async () => {
  await withDesks(2, async (world) => {
    const { ref: far } = await world.settle(deskOf(world, 1, 2).me())
    const near = world.node(1).system.find('/desk') as DeskRef
    const began = world.nowMs
    const cycle = near.askRound({ to: far, back: near }, { deadline: 5_000 })
    const error = await world.settle(cycle.then(undefined, (thrown: unknown) => thrown))
    expect(codesOf(error)).toEqual(['faulted', 'faulted', 'deadlock'])
    expect(world.nowMs - began).toBeLessThan(1_000)
  })
})

/** The codes of an error and of its causes, outermost first. */
function codesOf(error: unknown): unknown[] {
  if (!(error instanceof Error)) return []
  return ['code' in error ? error.code : error.name, ...codesOf(error.cause)]
}

test('JS-22: an ask under way when its node dies fails by name within its deadline', async () => {
  await withDesks(2, async (world) => {
    const there = deskOf(world, 1, 2)
    const pending = there.wait({ ms: 60_000 }, { deadline: 8_000 })
    const ended = codeOf(world, pending)
    await world.run('100ms')
    world.kill(2)
    expect(['node_unreachable', 'timeout']).toContain(await ended)
  })
})

test('WA-11: watchers of a lost node hear so once', async () => {
  await withDesks(2, async (world) => {
    const heard: string[] = []
    const Guard = protocol('test.guard/1', { over: tell<{ readonly ref: AnyRef }>() })
    const guard = actor(Guard, {
      state: () => null,
      on: { over: (_, { ref }, ctx: Context<Messages, null>) => ctx.watch(ref) },
      signals: { terminated: (_, { reason }) => void heard.push(reason) },
    })
    const { ref } = await world.settle(deskOf(world, 1, 2).me())
    world.node(1).system.spawn(guard).over({ ref })
    await world.run('1s')
    world.kill(2)
    await world.until(() => heard.length > 0, '20s')
    await world.run('5s')
    expect(heard).toEqual(['node-lost'])
  })
})
