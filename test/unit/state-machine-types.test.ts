/**
 * State machine declarations: what the compiler refuses, and what is refused when declared.
 */
import { describe, expect, test } from 'vitest'
import { ask, machine, protocol, tell } from '../../src/kernel/index.ts'

describe('declarations', () => {
  const Lamp = protocol('test.lamp/1', { press: tell(), level: ask<void, number>() })

  test('every state handles every message, or the common handlers do: the compiler says so', () => {
    const declare = (): unknown =>
      machine(Lamp, {
        initial: 'off',
        data: () => ({ level: 0 }),
        states: {
          // @ts-expect-error: this state does not say what a press does
          off: { on: {} },
          on: { on: { press: (lamp) => lamp.goto('off') } },
        },
        common: { level: (lamp) => lamp.data.level },
      })
    expect(declare).toThrow(expect.objectContaining({ code: 'missing_handler' }))
  })

  test('a state can only go to a state of its machine, and answers what was asked', () => {
    const declare = (): unknown =>
      machine(Lamp, {
        initial: 'off',
        data: () => ({ level: 0 }),
        states: {
          off: {
            on: {
              // @ts-expect-error: there is no such state
              press: (lamp) => lamp.goto('burning'),
              level: () => 0,
            },
          },
          on: {
            on: {
              press: (lamp) => lamp.goto('off'),
              // @ts-expect-error: a level is a number
              level: () => 'bright',
            },
          },
        },
      })
    expect(declare).not.toThrow()
  })

  test('a machine that begins nowhere, or interleaves, is refused', () => {
    const spec = { data: () => null, states: { off: { on: { press: () => {}, level: () => 0 } } } }
    expect(() => machine(Lamp, { ...spec, initial: 'on' as 'off' })).toThrow(/begins in "on"/)
    const Busy = protocol('test.busy/1', { press: tell({ interleave: true }) })
    expect(() =>
      machine(Busy, {
        initial: 'off',
        data: () => null,
        states: { off: { on: { press: () => {} } } },
      }),
    ).toThrow(/interleaves/)
  })
})
