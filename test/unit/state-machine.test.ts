/**
 * State machine tests: transitions, postponed messages, next events, time-outs.
 */
import { describe, expect, test } from 'vitest'
import { ask, machine, protocol, restart, resume, stopped, tell } from '../../src/kernel/index.ts'
import { testSystem } from '../../src/testing/index.ts'

const Door = protocol('test.door/1', {
  enter: ask<{ code: string }, 'open' | 'wrong'>(),
  pass: ask<{ who: string }, string>(),
  close: tell(),
  boom: tell(),
  where: ask<void, string>(),
  quit: tell(),
  slow: ask<{ gate: Promise<void>; fail?: boolean }, string>(),
  chain: tell<string>(),
  renew: tell<number>(),
})

interface DoorData {
  readonly code: string
  tries: number
}

const story: string[] = []

const door = machine(Door, {
  initial: 'locked',
  data: (init: { code: string }): DoorData => ({ code: init.code, tries: 0 }),
  states: {
    locked: {
      enter: (_door, _ctx, from) => void story.push(`locked from ${from}`),
      exit: (_door, _ctx, to) => void story.push(`unlocking to ${to}`),
      on: {
        enter: (held, { code }) => {
          held.data.tries++
          if (code !== held.data.code) {
            if (held.data.tries >= 3) held.goto('jammed')
            return 'wrong'
          }
          held.goto('open')
          return 'open'
        },
        pass: (held) => held.postpone(),
        close: () => {},
      },
    },
    open: {
      enter: (held) => {
        held.data.tries = 0
        story.push('open')
      },
      exit: () => void story.push('closing'),
      timeout: { after: '10s', then: (held) => held.goto('locked') },
      on: {
        enter: () => 'open',
        pass: (_held, { who }) => who,
        close: (held) => held.goto('locked'),
      },
    },
    jammed: {
      on: { enter: () => 'wrong', pass: (held) => held.postpone(), close: (held) => held.repeat() },
      timeout: {
        after: '1min',
        then: async (held) => {
          await Promise.resolve()
          held.goto('locked')
        },
      },
    },
  },
  common: {
    where: (held) => `${held.state} ${held.data.tries}`,
    boom: () => {
      throw new TypeError('boom')
    },
    quit: (): typeof stopped => stopped,
    slow: async (held, { gate, fail }) => {
      held.goto('open')
      await gate
      if (fail === true) throw new TypeError('slow')
      return `asked in ${held.state}`
    },
    chain: (held, word) => {
      story.push(`chain ${word}`)
      if (word !== 'start') return
      held.next('chain', 'second')
      held.next('chain', 'third')
      held.goto('open')
    },
    renew: (held, ms) => held.timeoutAfter(ms),
  },
  signals: { postStop: (held) => void story.push(`end in ${held.state}`) },
  supervise: restart(),
})

async function open(supervise = restart()) {
  story.length = 0
  const kit = await testSystem({ seed: 9, order: 'fifo' })
  const ref = kit.system.spawn(door, { code: '42' }, { name: 'door', supervise })
  await kit.settle()
  return { kit, ref }
}

