/**
 * Tests of restart policies as data: budgets, back-off and what is refused when declared.
 */
import { describe, expect, test } from 'vitest'
import {
  decideRestart,
  EdgeError,
  firstOf,
  on,
  restart,
  type RestartOptions,
  resume,
  type Rule,
  stopping,
} from '../../src/kernel/index.ts'

function ruleOf(options: RestartOptions): Rule {
  return restart(options)(null) as Rule
}

/** What happens at each failure: the delay of the restart, or `stop`. */
function play(
  options: RestartOptions,
  failuresAt: readonly number[],
): readonly (number | string)[] {
  const rule = ruleOf(options)
  let history: readonly number[] = []
  return failuresAt.map((nowMs) => {
    const decision = decideRestart(rule, history, { nowMs, random: 0.5 })
    if (decision.action === 'give-up') return 'stop'
    history = decision.history
    return decision.delayMs
  })
}

describe('budgets', () => {
  test.for([
    { rule: 'SV-5', max: 3, at: [0, 300, 600, 900], expected: [0, 0, 0, 'stop'] },
    { rule: 'SV-7', max: 2, at: [0, 600, 1_100, 1_500], expected: [0, 0, 0, 'stop'] },
    { rule: 'SV-8', max: 1, at: [0, 1_000], expected: [0, 'stop'] },
    { rule: 'SV-8', max: 1, at: [0, 1_001], expected: [0, 0] },
    { rule: 'SV-9', max: 0, at: [0], expected: ['stop'] },
    { rule: 'C3', max: 1, at: [5_000, 5_999, 7_000], expected: [0, 'stop', 0] },
  ])('$rule: at most $max within 1 s, failures at $at: $expected', ({ max, at, expected }) => {
    expect(play({ max, within: '1s' }, at)).toEqual(expected)
  })

  test('SV-10: without limits every one of a hundred failures is a restart', () => {
    const at = Array.from({ length: 100 }, () => 0)
    expect(play({}, at)).toEqual(at)
  })

  test('a restart that may go on for ever remembers only so many', () => {
    const rule = ruleOf({ backoff: { min: 1, max: 10, resetAfter: '1h' } })
    let history: readonly number[] = []
    for (let nowMs = 0; nowMs < 100_000; nowMs += 100) {
      const decision = decideRestart(rule, history, { nowMs, random: 0 })
      if (decision.action === 'restart') history = decision.history
    }
    expect(history.length).toBeLessThan(100)
  })

  test.for([
    { max: -1 },
    { max: Number.NaN },
    { max: 1, within: 0 },
    { max: 1, within: -5 },
    { backoff: { min: 0, max: 10 } },
    { backoff: { min: 20, max: 10 } },
    { backoff: { min: 1, max: 10, jitter: 2 } },
  ])('C4: %j is refused when it is declared', (options: RestartOptions) => {
    expect(() => restart(options)).toThrow(expect.objectContaining({ code: 'invalid_policy' }))
  })
})

describe('back-off', () => {
  const backoff = { min: 100, max: 800, jitter: 0 }

  test('delays double up to the largest', () => {
    const at = [0, 101, 302, 703, 1_504, 2_305]
    expect(play({ backoff }, at)).toEqual([100, 200, 400, 800, 800, 800])
  })

  test('jitter lengthens a delay by at most its share', () => {
    expect(play({ backoff: { ...backoff, jitter: 0.5 } }, [0])).toEqual([125])
  })

  test.for([
    { resetAfter: undefined, quietMs: 449, expected: 200 },
    { resetAfter: undefined, quietMs: 450, expected: 100 },
    { resetAfter: 1_000, quietMs: 999, expected: 200 },
    { resetAfter: 1_000, quietMs: 1_000, expected: 100 },
  ])(
    'SV-22: $quietMs ms after the restart, reset after $resetAfter: next delay $expected',
    (row) => {
      const { resetAfter, quietMs, expected } = row
      const options = { ...backoff, ...(resetAfter === undefined ? {} : { resetAfter }) }
      expect(play({ backoff: options }, [0, 100 + quietMs])).toEqual([100, expected])
    },
  )

  test('SV-22: the count is zero again after the quiet time', () => {
    expect(play({ max: 1, backoff }, [0, 600, 1_200])).toEqual([100, 100, 100])
  })

  test('SV-25: more restarts than allowed stop the actor, delays or not', () => {
    expect(play({ max: 2, backoff }, [0, 150, 400])).toEqual([100, 200, 'stop'])
  })
})

describe('policies', () => {
  class Broken extends Error {}
  class VeryBroken extends Broken {}

  test.for([
    { error: new VeryBroken('x'), expected: 'resume' },
    { error: new Broken('x'), expected: 'resume' },
    { error: new EdgeError('timeout', 'x'), expected: 'restart' },
    { error: { code: 'timeout' }, expected: 'restart' },
    { error: 'even text', expected: 'stop' },
    { error: new Error('other'), expected: undefined },
  ])('SV-12: the first policy that matches $error decides: $expected', ({ error, expected }) => {
    const policy = firstOf(
      on(Broken, resume()),
      on('timeout', restart()),
      on((thrown) => typeof thrown === 'string', stopping()),
    )
    expect((policy(error) as Rule | null)?.directive).toBe(expected)
  })

  test('SV-12: an inner policy goes first, and hands on what it does not match', () => {
    const inner = firstOf(on(VeryBroken, stopping()), on('timeout', resume()))
    const nested = firstOf(inner, on(Broken, restart()))
    const directives = [new VeryBroken(), new Broken(), new EdgeError('timeout', '')].map(
      (error) => (nested(error) as Rule | null)?.directive,
    )
    expect(directives).toEqual(['stop', 'restart', 'resume'])
  })
})
