/**
 * ShoalLives: what it costs that actors begin, end, fail, idle or never rest.
 */
import { ActorSystem, actor, ask, protocol, restart, tell } from 'shoal'
import { bytesPerItem, delayWhile } from '../gauges.ts'
import { timed, verify } from '../outcome.ts'
import type { Workloads } from '../outcome.ts'

const Mayfly = protocol('bench.mayfly/1', { idle: tell() })

async function spawnStop(size: number, batch: number) {
  await using system = await ActorSystem.start({ name: 'bench' })
  const lives = { begun: 0, ended: 0, allBegun: () => {} }
  const mayfly = actor(Mayfly, {
    state: () => {
      if (++lives.begun % batch === 0) lives.allBegun()
    },
    on: { idle: () => {} },
    signals: { postStop: () => void lives.ended++ },
  })
  const outcome = await timed(size, async () => {
    for (let made = 0; made < size; made += batch) {
      const begun = new Promise<void>((resolve) => (lives.allBegun = resolve))
      const refs = Array.from({ length: batch }, () => system.spawn(mayfly))
      await begun
      await Promise.all(refs.map((ref) => system.stop(ref)))
    }
  })
  verify('the lives begun', lives.begun, size)
  verify('the lives ended', lives.ended, size)
  return outcome
}

const Fragile = protocol('bench.fragile/1', { fail: tell(), lives: ask<void, number>() })

async function restartStorm(size: number) {
  await using system = await ActorSystem.start({ name: 'bench' })
  const failure = new Error('as the benchmark wants it')
  let lives = 0
  const fragile = actor(Fragile, {
    state: () => ++lives,
    on: {
      fail: () => {
        throw failure
      },
      lives: (count) => count,
    },
    supervise: restart(),
    mailbox: { capacity: size + 1 },
  })
  const ref = system.spawn(fragile)
  const outcome = await timed(size, () => {
    for (let sent = 0; sent < size; sent++) ref.fail()
    return ref.lives(undefined, { deadline: 60_000 })
  })
  verify('the lives', await ref.lives(), size + 1)
  return outcome
}

const Busy = protocol('bench.busy/1', { work: tell<{ by: number }>() })

async function eventLoopDelay(ms: number, actors: number) {
  await using system = await ActorSystem.start({ name: 'bench' })
  const turns = new Uint32Array(actors)
  const busy = actor(Busy, {
    state: (index: number) => index,
    on: {
      work: (index, { by }, ctx) => {
        turns[index]! += by
        ctx.self.work({ by: 1 })
      },
    },
  })
  for (let index = 0; index < actors; index++) system.spawn(busy, index).work({ by: 1 })
  return await delayWhile(ms, turns)
}

const idler = actor(protocol('bench.idler/1', { inc: tell<{ by: number }>() }), {
  state: () => ({ sum: 0 }),
  on: {
    inc: (state, { by }) => {
      state.sum += by
    },
  },
})

async function idleBytes(size: number) {
  await using system = await ActorSystem.start({ name: 'bench' })
  return await bytesPerItem(size, () => system.spawn(idler))
}

export const shoalLives: Workloads = {
  'spawn-stop': spawnStop,
  'restart-storm': restartStorm,
  'idle-actor-bytes': idleBytes,
  'event-loop-delay-p99': eventLoopDelay,
}
