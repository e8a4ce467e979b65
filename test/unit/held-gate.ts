/**
 * HeldGate: an actor that is busy with one turn until its gate opens, so that messages wait.
 */
import {
  actor,
  ask,
  type MailboxOptions,
  protocol,
  type Ref,
  tell,
} from '../../src/kernel/index.ts'
import { type TestKit, testSystem } from '../../src/testing/index.ts'

export const Gate = protocol('test.gate/1', {
  hold: tell(),
  take: tell<{ n: number }>(),
  low: tell<{ n: number }>({ priority: -1 }),
  high: tell<{ n: number }>({ priority: 5 }),
  control: tell<{ n: number }>({ control: true }),
  question: ask<{ n: number }, number>(),
})
type GateRef = Ref<(typeof Gate)['messages']>

export interface Held {
  readonly kit: TestKit
  readonly ref: GateRef
  readonly taken: string[]
  readonly open: () => Promise<void>
}

export async function heldGate(mailbox: MailboxOptions): Promise<Held> {
  const kit = await testSystem({ seed: 1 })
  const taken: string[] = []
  const gate = Promise.withResolvers<void>()
  const take =
    (name: string) =>
    (_state: null, { n }: { n: number }) =>
      void taken.push(name + n)
  const def = actor(Gate, {
    state: () => null,
    on: {
      hold: () => gate.promise,
      take: take('t'),
      low: take('l'),
      high: take('h'),
      control: take('c'),
      question: (_state, { n }) => n,
    },
    mailbox,
  })
  const ref = kit.spawn(def, undefined, { name: 'gate' })
  ref.hold(undefined)
  await kit.settle()
  const open = async (): Promise<void> => {
    gate.resolve()
    await kit.settle()
  }
  return { kit, ref, taken, open }
}
