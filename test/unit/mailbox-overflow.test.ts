/**
 * Tests of full mailboxes: the rules MB-4 to MB-7 of the actor contract.
 */
import { expect, test } from 'vitest'
import { actor, ask, protocol, tell } from '../../src/kernel/index.ts'
import { testSystem } from '../../src/testing/index.ts'
import { Gate, heldGate } from './held-gate.ts'

const Slow = protocol('test.slow/1', { work: tell<{ n: number }>(), hit: ask<void, number>() })

test('MB-4: drop-new makes a dead letter of the newcomer and keeps those waiting', async () => {
  const { kit, ref, taken, open } = await heldGate({ capacity: 3, onFull: 'drop-new' })
  const queued = (): number => kit.system.cellOf(ref).mailbox.size
  for (const n of [1, 2, 3]) ref.take({ n })
  expect(queued()).toBe(3)
  ref.take({ n: 4 })
  expect(queued()).toBe(3)
  expect(kit.system.deadLetters.latest).toMatchObject([
    { reason: 'mailbox-full', recipient: '/gate', message: 'take', payload: { n: 4 } },
  ])
  await open()
  expect(taken).toEqual(['t1', 't2', 't3'])
  await kit.stop()
})

test('MB-5: drop-old gives the oldest to the dead letters', async () => {
  const kit = await testSystem({ seed: 1 })
  const taken: number[] = []
  const def = actor(Slow, {
    state: () => null,
    on: { work: (_state, { n }) => void taken.push(n), hit: () => 0 },
    mailbox: { capacity: 3, onFull: 'drop-old' },
  })
  const ref = kit.spawn(def)
  for (const n of [1, 2, 3, 4]) ref.work({ n })
  await kit.settle()
  expect(taken).toEqual([2, 3, 4])
  const letters = kit.system.deadLetters.latest
  expect(letters).toMatchObject([{ reason: 'mailbox-full', payload: { n: 1 } }])
  await kit.stop()
})

test.for([
  ['drop-new', ['t1', 't2'], 8],
  ['reject', ['t1', 't2'], 8],
  ['drop-old', ['t9', 't10'], 8],
  ['drop-all', ['t9', 't10'], 8],
] as const)('MB-6: %s counts every dropped message', async ([onFull, left, dropped]) => {
  const { kit, ref, taken, open } = await heldGate({ capacity: 2, onFull })
  let heard = 0
  kit.system.deadLetters.listen(() => heard++)
  for (let n = 1; n <= 10; n++) ref.take({ n })
  await open()
  expect(taken).toEqual(left)
  expect(kit.system.deadLetters.count('mailbox-full')).toBe(dropped)
  expect(heard).toBe(dropped)
  await kit.stop()
})

test('MB-6: an asker who finds no room, or loses it, is told at once', async () => {
  const { kit, ref } = await heldGate({ capacity: 1, onFull: 'drop-old' })
  const evicted = ref.question({ n: 1 })
  ref.take({ n: 2 })
  await expect(kit.run(evicted)).rejects.toMatchObject({ code: 'overloaded' })
  expect(kit.clock.now()).toBe(0)
  const { kit: other, ref: full } = await heldGate({ capacity: 1, onFull: 'reject' })
  full.take({ n: 1 })
  const refused = full.question({ n: 2 })
  await expect(other.run(refused)).rejects.toMatchObject({ code: 'overloaded' })
  expect(other.clock.now()).toBe(0)
})

test('fail: a full mailbox fails its actor, and its supervision decides', async () => {
  const { kit, ref, taken, open } = await heldGate({ capacity: 2, onFull: 'fail' })
  const probe = kit.probe()
  probe.watch(ref)
  for (const n of [1, 2, 3]) ref.take({ n })
  await open()
  await probe.expectTerminated(ref, { reason: 'failed' })
  expect(taken).toEqual([])
  expect(kit.system.deadLetters.count('mailbox-full')).toBe(1)
  expect(kit.system.deadLetters.count('stopped')).toBe(2)
  await kit.stop()
})

test.for(['drop-new', 'reject', 'drop-old', 'drop-all'] as const)(
  'MB-7: a full mailbox of %s takes signals and never gives them up',
  async (onFull) => {
    const kit = await testSystem({ seed: 1 })
    const gone = kit.probe()
    const heard: string[] = []
    const gate = Promise.withResolvers<void>()
    const def = actor(Gate, {
      state: (_init: void, ctx): null => {
        ctx.watch(gone.ref)
        return null
      },
      on: {
        hold: () => gate.promise,
        take: (_state, { n }) => void heard.push(`t${n}`),
        low: () => {},
        high: () => {},
        control: () => {},
        question: () => 0,
      },
      signals: {
        terminated: () => void heard.push('terminated'),
        postStop: () => void heard.push('postStop'),
      },
      mailbox: { capacity: 2, onFull },
    })
    const ref = kit.spawn(def)
    ref.hold(undefined)
    await kit.settle()
    ref.take({ n: 1 })
    ref.take({ n: 2 })
    await kit.run(kit.system.stop(gone.ref))
    for (let n = 3; n <= 9; n++) ref.take({ n })
    gate.resolve()
    await kit.settle()
    expect(heard).toContain('terminated')
    await kit.run(kit.system.stop(ref))
    expect(heard.at(-1)).toBe('postStop')
    await kit.stop()
  },
)

test('MB-7: an actor with a full mailbox stops without working through it', async () => {
  const { kit, ref, taken, open } = await heldGate({ capacity: 2 })
  ref.take({ n: 1 })
  ref.take({ n: 2 })
  const ended = kit.system.stop(ref)
  await open()
  await kit.run(ended)
  expect(taken).toEqual([])
  expect(kit.system.deadLetters.count('stopped')).toBe(2)
  await kit.stop()
})
