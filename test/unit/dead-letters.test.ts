/**
 * Dead letter tests: the channel and its log.
 */
import { describe, expect, test } from 'vitest'
import {
  actor,
  ask,
  type DeadLetter,
  type DeadLetterEntry,
  logDeadLetters,
  protocol,
  tell,
} from '../../src/kernel/index.ts'
import { type TestKit, testSystem } from '../../src/testing/index.ts'

const Target = protocol('test.target/1', {
  say: tell<{ word: string }>(),
  question: ask<void, string>(),
  tellTo: tell<{ to: () => void }>(),
})
const target = actor(Target, {
  state: () => null,
  on: { say: () => {}, question: () => 'yes', tellTo: (_state, { to }) => to() },
})

const Listener = protocol('test.listener/1', { letter: tell<DeadLetter>() })

function listener(heard: DeadLetter[], onLetter: (letter: DeadLetter) => void = () => {}) {
  return actor(Listener, {
    state: () => null,
    on: {
      letter: (_state, letter) => {
        heard.push(letter)
        onLetter(letter)
      },
    },
  })
}

async function withDead(kit: TestKit, name = 'dead') {
  const ref = kit.system.spawn(target, undefined, { name })
  await kit.run(kit.system.stop(ref))
  return ref
}

describe('dead letters', () => {
  test('DL-1: a tell to a stopped actor is one letter with message, route and reason', async () => {
    const kit = await testSystem({ seed: 1 })
    const dead = await withDead(kit)
    const sender = kit.system.spawn(target, undefined, { name: 'sender' })
    sender.tellTo({ to: () => dead.say({ word: 'hello' }) })
    await kit.settle()
    expect(kit.system.deadLetters.latest).toEqual([
      {
        reason: 'no-such-actor',
        protocol: 'test.target/1',
        message: 'say',
        payload: { word: 'hello' },
        recipient: '/dead',
        sender: '/sender',
        at: expect.any(Number),
      },
    ])
    expect(kit.system.deadLetters.total).toBe(1)
    await kit.stop()
  })

  test('DL-2: the asker of a dead target hears of it, and there is one letter', async () => {
    const kit = await testSystem({ seed: 1 })
    const dead = await withDead(kit)
    await expect(kit.run(dead.question())).rejects.toMatchObject({ code: 'no_such_actor' })
    expect([kit.system.deadLetters.total, kit.system.deadLetters.count('no-such-actor')]).toEqual([
      1, 1,
    ])
    await kit.stop()
  })

  test('a listener that throws harms neither the sender nor the other listeners', async () => {
    const kit = await testSystem({ seed: 1 })
    const dead = await withDead(kit)
    const heard: string[] = []
    const failures: unknown[] = []
    kit.system.events.subscribe('subscriber.failed', ({ error }) => void failures.push(error))
    kit.system.deadLetters.listen(() => {
      throw new TypeError('bad listener')
    })
    const leave = kit.system.deadLetters.listen(({ message }) => void heard.push(message))
    dead.say({ word: '1' })
    dead.say({ word: '2' })
    leave()
    dead.say({ word: '3' })
    expect([heard, failures.length, kit.system.deadLetters.total]).toEqual([['say', 'say'], 3, 3])
    await kit.stop()
  })

  test('an actor that subscribed twice is told of each letter once', async () => {
    const kit = await testSystem({ seed: 1 })
    const dead = await withDead(kit)
    const heard: DeadLetter[] = []
    const ref = kit.system.spawn(listener(heard))
    kit.system.deadLetters.subscribeActor(ref, 'letter')
    const leave = kit.system.deadLetters.subscribeActor(ref, 'letter')
    dead.say({ word: '1' })
    await kit.settle()
    expect(heard.map(({ recipient }) => recipient)).toEqual(['/dead'])
    dead.say({ word: 'queued when it leaves' })
    leave()
    await kit.settle()
    expect(heard).toHaveLength(1)
    await kit.stop()
  })

  test('DL-5: a subscriber that has stopped makes no letters of its own', async () => {
    const kit = await testSystem({ seed: 1 })
    const dead = await withDead(kit)
    const heard: DeadLetter[] = []
    const ref = kit.system.spawn(listener(heard))
    kit.system.deadLetters.subscribeActor(ref, 'letter')
    dead.say({ word: '1' })
    const stopping = kit.system.stop(ref)
    dead.say({ word: '2' })
    await kit.run(stopping)
    const before = kit.system.deadLetters.total
    dead.say({ word: '3' })
    await kit.settle()
    await kit.advance('1h')
    expect(kit.system.deadLetters.total).toBe(before + 1)
    await kit.stop()
  })

  test('DL-5: a subscriber that is full does not make letters breed', async () => {
    const kit = await testSystem({ seed: 1, delivery: { min: 1, max: 5 } })
    const dead = await withDead(kit)
    const heard: DeadLetter[] = []
    let wake = (): void => {}
    const asleep = new Promise<void>((resolve) => (wake = resolve))
    const slow = actor(Listener, {
      state: () => null,
      on: {
        letter: async (_state, letter) => {
          heard.push(letter)
          await asleep
        },
      },
    })
    const ref = kit.system.spawn(slow, undefined, { mailbox: { capacity: 1, onFull: 'drop-new' } })
    await kit.settle()
    kit.system.deadLetters.subscribeActor(ref, 'letter')
    const others: string[] = []
    kit.system.deadLetters.listen(({ reason }) => void others.push(reason))
    for (let i = 0; i < 10; i++) dead.say({ word: String(i) })
    await kit.settle()
    await kit.advance('1min')
    wake()
    await kit.settle()
    const { deadLetters } = kit.system
    expect([heard.length, deadLetters.count('no-such-actor')]).toEqual([2, 10])
    expect([deadLetters.count('mailbox-full'), deadLetters.total]).toEqual([8, 18])
    expect(new Set(others)).toEqual(new Set(['no-such-actor']))
    await kit.stop()
  })

  test('DL-5: a subscriber that tells the dead hears of that too, each time', async () => {
    const kit = await testSystem({ seed: 1 })
    const dead = await withDead(kit)
    const heard: DeadLetter[] = []
    let echoes = 3
    const ref = kit.system.spawn(
      listener(heard, () => {
        if (echoes-- > 0) dead.say({ word: 'echo' })
      }),
    )
    kit.system.deadLetters.subscribeActor(ref, 'letter')
    dead.say({ word: 'first' })
    await kit.settle()
    expect([heard.length, kit.system.deadLetters.total]).toEqual([4, 4])
    await kit.stop()
  })
})

