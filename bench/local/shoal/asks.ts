/**
 * ShoalAsks: questions from outside the system, with the default and with a given deadline.
 */
import { ActorSystem, actor, ask, protocol } from 'shoal'
import type { AskOptions } from 'shoal'
import { timed, verify } from '../outcome.ts'
import type { Workloads } from '../outcome.ts'

const Tally = protocol('bench.tally/1', { add: ask<{ by: number }, number>() })
const tally = actor(Tally, {
  state: () => ({ sum: 0 }),
  on: { add: (state, { by }) => (state.sum += by) },
})

async function asks(size: number, askers: number, options?: AskOptions) {
  await using system = await ActorSystem.start({ name: 'bench' })
  const ref = system.spawn(tally)
  let heard = 0
  const asker = async () => {
    for (let asked = 0; asked < size / askers; asked++) {
      if ((await ref.add({ by: 1 }, options)) > 0) heard++
    }
  }
  const outcome = await timed(size, () => Promise.all(Array.from({ length: askers }, asker)))
  verify('the questions counted', await ref.add({ by: 0 }), size)
  verify('the answers heard', heard, size)
  return outcome
}

const plain = (size: number, askers: number) => asks(size, askers)
const withDeadline = (size: number, askers: number) => asks(size, askers, { deadline: 1_000 })

export const shoalAsks: Workloads = {
  ask: plain,
  'ask-deadline': withDeadline,
  'ask-concurrent': plain,
  'ask-concurrent-deadline': withDeadline,
}
