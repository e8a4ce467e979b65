/**
 * nact: actors as asynchronous functions from state and message to state.
 *
 * A query always has a time-out, so `ask` and `ask-deadline` are the same work there. Actors get
 * names, because the made-up ones collide when there are many.
 */
import { dispatch, query, spawn, start, stop } from 'nact'
import { bytesPerItem, delayWhile } from '../local/gauges.ts'
import { completion, skynetSum, timed, verify } from '../local/outcome.ts'
import { serve } from '../local/serve.ts'

let names = 0
const nextName = () => `a${names++}`

/** Runs a body on a system of its own. */
async function withSystem(body) {
  const system = start()
  try {
    return await body(system)
  } finally {
    stop(system)
  }
}

function spawnActor(parent, initialState, handle, more = {}) {
  const behave = (state, message, ctx) => {
    handle(state, message, ctx)
    return state
  }
  return spawn(parent, behave, nextName(), { initialState, ...more })
}

function spawnCounter(system) {
  return spawnActor(system, { sum: 0 }, (state, { by, from }) => {
    state.sum += by
    if (from !== undefined) dispatch(from, state.sum)
  })
}

const askCounter = (counter, by) => query(counter, (from) => ({ by, from }), 60_000)

const flood = (size, producers) =>
  withSystem(async (system) => {
    const counter = spawnCounter(system)
    const { done, complete } = completion()
    let left = producers
    const refs = Array.from({ length: producers }, () =>
      spawnActor(system, {}, (_state, { messages }) => {
        for (let sent = 0; sent < messages; sent++) dispatch(counter, { by: 1 })
        if (--left === 0) complete(askCounter(counter, 0))
      }),
    )
    const outcome = await timed(size, () => {
      for (const ref of refs) dispatch(ref, { messages: size / producers })
      return done
    })
    verify('the sum of the counter', await done, size)
    return outcome
  })

const pingPong = (size) =>
  withSystem(async (system) => {
    const { done, complete } = completion()
    let answered = 0
    const pong = spawnActor(system, {}, (_state, { from }, { self }) => {
      answered++
      dispatch(from, { from: self })
    })
    const ping = spawnActor(system, { left: size }, (state, { from }, { self }) => {
      if (state.left-- === 0) complete(answered)
      else dispatch(from, { from: self })
    })
    const outcome = await timed(size, () => {
      dispatch(ping, { from: pong })
      return done
    })
    verify('the pongs', await done, size)
    return outcome
  })

const threadRing = (size, actors) =>
  withSystem(async (system) => {
    const { done, complete } = completion()
    const ring = Array.from({ length: actors }, (_, index) =>
      spawnActor(system, {}, (_state, { left }) => {
        if (left === 0) complete(index)
        else dispatch(ring[(index + 1) % actors], { left: left - 1 })
      }),
    )
    const outcome = await timed(size, () => {
      dispatch(ring[0], { left: size })
      return done
    })
    verify('the last holder of the token', await done, size % actors)
    return outcome
  })

const forkJoin = (size) =>
  withSystem(async (system) => {
    const { done, complete } = completion()
    let sum = 0
    let left = size
    const fork = (_state, { value }, { self }) => {
      sum += value
      stop(self)
      if (--left === 0) complete(sum)
    }
    const outcome = await timed(size, () => {
      for (let value = 0; value < size; value++) {
        dispatch(spawnActor(system, {}, fork), { value })
      }
      return done
    })
    verify('the sum of the joined', await done, skynetSum(size))
    return outcome
  })

const forkJoinThroughput = (size, actors) =>
  withSystem(async (system) => {
    const { done, complete } = completion()
    let received = 0
    const refs = Array.from({ length: actors }, () =>
      spawnActor(system, {}, (_state, { by }) => {
        received += by
        if (received === size) complete(received)
      }),
    )
    const outcome = await timed(size, () => {
      for (let sent = 0; sent < size / actors; sent++) for (const ref of refs) dispatch(ref, { by: 1 })
      return done
    })
    verify('the messages received', await done, size)
    return outcome
  })

function sky(parent, report) {
  return spawnActor(parent, { sum: 0, left: 10 }, (state, message, { self }) => {
    if ('sum' in message) {
      state.sum += message.sum
      if (--state.left === 0) report(state.sum)
    } else if (message.size === 1) report(message.first)
    else divide(message, self)
  })
}

