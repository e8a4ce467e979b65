/**
 * ShutdownProgram: a busy system on the process's own clock goes down, and says what it leaves.
 *
 * Timers tick, asks with deadlines are outstanding, a turn is stuck and a stream is half read when
 * the system is told to end. What the process itself holds open, its standard output, is not ours.
 */
import { nodeRuntime } from '../../src/adapters/node-runtime/index.ts'
import {
  actor,
  ActorSystem,
  ask,
  type Context,
  protocol,
  stream,
  tell,
} from '../../src/kernel/index.ts'

const Busy = protocol('test.busy/1', {
  tick: tell(),
  slow: ask<void, number>({ interleave: true }),
  hang: ask<void, void>(),
  count: stream<void, number>(),
})

interface Ticks {
  ticks: number
}

const busy = actor(Busy, {
  state: (_init: void, ctx: Context<(typeof Busy)['messages'], Ticks>): Ticks => {
    ctx.every('tick', 5, 'tick', undefined)
    ctx.setReceiveTimeout('1h')
    return { ticks: 0 }
  },
  on: {
    tick: (state) => void state.ticks++,
    slow: async (_state, _none, ctx) => {
      await ctx.self.slow(undefined, { deadline: 3_600_000, signal: ctx.signal })
      return 1
    },
    hang: () => new Promise<void>(() => {}),
    count: function* () {
      for (let i = 0; ; i++) yield i
    },
  },
})

const before = process.getActiveResourcesInfo()
const system = await ActorSystem.start({ name: 'busy', runtime: nodeRuntime() })
system.shutdown.add('finish', 'a moment', () => new Promise((resolve) => setTimeout(resolve, 20)))
system.shutdown.add('release', 'late', () => new Promise((resolve) => setTimeout(resolve, 20)))
const refs = Array.from({ length: 100 }, () => system.spawn(busy, undefined, { grace: 10 }))
const asked = Promise.allSettled(refs.map((ref) => ref.hang(undefined, { deadline: 600_000 })))
for (const ref of refs) {
  const numbers = ref.count()
  void numbers.next().then(undefined, () => {})
}
await new Promise((resolve) => setTimeout(resolve, 20))
await system.terminate()
const outcomes = await asked
await new Promise((resolve) => setImmediate(resolve))
const after = process.getActiveResourcesInfo()
for (const known of before) {
  if (after.includes(known)) after.splice(after.indexOf(known), 1)
}
const own = after.filter((kind) => !/TTY|Pipe|File/.test(kind))
const asks = outcomes.filter(({ status }) => status === 'rejected').length
process.stdout.write(JSON.stringify({ asked: asks, left: own }))
