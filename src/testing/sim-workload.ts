/**
 * SimWorkload: an actor on every node that talks to its like on all others, by number.
 *
 * Told by its own timer and by its like. It tells and asks with small and large payloads, to
 * present and to past lives of nodes, and reports what it hears to the ledger, which outlives it:
 * a crash loses nothing but the message at hand.
 */
import { actorBulkFromBytes } from '../../protocols/limits.ts'
import { actor, ask, type Context, protocol, type Ref, restart, tell } from '../kernel/index.ts'
import type { Ledger } from './invariants.ts'
import type { NodeLife } from './sim-node.ts'
import type { SeededRandom } from './seeded-random.ts'

export interface Numbered {
  readonly from: string
  readonly to: string
  readonly number: number
  readonly ballast: string
}

export const Workload = protocol('shoal.sim-workload/1', {
  note: tell<Numbered>(),
  check: ask<Numbered, { readonly by: string; readonly number: number }>(),
  beat: tell(),
  crash: tell(),
})

export const workloadPath = '/workload'

export interface WorkloadInit {
  readonly ledger: Ledger
  readonly life: () => NodeLife
  readonly random: SeededRandom
  readonly beatMs: number
  /** Names of systems that may be spoken to: living ones, and now and then one that is not. */
  readonly targets: () => readonly string[]
}

const deadlinesMs = [100, 500, 2_000, 5_000] as const
const largeShare = 0.03
const large = 'x'.repeat(actorBulkFromBytes + 1_000)
const burstMax = 4

export const workload = actor(Workload, {
  state: open,
  supervise: restart({ max: 10, within: '10s' }),
  on: {
    note: ({ ledger, life }, message) => ledger.heard(message, life().system.name),
    check: ({ ledger, life }, message) => {
      const { name } = life().system
      ledger.heard(message, name)
      return { by: name, number: message.number }
    },
    beat: (init) => speak(init),
    crash: () => {
      throw new Error('told to crash')
    },
  },
})

function open(
  init: WorkloadInit,
  ctx: Context<typeof Workload.messages, WorkloadInit>,
): WorkloadInit {
  ctx.every('beat', init.beatMs, 'beat', undefined)
  return init
}

function speak(init: WorkloadInit): void {
  const targets = init.targets()
  if (targets.length === 0) return
  const system = init.random.pick(targets)
  const { mesh } = init.life()
  const ref = mesh.at(system, Workload, workloadPath)
  for (let left = 1 + init.random.below(burstMax); left > 0; left--) sayOne(init, ref, system)
}

function sayOne(init: WorkloadInit, ref: Ref<typeof Workload.messages>, to: string): void {
  const { ledger, random } = init
  const life = init.life()
  const from = life.system.name
  const ballast = random.next() < largeShare ? large : ''
  const message = { from, to, number: ledger.next(from, to), ballast }
  if (random.next() < 0.5) {
    ledger.counts.told++
    ref.note(message)
    return
  }
  const deadline = random.pick(deadlinesMs)
  const id = ledger.asked(life, deadline)
  // The ledger hears of success and failure alike.
  void ref.check(message, { deadline }).then(
    ({ by }) => {
      if (by !== to) ledger.breach('I10', `${by} answered what ${from} asked ${to}`)
      ledger.answered(id)
    },
    (error: unknown) => ledger.failed(id, error),
  )
}