describe('transitions', () => {
  test('each state handles a message in its own way, entry and exit run in between', async () => {
    const { kit, ref } = await open()
    expect(await kit.run(ref.enter({ code: '1' }))).toBe('wrong')
    expect(await kit.run(ref.where())).toBe('locked 1')
    expect(await kit.run(ref.enter({ code: '42' }))).toBe('open')
    expect(await kit.run(ref.where())).toBe('open 0')
    ref.close()
    expect(await kit.run(ref.where())).toBe('locked 0')
    expect(story).toEqual([
      'locked from null',
      'unlocking to open',
      'open',
      'closing',
      'locked from open',
    ])
    await kit.stop()
    expect(story.at(-1)).toBe('end in locked')
  })

  test('going where it is changes nothing; repeat leaves and enters again', async () => {
    const { kit, ref } = await open()
    for (let i = 0; i < 3; i++) await kit.run(ref.enter({ code: 'x' }))
    expect(await kit.run(ref.where())).toBe('jammed 3')
    await kit.advance('40s')
    ref.close()
    await kit.settle()
    // The stay, and with it the time-out of a minute, has begun anew.
    await kit.advance('59s')
    expect(await kit.run(ref.where())).toBe('jammed 3')
    await kit.advance('1s')
    expect(await kit.run(ref.where())).toBe('locked 3')
    await kit.stop()
  })

  test('a transition of an asynchronous handler happens when it has ended', async () => {
    const { kit, ref } = await open()
    let go = (): void => {}
    const asked = ref.slow({ gate: new Promise((resolve) => (go = resolve)) })
    await kit.settle()
    expect(story).toEqual(['locked from null'])
    go()
    expect(await kit.run(asked)).toBe('asked in locked')
    expect(await kit.run(ref.where())).toBe('open 0')
    await kit.stop()
  })

  test('a handler may stop the machine', async () => {
    const { kit, ref } = await open()
    ref.quit()
    await kit.settle()
    expect(story.at(-1)).toBe('end in locked')
    expect(kit.system.find('/door')).toBeNull()
    await kit.stop()
  })
})

describe('postponed messages', () => {
  test('they come back in order after the change, before what came later', async () => {
    const { kit, ref } = await open()
    const answers: string[] = []
    const pass = (who: string): void =>
      void ref.pass({ who }).then((answer) => answers.push(answer))
    pass('first')
    pass('second')
    await kit.settle()
    expect(answers).toEqual([])
    void ref.enter({ code: '42' })
    pass('third')
    await kit.settle()
    expect(answers).toEqual(['first', 'second', 'third'])
    await kit.stop()
  })

  test('what the next state postpones again waits on, in its old order', async () => {
    const { kit, ref } = await open()
    const answers: string[] = []
    const pass = (who: string): void =>
      void ref.pass({ who }, { deadline: 600_000 }).then((answer) => answers.push(answer))
    for (const who of ['a', 'b']) pass(who)
    for (let i = 0; i < 3; i++) void ref.enter({ code: 'x' })
    pass('c')
    await kit.settle()
    expect(await kit.run(ref.where())).toBe('jammed 3')
    await kit.advance('1min')
    expect([await kit.run(ref.where()), answers]).toEqual(['locked 3', []])
    await kit.run(ref.enter({ code: '42' }))
    await kit.settle()
    expect(answers).toEqual(['a', 'b', 'c'])
    await kit.stop()
  })

  test('SH-6: those still postponed at the end are dead letters', async () => {
    const { kit, ref } = await open()
    const asked = ref.pass({ who: 'late' })
    await kit.settle()
    await kit.run(kit.system.stop(ref))
    await expect(asked).rejects.toMatchObject({ code: 'stopped' })
    expect(kit.system.deadLetters.count('stopped')).toBe(1)
    await kit.stop()
  })

  test('SH-5: a restart keeps them for the next incarnation', async () => {
    const { kit, ref } = await open()
    const asked = ref.pass({ who: 'patient' })
    ref.boom()
    await kit.settle()
    await kit.run(ref.enter({ code: '42' }))
    expect(await kit.run(asked)).toBe('patient')
    await kit.stop()
  })
})

describe('next events', () => {
  test('they come before what waits and before what was postponed', async () => {
    const { kit, ref } = await open()
    const answers = ref.pass({ who: 'postponed' }).then((answer) => void story.push(answer))
    ref.chain('start')
    ref.chain('later')
    await kit.settle()
    await kit.run(answers)
    expect(story.filter((line) => !/lock/.test(line))).toEqual([
      'chain start',
      'open',
      'chain second',
      'chain third',
      'chain later',
      'postponed',
    ])
    await kit.stop()
  })
})

