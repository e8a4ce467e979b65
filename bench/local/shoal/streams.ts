/**
 * ShoalStreams: long runs of messages between few actors.
 */
import { ActorSystem, actor, ask, protocol, tell } from 'shoal'
import type { RefOf } from 'shoal'
import { completion, timed, verify } from '../outcome.ts'
import type { Workloads } from '../outcome.ts'

const Counter = protocol('bench.counter/1', {
  inc: tell<{ by: number }>(),
  get: ask<void, number>(),
})
const counter = actor(Counter, {
  state: () => ({ sum: 0 }),
  on: {
    inc: (state, { by }) => {
      state.sum += by
    },
    get: (state) => state.sum,
  },
})

const Producer = protocol('bench.producer/1', { flood: ask<{ messages: number }, number>() })
const producer = actor(Producer, {
  state: (target: RefOf<typeof Counter>) => target,
  on: {
    flood: (target, { messages }) => {
      for (let sent = 0; sent < messages; sent++) target.inc({ by: 1 })
      return target.get(undefined, { deadline: 60_000 })
    },
  },
})

export async function flood(size: number, producers: number, metrics = false) {
  await using system = await ActorSystem.start({ name: 'bench', metrics })
  const target = system.spawn(counter, undefined, { mailbox: { capacity: size + producers } })
  const refs = Array.from({ length: producers }, () => system.spawn(producer, target))
  const messages = size / producers
  const outcome = await timed(size, () =>
    Promise.all(refs.map((ref) => ref.flood({ messages }, { deadline: 60_000 }))),
  )
  verify('the sum of the counter', await target.get(), size)
  return outcome
}

const Ping = protocol('bench.ping/1', { ball: tell<{ from: Pong }>() })
const Pong = protocol('bench.pong/1', { ball: tell<{ from: Ping }>() })
interface Ping {
  ball(payload: { from: Pong }): void
}
interface Pong {
  ball(payload: { from: Ping }): void
}

const ping = actor(Ping, {
  state: (init: { left: number; complete: () => void }) => ({ ...init }),
  on: {
    ball: (state, { from }, ctx) => {
      if (state.left-- === 0) state.complete()
      else from.ball({ from: ctx.self })
    },
  },
})
const pong = actor(Pong, {
  state: (init: { answered: number }) => init,
  on: {
    ball: (state, { from }, ctx) => {
      state.answered++
      from.ball({ from: ctx.self })
    },
  },
})

export async function pingPong(size: number, _actors = 2, metrics = false) {
  await using system = await ActorSystem.start({ name: 'bench', metrics })
  const { done, complete } = completion()
  const answers = { answered: 0 }
  const a = system.spawn(ping, { left: size, complete: () => complete(answers.answered) })
  const b = system.spawn(pong, answers)
  const outcome = await timed(size, () => {
    a.ball({ from: b })
    return done
  })
  verify('the pongs', await done, size)
  return outcome
}

const Link = protocol('bench.link/1', {
  join: tell<{ next: Link }>(),
  token: tell<{ left: number }>(),
})
interface Link {
  token(payload: { left: number }): void
}
interface LinkState {
  readonly index: number
  readonly complete: (index: number) => void
  next: Link | null
}

const link = actor(Link, {
  state: (init: LinkState): LinkState => init,
  on: {
    join: (state, { next }) => {
      state.next = next
    },
    token: (state, { left }) => {
      if (left === 0) state.complete(state.index)
      else state.next?.token({ left: left - 1 })
    },
  },
})

async function threadRing(size: number, actors: number) {
  await using system = await ActorSystem.start({ name: 'bench' })
  const { done, complete } = completion()
  const links = Array.from({ length: actors }, (_, index) =>
    system.spawn(link, { index, complete, next: null }),
  )
  for (const [index, one] of links.entries()) one.join({ next: links[(index + 1) % actors]! })
  const outcome = await timed(size, () => {
    links[0]!.token({ left: size })
    return done
  })
  verify('the last holder of the token', await done, size % actors)
  return outcome
}

export const shoalStreams: Workloads = {
  tell: flood,
  'tell-many': flood,
  'ping-pong': pingPong,
  'thread-ring': threadRing,
}
