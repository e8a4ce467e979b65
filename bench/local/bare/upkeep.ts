/**
 * BareUpkeep: what many cells cost while they idle or never rest.
 */
import { bytesPerItem, delayWhile } from '../gauges.ts'
import type { Workloads } from '../outcome.ts'
import { Cell } from './mailbox.ts'

async function idleBytes(size: number) {
  return bytesPerItem(size, () => {
    let sum = 0
    return new Cell<{ by: number }>(({ by }) => {
      sum += by
    })
  })
}

async function eventLoopDelay(ms: number, actors: number) {
  const turns = new Uint32Array(actors)
  let working = true
  for (let index = 0; index < actors; index++) {
    const cell = new Cell<{ by: number }>(({ by }, self) => {
      turns[index]! += by
      if (working) self.tell({ by: 1 })
    })
    cell.tell({ by: 1 })
  }
  const outcome = await delayWhile(ms, turns)
  working = false
  return outcome
}

export const bareUpkeep: Workloads = {
  'idle-actor-bytes': idleBytes,
  'event-loop-delay-p99': eventLoopDelay,
}
