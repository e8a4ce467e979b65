/**
 * Timer wheel tests: against a sorted list, the plainest thing that could be right.
 */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TimerWheel, WheelEntry } from '../../src/kernel/index.ts'

interface Fired {
  readonly id: number
  readonly at: number
}

/** A wheel whose clock and alarm the test holds in its hand. */
class Bench {
  now: number
  ringAt = Infinity
  alarmsSet = 0
  readonly fired: Fired[] = []
  readonly wheel: TimerWheel
  readonly entries = new Map<number, Entry>()
  #ring: () => void = () => {}

  constructor(startedAt = 0) {
    this.now = startedAt
    const clock = { now: () => this.now, wall: () => 0 }
    this.wheel = new TimerWheel(clock, {
      set: (at, ring) => {
        this.ringAt = at
        this.#ring = ring
        this.alarmsSet++
      },
      clear: () => {
        this.ringAt = Infinity
      },
    })
  }

  arm(id: number, dueAt: number): void {
    const entry = this.entries.get(id) ?? new Entry(this, id)
    this.entries.set(id, entry)
    this.wheel.arm(entry, dueAt)
  }

  cancel(id: number): void {
    const entry = this.entries.get(id)
    if (entry !== undefined) this.wheel.cancel(entry)
  }

  /** Ring each alarm at its time, as a punctual world would. */
  goTo(time: number): void {
    while (this.ringAt <= time) {
      this.now = Math.max(this.now, this.ringAt)
      this.ringAt = Infinity
      this.#ring()
    }
    this.now = Math.max(this.now, time)
  }

  /** Ring late: the process was stopped and everything due comes at once. */
  jumpTo(time: number): void {
    this.now = time
    if (this.ringAt > time) return
    this.ringAt = Infinity
    this.#ring()
  }
}

class Entry extends WheelEntry {
  readonly #bench: Bench
  readonly #id: number
  onFire: (() => void) | null = null

  constructor(bench: Bench, id: number) {
    super()
    this.#bench = bench
    this.#id = id
  }

  fire(): void {
    this.#bench.fired.push({ id: this.#id, at: this.#bench.now })
    this.onFire?.()
  }
}

/** The same, kept as a list that is sorted by due time, ties in arming order. */
class Model {
  now = 0
  #armings = 0
  #list: { id: number; dueAt: number; arming: number }[] = []

  arm(id: number, dueAt: number): void {
    this.cancel(id)
    this.#list.push({ id, dueAt, arming: this.#armings++ })
  }

  cancel(id: number): void {
    this.#list = this.#list.filter((entry) => entry.id !== id)
  }

  goTo(time: number): Fired[] {
    this.now = time
    const due = this.#list.filter(({ dueAt }) => dueAt <= time)
    this.#list = this.#list.filter(({ dueAt }) => dueAt > time)
    return due
      .toSorted((a, b) => a.dueAt - b.dueAt || a.arming - b.arming)
      .map(({ id, dueAt }) => ({ id, at: dueAt }))
  }
}

const delay = fc.oneof(
  fc.integer({ min: 1, max: 130 }),
  fc.integer({ min: 1, max: 5_000 }),
  fc.integer({ min: 1, max: 300_000 }),
  fc.constantFrom(1, 63, 64, 65, 4_095, 4_096, 4_097, 262_143, 262_144, 262_145),
)
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('arm'), id: fc.nat(30), ms: delay }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel'), id: fc.nat(30), ms: delay }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass'), id: fc.nat(30), ms: delay }) },
)

