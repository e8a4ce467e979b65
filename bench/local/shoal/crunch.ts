/**
 * Crunch: what the measured threads run, an actor and a job, and the work that both can do.
 *
 * Work is counted in steps, not in time, so that two threads that share one core cannot seem to
 * do twice as much; a step stays within 32 bits, so that every thread compiles it alike.
 */
import { actor, ask, protocol } from 'shoal'

export const Cruncher = protocol('bench.cruncher/1', {
  crunch: ask<{ steps: number }, number>(),
})

export const cruncher = actor(Cruncher, {
  state: () => undefined,
  on: { crunch: (_state, input) => crunch(input) },
})

/** The answer depends on every step, so none can be left out. */
export function crunch({ steps }: { readonly steps: number }): number {
  let hash = 1
  for (let step = 0; step < steps; step++) hash = Math.imul(hash ^ step, 16_777_619)
  return hash
}
