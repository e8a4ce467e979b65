/**
 * BareAsks: a promise per question. Deadlines are a feature, so a bare cell has none.
 */
import { timed, verify } from '../outcome.ts'
import type { Workloads } from '../outcome.ts'
import { Cell } from './mailbox.ts'

interface Question {
  readonly by: number
  readonly reply: (value: number) => void
}

function ask(cell: Cell<Question>, by: number): Promise<number> {
  return new Promise((reply) => cell.tell({ by, reply }))
}

async function asks(size: number, askers: number) {
  let count = 0
  const cell = new Cell<Question>(({ by, reply }) => reply((count += by)))
  let heard = 0
  const asker = async () => {
    for (let asked = 0; asked < size / askers; asked++) if ((await ask(cell, 1)) > 0) heard++
  }
  const outcome = await timed(size, () => Promise.all(Array.from({ length: askers }, asker)))
  verify('the questions counted', count, size)
  verify('the answers heard', heard, size)
  return outcome
}

export const bareAsks: Workloads = { ask: asks, 'ask-concurrent': asks }
