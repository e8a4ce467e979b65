/**
 * SpawnStop: how the heap grows over many short lives; a program of its own, for a clean heap.
 *
 * Prints `{ beforeBytes, afterBytes, timers }` as JSON: the heap after a warm-up and after a
 * hundred thousand more lives with everything that a life can leave behind.
 */
import { actor, ActorSystem, ask, protocol, restart } from '../../src/index.ts'

const Life = protocol('test.life/1', { live: ask<{ other: number }, number>() })

const short = actor(Life, {
  state: (_none, ctx): { payload: readonly number[] } => {
    ctx.spawn(leaf, undefined, { namePrefix: 'leaf' })
    return { payload: Array.from({ length: 16 }, () => ctx.random()) }
  },
  on: {
    live: async (state, { other }, ctx) => {
      ctx.after('never', '1h', 'live' as never, undefined as never)
      ctx.setReceiveTimeout('1h')
      const child = ctx.spawn(leaf)
      ctx.watch(child)
      ctx.link(child)
      await Promise.resolve()
      return state.payload.length + other
    },
  },
  signals: { terminated: () => {}, linkBroken: () => {}, receiveTimeout: () => {} },
  supervise: restart(),
})
const leaf = actor(Life, { state: () => null, on: { live: () => 0 } })

await using system = await ActorSystem.start({ name: 'lives' })
let sum = 0

async function lives(count: number): Promise<void> {
  for (let i = 0; i < count; i += 100) {
    const refs = Array.from({ length: 100 }, (_, index) =>
      system.spawn(short, undefined, { name: `life-${index}` }),
    )
    for (const answer of await Promise.all(refs.map((ref) => ref.live({ other: 1 })))) sum += answer
    await Promise.all(refs.map((ref) => system.stop(ref)))
  }
}

async function heapBytes(): Promise<number> {
  const { gc } = globalThis
  if (gc === undefined) throw new TypeError('run this with --expose-gc')
  for (let i = 0; i < 4; i++) {
    gc()
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
  return process.memoryUsage().heapUsed
}

await lives(10_000)
const beforeBytes = await heapBytes()
await lives(100_000)
const afterBytes = await heapBytes()
console.log(JSON.stringify({ beforeBytes, afterBytes, timers: system.wheel.size, sum }))