describe('the timer wheel', () => {
  test('TM-12: whatever is armed, cancelled and let pass, a sorted list fires the same', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const bench = new Bench()
        const model = new Model()
        const expected: Fired[] = []
        for (const { do: action, id, ms } of steps) {
          if (action === 'cancel') {
            bench.cancel(id)
            model.cancel(id)
          } else if (action === 'arm') {
            bench.arm(id, bench.now + ms)
            model.arm(id, bench.now + ms)
          } else {
            bench.goTo(bench.now + ms)
            expected.push(...model.goTo(bench.now))
          }
        }
        bench.goTo(bench.now + 1_000_000)
        expected.push(...model.goTo(bench.now))
        expect(bench.fired).toEqual(expected)
        expect(bench.wheel.size).toBe(0)
      }),
      { numRuns: 300 },
    )
  })

  test('TM-1: no entry fires early and none more than a millisecond late, at fractions too', () => {
    const arming = fc.record({
      afterMs: fc.double({ min: 0.001, max: 100_000, noNaN: true }),
      atMs: fc.double({ min: 0, max: 5_000, noNaN: true }),
    })
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), fc.array(arming), (start, all) => {
        const bench = new Bench(start)
        const due: number[] = []
        const ordered = all.toSorted((a, b) => a.atMs - b.atMs)
        for (const [id, { afterMs, atMs }] of ordered.entries()) {
          bench.goTo(start + atMs)
          due[id] = bench.now + afterMs
          bench.arm(id, bench.now + afterMs)
        }
        bench.goTo(start + 200_000)
        expect(bench.fired).toHaveLength(all.length)
        for (const { id, at } of bench.fired) {
          expect(at).toBeGreaterThanOrEqual(due[id] as number)
          expect(at).toBeLessThan((due[id] as number) + 2)
        }
      }),
      { numRuns: 100 },
    )
  })

  test('TM-12: what falls due while the process was stopped comes in time order at once', () => {
    fc.assert(
      fc.property(fc.array(delay, { minLength: 1, maxLength: 60 }), (delays) => {
        const bench = new Bench()
        const model = new Model()
        for (const [id, ms] of delays.entries()) {
          bench.arm(id, ms)
          model.arm(id, ms)
        }
        bench.jumpTo(1_000_000)
        const ids = bench.fired.map(({ id }) => id)
        expect(ids).toEqual(model.goTo(1_000_000).map(({ id }) => id))
      }),
      { numRuns: 100 },
    )
  })

  test('TM-9: a delay beyond 2^31 milliseconds is neither cut short nor fired at once', () => {
    const bench = new Bench(17)
    const month = 2 ** 31 + 5_000
    const century = 3_155_760_000_000
    bench.arm(1, bench.now + month)
    bench.arm(2, bench.now + century)
    bench.goTo(17 + month - 1)
    expect(bench.fired).toEqual([])
    bench.goTo(17 + month)
    expect(bench.fired).toEqual([{ id: 1, at: 17 + month }])
    bench.goTo(17 + century)
    expect(bench.fired.at(-1)).toEqual({ id: 2, at: 17 + century })
  })

  test('an entry that is armed for ever never fires and never keeps the others from firing', () => {
    const bench = new Bench()
    bench.arm(1, Infinity)
    bench.arm(2, 10)
    bench.goTo(1_000_000_000)
    expect(bench.fired).toEqual([{ id: 2, at: 10 }])
    bench.cancel(1)
    expect(bench.wheel.size).toBe(0)
  })

  test('entries armed and cancelled by an entry that fires are obeyed in the same turn', () => {
    const bench = new Bench()
    bench.arm(1, 10)
    bench.arm(2, 10)
    bench.arm(3, 20)
    const first = bench.entries.get(1) as Entry
    first.onFire = () => {
      first.onFire = null
      bench.cancel(2)
      bench.arm(3, 15)
      bench.arm(1, 10)
    }
    bench.goTo(100)
    expect(bench.fired).toEqual([
      { id: 1, at: 10 },
      { id: 1, at: 11 },
      { id: 3, at: 15 },
    ])
  })

  test('work that throws when its time has come does not stop the clock for the others', () => {
    const bench = new Bench()
    bench.arm(1, 10)
    bench.arm(2, 10)
    bench.arm(3, 5_000)
    const first = bench.entries.get(1) as Entry
    first.onFire = () => {
      throw new RangeError('no')
    }
    expect(() => bench.goTo(10)).toThrow('no')
    bench.goTo(10_000)
    expect(bench.fired.map(({ id }) => id)).toEqual([1, 2, 3])
    expect(bench.fired[1]?.at).toBeLessThanOrEqual(11)
  })

  test('AK-16: one alarm serves a hundred thousand entries, and cancelling all lets it go', () => {
    const bench = new Bench()
    for (let id = 0; id < 100_000; id++) bench.arm(id, 5_000 + (id % 10))
    expect(bench.alarmsSet).toBe(1)
    for (let id = 0; id < 100_000; id++) bench.cancel(id)
    expect(bench.wheel.size).toBe(0)
    bench.wheel.rest()
    expect(bench.ringAt).toBe(Infinity)
  })
})
