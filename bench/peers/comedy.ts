/**
 * Comedy: in-memory actors from plain objects; a message is a method call after a promise.
 *
 * It has no deadlines for asks and no restart of in-memory actors, so those have no row. Its
 * asynchronous handlers interleave; all handlers here are synchronous.
 */
import comedy from 'comedy'
import { bytesPerItem } from '../local/gauges.ts'
import { completion, skynetSum, timed, verify } from '../local/outcome.ts'
import { serve } from '../local/serve.ts'

async function withRoot(body) {
  const system = comedy.createSystem({ test: true })
  try {
    return await body(await system.rootActor())
  } finally {
    await system.destroy()
  }
}

const counterOf = () => {
  let sum = 0
  return { inc: ({ by }) => void (sum += by), get: () => sum }
}

const flood = (size, producers) =>
  withRoot(async (root) => {
    const counter = await root.createChild(counterOf())
    const produce = (messages) => {
      for (let sent = 0; sent < messages; sent++) void counter.send('inc', { by: 1 })
      return counter.sendAndReceive('get')
    }
    const refs = []
    for (let made = 0; made < producers; made++) refs.push(await root.createChild({ produce }))
    const outcome = await timed(size, () =>
      Promise.all(refs.map((ref) => ref.sendAndReceive('produce', size / producers))),
    )
    verify('the sum of the counter', await counter.sendAndReceive('get'), size)
    return outcome
  })

const pingPong = (size) =>
  withRoot(async (root) => {
    const { done, complete } = completion()
    let answered = 0
    let left = size
    const pong = await root.createChild({
      ball: ({ from }) => {
        answered++
        void from.send('ball', { from: pong })
      },
    })
    const ping = await root.createChild({
      ball: ({ from }) => {
        if (left-- === 0) complete(answered)
        else void from.send('ball', { from: ping })
      },
    })
    const outcome = await timed(size, () => {
      void ping.send('ball', { from: pong })
      return done
    })
    verify('the pongs', await done, size)
    return outcome
  })

const threadRing = (size, actors) =>
  withRoot(async (root) => {
    const { done, complete } = completion()
    const ring = []
    for (let index = 0; index < actors; index++) {
      const token = ({ left }) => {
        if (left === 0) complete(index)
        else void ring[(index + 1) % actors].send('token', { left: left - 1 })
      }
      ring.push(await root.createChild({ token }))
    }
    const outcome = await timed(size, () => {
      void ring[0].send('token', { left: size })
      return done
    })
    verify('the last holder of the token', await done, size % actors)
    return outcome
  })

const forkJoin = (size) =>
  withRoot(async (root) => {
    const { done, complete } = completion()
    let sum = 0
    let left = size
    const add = ({ value }) => {
      sum += value
      if (--left === 0) complete(sum)
    }
    const outcome = await timed(size, async () => {
      const fork = async (value) => {
        const ref = await root.createChild({ add })
        await ref.send('add', { value })
        await ref.destroy()
      }
      await Promise.all(Array.from({ length: size }, (_, value) => fork(value)))
      await done
    })
    verify('the sum of the joined', await done, skynetSum(size))
    return outcome
  })

const forkJoinThroughput = (size, actors) =>
  withRoot(async (root) => {
    const { done, complete } = completion()
    let received = 0
    const add = ({ by }) => {
      received += by
      if (received === size) complete(received)
    }
    const refs = []
    for (let made = 0; made < actors; made++) refs.push(await root.createChild({ add }))
    const outcome = await timed(size, () => {
      for (let sent = 0; sent < size / actors; sent++) {
        for (const ref of refs) void ref.send('add', { by: 1 })
      }
      return done
    })
    verify('the messages received', await done, size)
    return outcome
  })

function sky(parent, report) {
  let self
  let sum = 0
  let left = 10
  const finish = (value) => {
    report(value)
    void self.destroy()
  }
  return parent.createChild({
    initialize: (actor) => {
      self = actor
    },
    add: (message) => {
      sum += message.sum
      if (--left === 0) finish(sum)
    },
    grow: async ({ first, size }) => {
      if (size === 1) return finish(first)
      const share = size / 10
      for (let child = 0; child < 10; child++) {
        const ref = await sky(self, (part) => void self.send('add', { sum: part }))
        void ref.send('grow', { first: first + child * share, size: share })
      }
    },
  })
}

const skynet = (size) =>
  withRoot(async (root) => {
    const { done, complete } = completion()
    const outcome = await timed(size, async () => {
      void (await sky(root, complete)).send('grow', { first: 0, size })
      await done
    })
    verify('the sum of the leaves', await done, skynetSum(size))
    return outcome
  })

const big = (size) =>
  withRoot(async (root) => {
    const actors = Math.max(2, Math.round(Math.sqrt(size / 2)))
    const { done, complete } = completion()
    let pongs = 0
    const all = []
    const member = () => ({
      start: (self) => {
        for (const other of all) void other.send('ping', { from: self })
      },
      ping: ({ from }) => void from.send('pong', { by: 1 }),
      pong: ({ by }) => {
        pongs += by
        if (pongs === actors * actors) complete(pongs)
      },
    })
    for (let made = 0; made < actors; made++) all.push(await root.createChild(member()))
    const outcome = await timed(2 * actors * actors, () => {
      for (const one of all) void one.send('start', one)
      return done
    })
    verify('the pongs', await done, actors * actors)
    return outcome
  })

const asks = (size, askers) =>
  withRoot(async (root) => {
    let sum = 0
    const ref = await root.createChild({ add: ({ by }) => (sum += by) })
    let heard = 0
    const asker = async () => {
      for (let asked = 0; asked < size / askers; asked++) {
        if ((await ref.sendAndReceive('add', { by: 1 })) > 0) heard++
      }
    }
    const outcome = await timed(size, () => Promise.all(Array.from({ length: askers }, asker)))
    verify('the answers heard', heard, size)
    verify('the questions counted', sum, size)
    return outcome
  })

const spawnStop = (size, batch) =>
  withRoot(async (root) => {
    let begun = 0
    let ended = 0
    const mayfly = { initialize: () => void begun++, destroy: () => void ended++ }
    const outcome = await timed(size, async () => {
      for (let made = 0; made < size; made += batch) {
        const making = Array.from({ length: batch }, () => root.createChild(mayfly))
        const refs = await Promise.all(making)
        await Promise.all(refs.map((ref) => ref.destroy()))
      }
    })
    verify('the lives begun', begun, size)
    verify('the lives ended', ended, size)
    return outcome
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
  'ask-concurrent': asks,
  'spawn-stop': spawnStop,
  'idle-actor-bytes': (size) =>
    withRoot((root) => bytesPerItem(size, () => root.createChild(counterOf()))),
})
