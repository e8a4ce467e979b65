/**
 * Membership suspicion: how long a suspect has, and whose silence condemns it.
 */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MemberClaim } from '../../protocols/membership.ts'
import { membershipProfiles } from '../../src/model/membership-profile.ts'
import {
  confirmSuspicion,
  judgeSuspicion,
  openSuspicion,
  suspicionDeadlineMs,
  suspicionDueMs,
} from '../../src/model/membership-suspicion.ts'
import type { Suspicion } from '../../src/model/membership-suspicion.ts'

const profile = membershipProfiles.lan
const accuse = (by: string, extra: Partial<MemberClaim> = {}): MemberClaim => ({
  id: 'x',
  incarnation: 1,
  liveness: 'suspect',
  by,
  ...extra,
})
const open = (claim: MemberClaim, size = 5): Suspicion =>
  openSuspicion(claim, { profile, size, nowMs: 0 })
const jury = (nowMs: number, needed = 2, judge = 'a') => ({ judge, needed, nowMs })

describe('how long a suspect has', () => {
  test('an unconfirmed suspicion lasts longest, a confirmed one shortest', () => {
    const suspicion = open(accuse('a'))
    expect(suspicionDeadlineMs(suspicion, jury(0))).toBe(8_000)
    confirmSuspicion(suspicion, accuse('b'), 100)
    expect(suspicionDeadlineMs(suspicion, jury(100))).toBe(2_000)
  })

  test('the same accuser again confirms nothing', () => {
    const suspicion = open(accuse('a'))
    expect(confirmSuspicion(suspicion, accuse('a'), 100)).toBe(false)
    expect(suspicionDeadlineMs(suspicion, jury(100))).toBe(8_000)
  })

  test('two refused observers leave half a second, one refused observer does not', () => {
    const suspicion = open(accuse('a', { evidence: 'refused' }))
    confirmSuspicion(suspicion, accuse('b'), 10)
    expect(suspicionDeadlineMs(suspicion, jury(10))).toBe(2_000)
    confirmSuspicion(suspicion, accuse('b', { evidence: 'refused' }), 20)
    expect(suspicionDeadlineMs(suspicion, jury(20))).toBe(profile.refusedMs)
  })

  test('a closed and a refused connection of two observers leave the time of a closed one', () => {
    const suspicion = open(accuse('a', { evidence: 'refused' }))
    confirmSuspicion(suspicion, accuse('b', { evidence: 'closed' }), 10)
    expect(suspicionDeadlineMs(suspicion, jury(10))).toBe(profile.closedMs)
  })

  test('more voices never give a suspect more time', () => {
    const claims = fc.array(
      fc.record({
        by: fc.constantFrom('a', 'b', 'c', 'd'),
        evidence: fc.constantFrom('refused', 'closed', undefined),
      }),
      { maxLength: 8 },
    )
    fc.assert(
      fc.property(claims, fc.integer({ min: 2, max: 200 }), (voices, size) => {
        const suspicion = open(accuse('a'), size)
        let before = suspicionDeadlineMs(suspicion, jury(0))
        for (const { by, evidence } of voices) {
          confirmSuspicion(suspicion, accuse(by, evidence === undefined ? {} : { evidence }), 0)
          const after = suspicionDeadlineMs(suspicion, jury(0))
          expect(after).toBeLessThanOrEqual(before)
          expect(after).toBeGreaterThanOrEqual(profile.refusedMs)
          before = after
        }
      }),
    )
  })
})

describe('FD-5: who must agree', () => {
  test('FD-5: one observer waits for a second for ever while one could be asked', () => {
    const suspicion = open(accuse('a'))
    expect(judgeSuspicion(suspicion, jury(7_499))).toBe('wait')
    expect(judgeSuspicion(suspicion, jury(8_000))).toBe('check')
    expect(judgeSuspicion(suspicion, jury(15_000))).toBe('check')
  })

  test('FD-5: a helper that heard nothing is a second observer', () => {
    const suspicion = open(accuse('a', { witness: 'b' }))
    expect(judgeSuspicion(suspicion, jury(8_000))).toBe('dead')
  })

  test('FD-5: alone in a cluster of two, one observer suffices', () => {
    const suspicion = open(accuse('a'), 2)
    expect(judgeSuspicion(suspicion, jury(2_000, 1))).toBe('dead')
  })

  test('FD-5: an observer that names itself as witness is still one observer', () => {
    const suspicion = open(accuse('a', { witness: 'a' }))
    expect(judgeSuspicion(suspicion, jury(8_000))).toBe('check')
  })

  test('FD-5: votes expire after twice the longest suspicion', () => {
    const suspicion = open(accuse('b'))
    confirmSuspicion(suspicion, accuse('a'), 16_001)
    expect(judgeSuspicion(suspicion, jury(16_001))).toBe('check')
    confirmSuspicion(suspicion, accuse('c'), 16_002)
    expect(judgeSuspicion(suspicion, jury(16_002))).toBe('dead')
  })

  test('shortly before the verdict the suspect is asked itself, once', () => {
    const suspicion = open(accuse('a', { witness: 'b' }))
    expect(suspicionDueMs(suspicion, jury(0))).toBe(7_500)
    expect(judgeSuspicion(suspicion, jury(7_500))).toBe('ask-suspect')
    suspicion.lastWordAsked = true
    expect(judgeSuspicion(suspicion, jury(7_999))).toBe('wait')
    expect(suspicionDueMs(suspicion, jury(7_500))).toBe(8_000)
  })

  test('one that was just found silent is not asked again', () => {
    const suspicion = open(accuse('a', { evidence: 'refused', witness: 'b' }), 2)
    expect(judgeSuspicion(suspicion, jury(499, 1))).toBe('wait')
    expect(judgeSuspicion(suspicion, jury(500, 1))).toBe('dead')
  })

  test('nobody condemns by hearsay: a judge must have found the suspect silent itself', () => {
    const suspicion = open(accuse('b'))
    confirmSuspicion(suspicion, accuse('c'), 0)
    expect(judgeSuspicion(suspicion, jury(3_000))).toBe('check')
    confirmSuspicion(suspicion, accuse('a'), 0)
    expect(judgeSuspicion(suspicion, jury(2_000))).toBe('dead')
  })
})
