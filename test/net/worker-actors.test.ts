/**
 * WorkerActorsTest: the contract of an actor's home, for actors here and actors in threads.
 */
import { workerActor } from '../../src/index.ts'
import type { ActorDef } from '../../src/kernel/index.ts'
import { type ActorHome, workerActorsContract } from '../contract/worker-actors.ts'
import * as actors from './thread-actors.ts'

const module = new URL('./thread-actors.ts', import.meta.url)

/** A definition together with what its state is made from. */
function starting(home: ActorHome): ActorHome {
  return home
}

const here = starting({
  counter: (init) => withInit(actors.counter, init),
  sturdy: () => withInit(actors.sturdy, undefined),
  stillborn: () => withInit(actors.stillborn, undefined),
  peer: () => actors.peer,
})

const inThread = starting({
  counter: (init) =>
    workerActor(actors.Counter, { module, export: 'counter', ...(init && { init }) }),
  sturdy: () => workerActor(actors.Counter, { module, export: 'sturdy' }),
  stillborn: () => workerActor(actors.Counter, { module, export: 'stillborn' }),
  peer: () => workerActor(actors.Peer, { module, export: 'peer' }),
})

/** An actor that takes its start from here takes nothing at its spawn. */
function withInit(
  def: Pick<typeof actors.counter, 'behaviour'>,
  init: { readonly start: number } | undefined,
): ReturnType<ActorHome['counter']> {
  const { behaviour } = def
  const state = (_: unknown, ctx: never): unknown => behaviour.state(init, ctx)
  const made = { ...def, behaviour: { ...behaviour, state } }
  return made as unknown as ActorDef<actors.CounterMessages>
}

workerActorsContract('of this thread', here)
workerActorsContract('in a worker thread', inThread)