describe('time-outs', () => {
  test('a state that lasts too long times out, once', async () => {
    const { kit, ref } = await open()
    await kit.run(ref.enter({ code: '42' }))
    await kit.advance(9_999)
    expect(await kit.run(ref.where())).toBe('open 0')
    await kit.advance(1)
    expect(await kit.run(ref.where())).toBe('locked 0')
    await kit.advance('1h')
    expect(story).toHaveLength(5)
    expect(kit.system.wheel.size).toBe(0)
    await kit.stop()
  })

  test('leaving the state calls it off, and coming back begins it anew', async () => {
    const { kit, ref } = await open()
    await kit.run(ref.enter({ code: '42' }))
    await kit.advance('6s')
    ref.close()
    await kit.run(ref.enter({ code: '42' }))
    await kit.advance('6s')
    expect(await kit.run(ref.where())).toBe('open 0')
    await kit.advance('4s')
    expect(await kit.run(ref.where())).toBe('locked 0')
    await kit.stop()
  })

  test('one that is queued when the state is left is dropped', async () => {
    const { kit, ref } = await open()
    await kit.run(ref.enter({ code: '42' }))
    let go = (): void => {}
    const deadline = 60_000
    void ref.slow({ gate: new Promise((resolve) => (go = resolve)) }, { deadline })
    ref.close()
    void ref.enter({ code: '42' }, { deadline })
    await kit.settle()
    await kit.advance('11s')
    go()
    await kit.settle()
    // The time-out waited behind the close, and belongs to a stay that is over.
    expect(await kit.run(ref.where())).toMatch(/^open/)
    await kit.stop()
  })

  test('a handler may put it off or bring it forward', async () => {
    const { kit, ref } = await open()
    await kit.run(ref.enter({ code: '42' }))
    ref.renew(100)
    await kit.settle()
    await kit.advance(100)
    expect(await kit.run(ref.where())).toBe('locked 0')
    await kit.stop()
  })

  test('TM-4: a restart calls it off', async () => {
    const { kit, ref } = await open()
    await kit.run(ref.enter({ code: '42' }))
    ref.boom()
    await kit.settle()
    expect(kit.system.wheel.size).toBe(0)
    expect(await kit.run(ref.where())).toBe('locked 0')
    await kit.stop()
  })
})

describe('failures', () => {
  test('a restart begins in the initial state with new data', async () => {
    const { kit, ref } = await open()
    await kit.run(ref.enter({ code: '1' }))
    ref.boom()
    expect(await kit.run(ref.where())).toBe('locked 0')
    expect(story).toEqual(['locked from null', 'locked from null'])
    await kit.stop()
  })

  test('a turn that fails and is resumed has asked for nothing', async () => {
    const { kit, ref } = await open(resume())
    const asked = ref.slow({ gate: Promise.resolve(), fail: true })
    await expect(kit.run(asked)).rejects.toMatchObject({ code: 'faulted' })
    expect(await kit.run(ref.where())).toBe('locked 0')
    await kit.stop()
  })

  test('a transition out of an entry, and one to an unknown state, fail by name', async () => {
    const Odd = protocol('test.odd/1', { go: tell(), nowhere: tell() })
    const odd = machine(Odd, {
      initial: 'calm',
      data: () => null,
      states: {
        calm: {
          on: {
            go: (held) => held.goto('restless'),
            nowhere: (held) => held.goto('nowhere' as 'calm'),
          },
        },
        restless: { enter: (held) => held.goto('calm'), on: { go: () => {}, nowhere: () => {} } },
      },
      supervise: resume(),
    })
    const kit = await testSystem({ seed: 1 })
    const errors: unknown[] = []
    kit.system.events.subscribe('actor.failed', ({ error }) => void errors.push(error))
    const ref = kit.system.spawn(odd)
    ref.nowhere()
    ref.go()
    await kit.settle()
    expect(errors).toMatchObject([
      { code: 'invalid_transition', message: expect.stringContaining('no state "nowhere"') },
      { code: 'invalid_transition', message: expect.stringContaining('leaves restless') },
    ])
    await kit.stop()
  })
})
