/**
 * BareCrowds: many cells that each do little.
 */
import { completion, skynetSum, timed, verify } from '../outcome.ts'
import type { Workloads } from '../outcome.ts'
import { Cell } from './mailbox.ts'

async function forkJoin(size: number) {
  const { done, complete } = completion()
  let sum = 0
  let left = size
  const join = new Cell<{ value: number }>(({ value }) => {
    sum += value
    if (--left === 0) complete(sum)
  })
  const outcome = await timed(size, () => {
    for (let index = 0; index < size; index++) {
      new Cell<{ value: number }>(({ value }) => join.tell({ value })).tell({ value: index })
    }
    return done
  })
  verify('the sum of the joined', await done, skynetSum(size))
  return outcome
}

async function forkJoinThroughput(size: number, actors: number) {
  const { done, complete } = completion()
  const each = size / actors
  let received = 0
  let left = actors
  const worker = () => {
    let count = 0
    return new Cell<{ by: number }>(({ by }) => {
      count += by
      if (count !== each) return
      received += count
      if (--left === 0) complete(received)
    })
  }
  const cells = Array.from({ length: actors }, worker)
  const outcome = await timed(size, () => {
    for (let sent = 0; sent < each; sent++) for (const cell of cells) cell.tell({ by: 1 })
    return done
  })
  verify('the messages received', await done, size)
  return outcome
}

type Sky = { readonly first: number; readonly size: number } | { readonly sum: number }

function sky(report: (sum: number) => void): Cell<Sky> {
  let sum = 0
  let left = 10
  return new Cell<Sky>((message, self) => {
    if ('sum' in message) {
      sum += message.sum
      if (--left === 0) report(sum)
    } else if (message.size === 1) report(message.first)
    else divide(message.first, message.size / 10, self)
  })
}

function divide(first: number, size: number, parent: Cell<Sky>): void {
  const report = (sum: number) => parent.tell({ sum })
  for (let child = 0; child < 10; child++) sky(report).tell({ first: first + child * size, size })
}

async function skynet(size: number) {
  const { done, complete } = completion()
  const outcome = await timed(size, () => {
    sky(complete).tell({ first: 0, size })
    return done
  })
  verify('the sum of the leaves', await done, skynetSum(size))
  return outcome
}

type Big =
  | { readonly from: Cell<Big> }
  | { readonly pong: number }
  | { readonly all: readonly Cell<Big>[] }

async function big(size: number) {
  const actors = Math.max(2, Math.round(Math.sqrt(size / 2)))
  const { done, complete } = completion()
  let pongs = 0
  let left = actors
  const member = () => {
    let missing = actors
    return new Cell<Big>((message, self) => {
      if ('from' in message) message.from.tell({ pong: 1 })
      else if ('all' in message) for (const other of message.all) other.tell({ from: self })
      else {
        pongs += message.pong
        if (--missing === 0 && --left === 0) complete(pongs)
      }
    })
  }
  const cells = Array.from({ length: actors }, member)
  const outcome = await timed(2 * actors * actors, () => {
    for (const cell of cells) cell.tell({ all: cells })
    return done
  })
  verify('the pongs', await done, actors * actors)
  return outcome
}

export const bareCrowds: Workloads = {
  'fork-join': forkJoin,
  'fork-join-throughput': forkJoinThroughput,
  skynet,
  big,
}