function divide({ first, size }, self) {
  const share = size / 10
  for (let child = 0; child < 10; child++) {
    const ref = sky(self, (sum) => {
      dispatch(self, { sum })
      stop(ref)
    })
    dispatch(ref, { first: first + child * share, size: share })
  }
}

const skynet = (size) =>
  withSystem(async (system) => {
    const { done, complete } = completion()
    const outcome = await timed(size, () => {
      dispatch(sky(system, complete), { first: 0, size })
      return done
    })
    verify('the sum of the leaves', await done, skynetSum(size))
    return outcome
  })

const big = (size) =>
  withSystem(async (system) => {
    const actors = Math.max(2, Math.round(Math.sqrt(size / 2)))
    const { done, complete } = completion()
    let pongs = 0
    const all = Array.from({ length: actors }, () =>
      spawnActor(system, {}, (_state, message, { self }) => {
        if ('from' in message) dispatch(message.from, { by: 1 })
        else if ('by' in message) {
          pongs += message.by
          if (pongs === actors * actors) complete(pongs)
        } else for (const other of all) dispatch(other, { from: self })
      }),
    )
    const outcome = await timed(2 * actors * actors, () => {
      for (const one of all) dispatch(one, { start: true })
      return done
    })
    verify('the pongs', await done, actors * actors)
    return outcome
  })

const asks = (size, askers) =>
  withSystem(async (system) => {
    const counter = spawnCounter(system)
    let heard = 0
    const asker = async () => {
      for (let asked = 0; asked < size / askers; asked++) {
        if ((await query(counter, (from) => ({ by: 1, from }), 1_000)) > 0) heard++
      }
    }
    const outcome = await timed(size, () => Promise.all(Array.from({ length: askers }, asker)))
    verify('the answers heard', heard, size)
    verify('the questions counted', await askCounter(counter, 0), size)
    return outcome
  })

const spawnStop = (size, batch) =>
  withSystem(async (system) => {
    let ended = 0
    const outcome = await timed(size, async () => {
      for (let made = 0; made < size; made += batch) {
        const { done, complete } = completion()
        const goal = ended + batch
        const afterStop = () => {
          if (++ended === goal) complete(ended)
        }
        const refs = Array.from({ length: batch }, () => spawnActor(system, {}, () => {}, { afterStop }))
        for (const ref of refs) stop(ref)
        await done
      }
    })
    verify('the lives ended', ended, size)
    return outcome
  })

const restartStorm = (size) =>
  withSystem(async (system) => {
    const { done, complete } = completion()
    const failure = new Error('as the benchmark wants it')
    let lives = 0
    const initialStateFunc = () => {
      if (++lives === size + 1) complete(lives)
      return {}
    }
    const fail = () => {
      throw failure
    }
    const onCrash = (_message, _error, ctx) => ctx.reset
    const ref = spawn(system, fail, nextName(), { initialStateFunc, onCrash })
    const outcome = await timed(size, () => {
      for (let sent = 0; sent < size; sent++) dispatch(ref, { fail: true })
      return done
    })
    verify('the lives', lives, size + 1)
    return outcome
  })

const eventLoopDelay = (ms, actors) =>
  withSystem(async (system) => {
    const turns = new Uint32Array(actors)
    for (let index = 0; index < actors; index++) {
      const work = (_state, { by }, { self }) => {
        turns[index] += by
        dispatch(self, { by: 1 })
      }
      dispatch(spawnActor(system, {}, work), { by: 1 })
    }
    return delayWhile(ms, turns)
  })

await serve({
  tell: flood,
  'tell-many': flood,
  'ping-pong': pingPong,
  'thread-ring': threadRing,
  'fork-join': forkJoin,
  'fork-join-throughput': forkJoinThroughput,
  skynet,
  big,
  ask: asks,
  'ask-deadline': asks,
  'ask-concurrent': asks,
  'ask-concurrent-deadline': asks,
  'spawn-stop': spawnStop,
  'restart-storm': restartStorm,
  'idle-actor-bytes': (size) => withSystem((system) => bytesPerItem(size, () => spawnCounter(system))),
  'event-loop-delay-p99': eventLoopDelay,
})