describe('the log of dead letters', () => {
  test('DL-3: n per interval, then one summary; what is counted stays exact', async () => {
    const kit = await testSystem({ seed: 1 })
    const dead = await withDead(kit)
    const entries: DeadLetterEntry[] = []
    logDeadLetters(kit.system, {
      write: (entry) => entries.push(entry),
      perInterval: 3,
      interval: '10s',
    })
    for (let i = 0; i < 100; i++) dead.say({ word: String(i) })
    expect(entries.map(({ kind }) => kind)).toEqual(['letter', 'letter', 'letter'])
    await kit.settle()
    await kit.advance('10s')
    expect(entries.slice(3)).toEqual([
      { kind: 'summary', heldBack: 97, byReason: { 'no-such-actor': 97 } },
    ])
    expect(kit.system.deadLetters.total).toBe(100)
    dead.say({ word: 'a new interval' })
    expect(entries).toHaveLength(5)
    await kit.settle()
    await kit.advance('1h')
    expect(entries).toHaveLength(5)
    await kit.stop()
  })

  test('DL-3, MB-15: while nothing is held back the log keeps no timer', async () => {
    const kit = await testSystem({ seed: 1 })
    const dead = await withDead(kit)
    const entries: DeadLetterEntry[] = []
    const close = logDeadLetters(kit.system, {
      write: (entry) => entries.push(entry),
      perInterval: 1,
    })
    dead.say({ word: '1' })
    expect(kit.system.wheel.size).toBe(0)
    dead.say({ word: '2' })
    expect(kit.system.wheel.size).toBe(1)
    close()
    expect(kit.system.wheel.size).toBe(0)
    expect(entries.at(-1)).toMatchObject({ kind: 'summary', heldBack: 1 })
    dead.say({ word: '3' })
    expect(entries).toHaveLength(2)
    await kit.stop()
  })

  test('a log that could never write is refused', async () => {
    const kit = await testSystem({ seed: 1 })
    const write = (): void => {}
    expect(() => logDeadLetters(kit.system, { write, interval: 0 })).toThrow(/0 ms/)
    expect(() => logDeadLetters(kit.system, { write, perInterval: -1 })).toThrow(/-1 letters/)
    await kit.stop()
  })
})
