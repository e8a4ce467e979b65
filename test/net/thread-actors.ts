/**
 * ThreadActors: definitions that the tests run both here and in a thread.
 */
import {
  actor,
  addressOf,
  type AnyRef,
  ask,
  EdgeError,
  protocol,
  type Ref,
  restart,
  sendByName,
  stopped,
  stream,
  tell,
} from 'shoal'
import type { Context } from 'shoal/kernel'

export const Counter = protocol('test.counter/1', {
  add: tell<{ by: number }>(),
  total: ask<void, number>(),
  slow: ask<{ ms: number; value: number }, number>(),
  fail: ask<{ code: string }, number>(),
  drop: tell<{ why: string }>(),
  log: ask<void, readonly number[]>(),
  spin: ask<{ ms: number }, number>(),
  count: stream<{ to: number }, number>(),
  echo: ask<{ value: unknown }, unknown>(),
  bytes: ask<{ bytes: Uint8Array }, number>(),
  hoard: tell(),
  block: ask<{ ms: number }, string>(),
  unfit: ask<void, unknown>(),
  finish: tell(),
  exit: tell<{ code: number }>(),
  die: ask<{ code: number }, number>(),
  mood: ask<void, { readonly incarnation: number; readonly path: string }>(),
})
export type CounterMessages = (typeof Counter)['messages']

interface CounterState {
  total: number
  readonly log: number[]
}

const behaviour = {
  state: (init: { readonly start: number } | undefined): CounterState => ({
    total: init?.start ?? 0,
    log: [],
  }),
  on: {
    add: (state: CounterState, { by }: { by: number }) => {
      state.total += by
      state.log.push(by)
    },
    total: (state: CounterState) => state.total,
    slow: async (
      state: CounterState,
      { ms, value }: { ms: number; value: number },
      ctx: Context<CounterMessages, CounterState>,
    ) => {
      await pause(ms, ctx.signal)
      state.log.push(value)
      return value
    },
    fail: (_: CounterState, { code }: { code: string }): number => {
      throw new EdgeError(code, `It failed with ${code}`, {
        cause: new RangeError('beneath'),
        detail: { number: 7 },
      })
    },
    drop: (_: CounterState, { why }: { why: string }) => {
      throw new TypeError(why)
    },
    log: (state: CounterState) => state.log,
    spin: (_: CounterState, { ms }: { ms: number }) => {
      const until = performance.now() + ms
      while (performance.now() < until);
      return ms
    },
    count: async function* (_: CounterState, { to }: { to: number }) {
      for (let i = 1; i <= to; i++) yield i
    },
    echo: (_: CounterState, { value }: { value: unknown }) => value,
    bytes: (_: CounterState, { bytes }: { bytes: Uint8Array }) => bytes.length,
    hoard: () => {
      const held: unknown[] = []
      for (;;) held.push(Array.from({ length: 10_000 }, (_, at) => ({ at })))
    },
    block: (_: CounterState, { ms }: { ms: number }) => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
      return 'returned'
    },
    unfit: () => ({ inner: [Symbol('unfit')] }),
    finish: (): typeof stopped => stopped,
    exit: (_: CounterState, { code }: { code: number }) => process.exit(code),
    die: (_: CounterState, { code }: { code: number }): number => process.exit(code),
    mood: (_: CounterState, __: void, ctx: Context<CounterMessages, CounterState>) => ({
      incarnation: ctx.incarnation,
      path: ctx.path,
    }),
  },
}

export const counter = actor(Counter, behaviour)
/** The same, with a policy of its own. */
export const sturdy = actor(Counter, {
  ...behaviour,
  supervise: restart({ max: 2, within: '1min' }),
})
export const stillborn = actor(Counter, {
  ...behaviour,
  state: (): CounterState => {
    throw new EdgeError('no_seed', 'There is nothing to count from')
  },
})
export const notAnActor = { protocol: 'none' }

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason as Error)
    })
  })
}

export const Peer = protocol('test.peer/1', {
  askTotal: ask<{ of: Ref<CounterMessages> }, number>(),
  addTo: tell<{ to: Ref<CounterMessages>; by: number }>(),
  child: ask<void, Ref<CounterMessages>>(),
  stopChild: tell(),
  watch: tell<{ ref: AnyRef }>(),
  ended: ask<void, readonly string[]>(),
  mine: ask<{ ref: AnyRef }, boolean>(),
  myself: ask<void, AnyRef>(),
  /** Ask `through`, which asks back. */
  loop: ask<{ through: AnyRef; back: AnyRef }, string>(),
  return: ask<{ back: AnyRef }, number>(),
})

interface PeerState {
  readonly ended: string[]
  child: Ref<CounterMessages> | null
}

export const peer = actor(Peer, {
  state: (): PeerState => ({ ended: [], child: null }),
  on: {
    askTotal: (_, { of }) => of.total(),
    addTo: (_, { to, by }) => to.add({ by }),
    child: (state, _, ctx) => {
      state.child ??= ctx.spawn(counter, { start: 100 }, { name: 'kid' })
      return state.child
    },
    stopChild: (state, _, ctx) => {
      if (state.child !== null) ctx.stop(state.child)
    },
    watch: (_, { ref }, ctx) => ctx.watch(ref),
    ended: (state) => state.ended,
    mine: (_, { ref }, ctx) => ref === ctx.self,
    myself: (_, __, ctx) => ctx.self,
    loop: async (_, { through, back }) => {
      try {
        return String(await sendByName(through, Peer, { name: 'return', payload: { back } }))
      } catch (error) {
        return codeOf(error)
      }
    },
    return: async (_, { back }) => {
      const child = await (sendByName(back, Peer, { name: 'child' }) as Promise<
        Ref<CounterMessages>
      >)
      return child.total()
    },
  },
  signals: {
    terminated: (state, { ref, reason }) =>
      void state.ended.push(`${addressOf(ref).path} ${reason}`),
  },
})

function codeOf(error: unknown): string {
  const codes: string[] = []
  for (let at: unknown = error; typeof at === 'object' && at !== null;) {
    codes.push('code' in at ? String(at.code) : 'none')
    at = 'cause' in at ? at.cause : null
  }
  return codes.join(' ')
}
