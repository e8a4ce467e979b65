/**
 * BareStreams: long runs of messages between few cells.
 */
import { completion, timed, verify } from '../outcome.ts'
import type { Workloads } from '../outcome.ts'
import { Cell } from './mailbox.ts'

interface Count {
  readonly by: number
}

/** A counter that reports its sum when it reads a zero, which the last producer sends. */
function counter(producers: number, complete: (sum: number) => void): Cell<Count> {
  let sum = 0
  let left = producers
  return new Cell<Count>(({ by }) => {
    if (by !== 0) sum += by
    else if (--left === 0) complete(sum)
  })
}

function producer(target: Cell<Count>): Cell<number> {
  return new Cell<number>((messages) => {
    for (let sent = 0; sent < messages; sent++) target.tell({ by: 1 })
    target.tell({ by: 0 })
  })
}

async function flood(size: number, producers: number) {
  const { done, complete } = completion()
  const target = counter(producers, complete)
  const cells = Array.from({ length: producers }, () => producer(target))
  const outcome = await timed(size, () => {
    for (const cell of cells) cell.tell(size / producers)
    return done
  })
  verify('the sum of the counter', await done, size)
  return outcome
}

interface Ball {
  readonly from: Cell<Ball>
}

async function pingPong(size: number) {
  const { done, complete } = completion()
  let left = size
  let answered = 0
  const pong = new Cell<Ball>(({ from }, self) => {
    answered++
    from.tell({ from: self })
  })
  const ping = new Cell<Ball>(({ from }, self) => {
    if (left-- === 0) complete(answered)
    else from.tell({ from: self })
  })
  const outcome = await timed(size, () => {
    ping.tell({ from: pong })
    return done
  })
  verify('the pongs', await done, size)
  return outcome
}

interface Token {
  readonly left: number
}

async function threadRing(size: number, actors: number) {
  const { done, complete } = completion()
  const ring: Cell<Token>[] = []
  for (let index = 0; index < actors; index++) {
    const next = (index + 1) % actors
    ring.push(
      new Cell<Token>(({ left }) => {
        if (left === 0) complete(index)
        else ring[next]!.tell({ left: left - 1 })
      }),
    )
  }
  const outcome = await timed(size, () => {
    ring[0]!.tell({ left: size })
    return done
  })
  verify('the last holder of the token', await done, size % actors)
  return outcome
}

export const bareStreams: Workloads = {
  tell: flood,
  'tell-many': flood,
  'ping-pong': pingPong,
  'thread-ring': threadRing,
}
