/**
 * Meeting: the rules by which nodes dial again and settle two dials that cross.
 */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { decideHello, dialsAtOnce, redialPauseMs, yieldMs } from '../../protocols/meeting.ts'

const rule = { msMin: 500, msMax: 60_000 }

describe('a pause before the next dial', () => {
  test.for([
    { failures: 0, chance: 0, pauseMs: 250 },
    { failures: 0, chance: 0.5, pauseMs: 500 },
    { failures: 1, chance: 0.5, pauseMs: 1_000 },
    { failures: 6, chance: 0.5, pauseMs: 32_000 },
    { failures: 7, chance: 0.999, pauseMs: 60_000 },
    { failures: 10_000, chance: 0, pauseMs: 30_000 },
  ])('after $failures failures by chance $chance: $pauseMs ms', ({ failures, chance, pauseMs }) => {
    expect(redialPauseMs(failures, chance, rule)).toBe(pauseMs)
  })
})

describe('a hello', () => {
  const graceMs = 2_000
  const young = { forMs: 10 }
  const old = { forMs: 10_000 }

  test.for([
    { self: 'a', dialer: 'b', dialing: false, proven: undefined, says: 'accept' },
    { self: 'b', dialer: 'a', dialing: false, proven: undefined, says: 'accept' },
    { self: 'a', dialer: 'b', dialing: true, proven: undefined, says: 'duplicate' },
    { self: 'b', dialer: 'a', dialing: true, proven: undefined, says: 'accept' },
    { self: 'a', dialer: 'b', dialing: false, proven: { dialer: 'b', ...young }, says: 'replace' },
    {
      self: 'a',
      dialer: 'b',
      dialing: false,
      proven: { dialer: 'a', ...young },
      says: 'duplicate',
    },
    { self: 'a', dialer: 'b', dialing: false, proven: { dialer: 'a', ...old }, says: 'replace' },
    { self: 'b', dialer: 'a', dialing: false, proven: { dialer: 'b', ...young }, says: 'replace' },
  ] as const)(
    '$dialer to $self, dialing $dialing, having $proven: $says',
    ({ says, ...meeting }) => {
      expect(decideHello({ ...meeting, graceMs })).toBe(says)
    },
  )

  test('of two dials that cross exactly one is accepted, whichever ids the nodes have', () => {
    const id = fc.string({ minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(id, id, (a, b) => {
        fc.pre(a !== b)
        const crossing = { dialing: true, proven: undefined, graceMs }
        const atB = decideHello({ self: b, dialer: a, ...crossing })
        const atA = decideHello({ self: a, dialer: b, ...crossing })
        expect([atA, atB].filter((decision) => decision === 'accept').length).toBe(1)
      }),
    )
  })
})

describe('where many nodes start at once', () => {
  test.for([
    { dialMs: 0, atOnce: 2 },
    { dialMs: 20, atOnce: 8 },
    { dialMs: 250, atOnce: 4 },
    { dialMs: 900, atOnce: 1 },
    { dialMs: 20_000, atOnce: 1 },
  ])('dials of $dialMs ms go $atOnce at once', ({ dialMs, atOnce }) => {
    expect(dialsAtOnce(dialMs, { first: 2, max: 8 })).toBe(atOnce)
  })

  test.for([
    { waitedMs: 0, dialMs: 0, restMs: 0 },
    { waitedMs: 200, dialMs: 25, restMs: 0 },
    { waitedMs: 200, dialMs: 1_000, restMs: 1_000 },
    { waitedMs: 2_500, dialMs: 1_000, restMs: 500 },
    { waitedMs: 5_000, dialMs: 9_000, restMs: 0 },
  ])('after $waitedMs ms and dials of $dialMs the higher id waits $restMs', (example) => {
    expect(yieldMs(example.waitedMs, example.dialMs, 5_000)).toBe(example.restMs)
  })
})
