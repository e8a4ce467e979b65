/**
 * ShoalCrowds: many actors side by side that each do little.
 */
import { ActorSystem, actor, protocol, tell } from 'shoal'
import type { RefOf } from 'shoal'
import { completion, skynetSum, timed, verify } from '../outcome.ts'
import type { Workloads } from '../outcome.ts'

const Join = protocol('bench.join/1', { add: tell<{ value: number }>() })
const join = actor(Join, {
  state: (init: { left: number; complete: (sum: number) => void }) => ({ ...init, sum: 0 }),
  on: {
    add: (state, { value }) => {
      state.sum += value
      if (--state.left === 0) state.complete(state.sum)
    },
  },
})
const fork = actor(Join, {
  state: (init: RefOf<typeof Join>) => init,
  on: {
    add: (target, { value }, ctx) => {
      target.add({ value })
      ctx.stop()
    },
  },
})

/** Every forked actor gets its message, reports and ends; all have ended when the clock stops. */
async function forkJoin(size: number) {
  await using system = await ActorSystem.start({ name: 'bench' })
  const { done, complete } = completion()
  const target = system.spawn(join, { left: size, complete }, { mailbox: { capacity: size } })
  const outcome = await timed(size, () => {
    for (let value = 0; value < size; value++) system.spawn(fork, target).add({ value })
    return done
  })
  verify('the sum of the joined', await done, skynetSum(size))
  return outcome
}

const Worker = protocol('bench.worker/1', { add: tell<{ by: number }>() })
const worker = actor(Worker, {
  state: (init: { each: number; report: (count: number) => void }) => ({ ...init, count: 0 }),
  on: {
    add: (state, { by }) => {
      state.count += by
      if (state.count === state.each) state.report(state.count)
    },
  },
})

async function forkJoinThroughput(size: number, actors: number) {
  await using system = await ActorSystem.start({ name: 'bench' })
  const { done, complete } = completion()
  const each = size / actors
  const tally = { received: 0, left: actors }
  const report = (count: number) => {
    tally.received += count
    if (--tally.left === 0) complete(tally.received)
  }
  const mailbox = { capacity: each }
  const refs = Array.from({ length: actors }, () =>
    system.spawn(worker, { each, report }, { mailbox }),
  )
  const outcome = await timed(size, () => {
    for (let sent = 0; sent < each; sent++) for (const ref of refs) ref.add({ by: 1 })
    return done
  })
  verify('the messages received', await done, size)
  return outcome
}

const Member = protocol('bench.member/1', {
  start: tell<{ all: readonly Member[] }>(),
  ping: tell<{ from: Member }>(),
  pong: tell<{ by: number }>(),
})
interface Member {
  ping(payload: { from: Member }): void
  pong(payload: { by: number }): void
}
const member = actor(Member, {
  state: (init: { missing: number; report: (pongs: number) => void }) => ({ ...init, pongs: 0 }),
  on: {
    start: (_state, { all }, ctx) => {
      for (const other of all) other.ping({ from: ctx.self })
    },
    ping: (_state, { from }) => from.pong({ by: 1 }),
    pong: (state, { by }) => {
      state.pongs += by
      if (state.pongs === state.missing) state.report(state.pongs)
    },
  },
})

async function big(size: number) {
  await using system = await ActorSystem.start({ name: 'bench' })
  const actors = Math.max(2, Math.round(Math.sqrt(size / 2)))
  const { done, complete } = completion()
  const tally = { pongs: 0, left: actors }
  const report = (pongs: number) => {
    tally.pongs += pongs
    if (--tally.left === 0) complete(tally.pongs)
  }
  const mailbox = { capacity: 2 * actors + 1 }
  const all = Array.from({ length: actors }, () =>
    system.spawn(member, { missing: actors, report }, { mailbox }),
  )
  const outcome = await timed(2 * actors * actors, () => {
    for (const one of all) one.start({ all })
    return done
  })
  verify('the pongs', await done, actors * actors)
  return outcome
}

export const shoalCrowds: Workloads = {
  'fork-join': forkJoin,
  'fork-join-throughput': forkJoinThroughput,
  big,
}
