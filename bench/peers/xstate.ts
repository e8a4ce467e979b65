/**
 * XState: actors from `fromTransition`, its lightest kind that keeps state.
 *
 * Sends run the receiver at once, in the sender's stack. There is no ask, no supervision and no
 * yielding to the event loop, so those workloads have no row.
 */
import { createActor, fromTransition } from 'xstate'
import { bytesPerItem } from '../local/gauges.ts'
import { completion, skynetSum, timed, verify } from '../local/outcome.ts'
import { serve } from '../local/serve.ts'

/** Keep the state object and change it, the cheapest transition there is; a stop arrives too. */
function start(init, handle) {
  const logic = fromTransition((state, event, { self }) => {
    if (event.type !== 'xstate.stop') handle(state, event, self)
    return state
  }, init)
  return createActor(logic).start()
}

function startCounter() {
  return start({ sum: 0 }, (state, event) => {
    state.sum += event.by
  })
}

async function flood(size, producers) {
  const counter = startCounter()
  const refs = Array.from({ length: producers }, () =>
    start({}, (_state, { messages }) => {
      for (let sent = 0; sent < messages; sent++) counter.send({ type: 'inc', by: 1 })
    }),
  )
  const outcome = await timed(size, () => {
    for (const ref of refs) ref.send({ type: 'flood', messages: size / producers })
  })
  verify('the sum of the counter', counter.getSnapshot().context.sum, size)
  return outcome
}

async function pingPong(size) {
  const { done, complete } = completion()
  const pong = start({ answered: 0 }, (state, { from }, self) => {
    state.answered++
    from.send({ type: 'ball', from: self })
  })
  const ping = start({ left: size }, (state, { from }, self) => {
    if (state.left-- === 0) complete(pong.getSnapshot().context.answered)
    else from.send({ type: 'ball', from: self })
  })
  const outcome = await timed(size, () => {
    ping.send({ type: 'ball', from: pong })
    return done
  })
  verify('the pongs', pong.getSnapshot().context.answered, size)
  return outcome
}

async function threadRing(size, actors) {
  const { done, complete } = completion()
  const ring = Array.from({ length: actors }, (_, index) =>
    start({}, (_state, { left }) => {
      if (left === 0) complete(index)
      else ring[(index + 1) % actors].send({ type: 'token', left: left - 1 })
    }),
  )
  const outcome = await timed(size, () => {
    ring[0].send({ type: 'token', left: size })
    return done
  })
  verify('the last holder of the token', await done, size % actors)
  return outcome
}

async function forkJoin(size) {
  let sum = 0
  const outcome = await timed(size, () => {
    for (let value = 0; value < size; value++) {
      const fork = start({}, (_state, event) => {
        sum += event.value
      })
      fork.send({ type: 'add', value })
      fork.stop()
    }
  })
  verify('the sum of the joined', sum, skynetSum(size))
  return outcome
}

async function forkJoinThroughput(size, actors) {
  const refs = Array.from({ length: actors }, startCounter)
  const outcome = await timed(size, () => {
    for (let sent = 0; sent < size / actors; sent++) {
      for (const ref of refs) ref.send({ type: 'inc', by: 1 })
    }
  })
  const received = refs.reduce((sum, ref) => sum + ref.getSnapshot().context.sum, 0)
  verify('the messages received', received, size)
  return outcome
}

function sky(report) {
  return start({ sum: 0, left: 10 }, (state, event, self) => {
    if (event.type === 'add') {
      state.sum += event.sum
      if (--state.left === 0) report(state.sum)
    } else if (event.size === 1) report(event.first)
    else divide(event, self)
  })
}

function divide({ first, size }, parent) {
  const share = size / 10
  for (let child = 0; child < 10; child++) {
    const ref = sky((sum) => {
      parent.send({ type: 'add', sum })
      ref.stop()
    })
    ref.send({ type: 'grow', first: first + child * share, size: share })
  }
}

async function skynet(size) {
  const { done, complete } = completion()
  const outcome = await timed(size, () => {
    sky(complete).send({ type: 'grow', first: 0, size })
    return done
  })
  verify('the sum of the leaves', await done, skynetSum(size))
  return outcome
}

async function big(size) {
  const actors = Math.max(2, Math.round(Math.sqrt(size / 2)))
  const all = Array.from({ length: actors }, () =>
    start({ pongs: 0 }, (state, event, self) => {
      if (event.type === 'ping') event.from.send({ type: 'pong', by: 1 })
      else if (event.type === 'pong') state.pongs += event.by
      else for (const other of all) other.send({ type: 'ping', from: self })
    }),
  )
  const outcome = await timed(2 * actors * actors, () => {
    for (const one of all) one.send({ type: 'start' })
  })
  const pongs = all.reduce((sum, one) => sum + one.getSnapshot().context.pongs, 0)
  verify('the pongs', pongs, actors * actors)
  return outcome
}

async function spawnStop(size, batch) {
  let ended = 0
  const outcome = await timed(size, () => {
    for (let made = 0; made < size; made += batch) {
      const refs = Array.from({ length: batch }, startCounter)
      for (const ref of refs) ref.subscribe({ complete: () => ended++ })
      for (const ref of refs) ref.stop()
    }
  })
  verify('the lives ended', ended, size)
  return outcome
}

await serve({
  tell: flood,
  'tell-many': flood,
  'ping-pong': pingPong,
  'thread-ring': threadRing,
  'fork-join': forkJoin,
  'fork-join-throughput': forkJoinThroughput,
  skynet,
  big,
  'spawn-stop': spawnStop,
  'idle-actor-bytes': (size) => bytesPerItem(size, startCounter),
})
