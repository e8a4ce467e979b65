/**
 * The ledger of a simulated world: each invariant, broken once.
 */
import { describe, expect, test } from 'vitest'
import { Ledger } from '../../src/testing/invariants.ts'
import { WorldWires } from '../../src/testing/network-model.ts'
import type { NodeLife } from '../../src/testing/sim-node.ts'
import { SeededRandom } from '../../src/testing/index.ts'

function openLedger(): { ledger: Ledger; pass: (ms: number) => void } {
  let nowMs = 0
  return { ledger: new Ledger(() => nowMs), pass: (ms) => void (nowMs += ms) }
}

const life = {
  pausedSinceMs: () => 0,
  ended: false,
  system: { name: 'a~1' },
} as unknown as NodeLife

function broken(ledger: Ledger): readonly string[] {
  return ledger.breaches.map(({ invariant }) => invariant)
}

describe('the ledger', () => {
  test('I10: a message that another life hears is a breach', () => {
    const { ledger } = openLedger()
    ledger.heard({ from: 'a~1', to: 'b~1', number: 1 }, 'b~1')
    expect(broken(ledger)).toEqual([])
    ledger.heard({ from: 'a~1', to: 'b~1', number: 2 }, 'b~2')
    expect(broken(ledger)).toEqual(['I10'])
  })

  test.for([
    { order: [1, 2, 3], breaches: [] },
    { order: [1, 3], breaches: [] },
    { order: [2, 1], breaches: ['I11'] },
    { order: [1, 1], breaches: ['I11'] },
  ])('I11: hearing $order in turn breaks $breaches', ({ order, breaches }) => {
    const { ledger } = openLedger()
    for (const number of order) ledger.heard({ from: 'a~1', to: 'b~1', number }, 'b~1')
    expect(broken(ledger)).toEqual(breaches)
  })

  test('I13: the eleventh restart within ten seconds is a breach', () => {
    const { ledger, pass } = openLedger()
    for (let at = 0; at < 10; at++) ledger.restarted('a~1', '/x')
    expect(broken(ledger)).toEqual([])
    pass(10_001)
    ledger.restarted('a~1', '/x')
    expect(broken(ledger)).toEqual([])
    for (let at = 0; at < 10; at++) ledger.restarted('a~1', '/x')
    expect(broken(ledger)).toEqual(['I13'])
  })

  test('I18: an incarnation that goes back is a breach', () => {
    const { ledger } = openLedger()
    for (const incarnation of [1, 2, 2]) ledger.incarnation('a~1', 'peer-2', incarnation)
    expect(broken(ledger)).toEqual([])
    ledger.incarnation('a~1', 'peer-2', 1)
    expect(broken(ledger)).toEqual(['I18'])
  })

  test('an ask that ends late, or without a name, is a breach', () => {
    const { ledger, pass } = openLedger()
    const late = ledger.asked(life, 500)
    const unnamed = ledger.asked(life, 5_000)
    pass(700)
    ledger.answered(late)
    expect(broken(ledger)).toEqual([])
    const later = ledger.asked(life, 500)
    ledger.failed(unnamed, new Error('what?'))
    pass(800)
    ledger.answered(later)
    expect(broken(ledger)).toEqual(['asks', 'asks'])
  })

  test('an ask that never ends is a breach, unless its node has', () => {
    const { ledger, pass } = openLedger()
    ledger.asked(life, 500)
    ledger.asked({ ...life, ended: true }, 500)
    pass(1_000)
    ledger.inspect([])
    expect(broken(ledger)).toEqual(['asks'])
  })
})

describe('wires', () => {
  function openWires(): { wires: WorldWires; pass: (ms: number) => void } {
    let nowMs = 0
    return {
      wires: new WorldWires(new SeededRandom(1), () => nowMs),
      pass: (ms) => void (nowMs += ms),
    }
  }

  test('a cut in one direction lets the other pass', () => {
    const { wires } = openWires()
    wires.set('a', 'b', { cut: true })
    expect(wires.delayMs('a', 'b', 100)).toBeUndefined()
    expect(wires.delayMs('b', 'a', 100)).toBeGreaterThan(0)
    expect(wires.losesTopic('a', 'b')).toBe(true)
    wires.mend('a', 'b')
    expect(wires.delayMs('a', 'b', 100)).toBeGreaterThan(0)
  })

  test('a clog ends by itself', () => {
    const { wires, pass } = openWires()
    wires.clog('a', 'b', 1_000)
    expect(wires.passes('a', 'b')).toBe(false)
    pass(1_000)
    expect(wires.passes('a', 'b')).toBe(true)
  })

  test('a node in two sides is a bridge', () => {
    const { wires } = openWires()
    wires.partition([
      ['a', 'b'],
      ['b', 'c'],
    ])
    const pairs = ['ab', 'bc', 'ac'] as const
    expect(pairs.map(([from, to]) => wires.passes(String(from), String(to)))).toEqual([
      true,
      true,
      false,
    ])
  })

  test('a narrow wire makes the next packet wait for the last', () => {
    const { wires } = openWires()
    wires.set('a', 'b', { bytesPerMs: 1, delayMs: { min: 0, mean: 0 } })
    expect([wires.delayMs('a', 'b', 10), wires.delayMs('a', 'b', 10)]).toEqual([10, 20])
  })

  test('what is lost comes later by a retransmission, never out of thin air', () => {
    const { wires } = openWires()
    wires.set('a', 'b', { loss: 0.5, delayMs: { min: 1, mean: 1 }, bytesPerMs: Infinity })
    const delays = Array.from({ length: 1_000 }, () => wires.delayMs('a', 'b', 10) ?? 0)
    const late = delays.filter((delayMs) => delayMs > 200).length
    expect(late).toBeGreaterThan(420)
    expect(late).toBeLessThan(580)
    expect(Math.min(...delays)).toBe(1)
  })
})
