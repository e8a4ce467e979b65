/**
 * Vivaldi: coordinates learn distances, forget nothing to one bad measurement, and stay finite.
 */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '../../src/model/membership-world.ts'
import { estimateRoundTripMs, moveCoordinate, originCoordinate } from '../../src/model/vivaldi.ts'

/** Nodes in a plane, in milliseconds of round trip. */
const places = [
  [0, 0],
  [3, 4],
  [40, 0],
  [0, 60],
  [45, 55],
  [80, 10],
] as const

function trueRoundTrip(a: number, b: number): number {
  const [ax, ay] = places[a]!
  const [bx, by] = places[b]!
  return 1 + Math.hypot(ax - bx, ay - by)
}

test('after a few hundred measurements the median error is under a fifth', () => {
  const random = seededRandom(42)
  const positions = places.map(() => originCoordinate())
  for (let turn = 0; turn < 600; turn += 1) {
    const a = turn % places.length
    const b = (a + 1 + Math.floor(random() * (places.length - 1))) % places.length
    const roundTripMs = trueRoundTrip(a, b) * (0.95 + random() * 0.1)
    positions[a] = moveCoordinate(positions[a]!, { other: positions[b]!, roundTripMs, random })
  }
  const errors: number[] = []
  for (let a = 0; a < places.length; a += 1) {
    for (let b = 0; b < a; b += 1) {
      const real = trueRoundTrip(a, b)
      errors.push(Math.abs(estimateRoundTripMs(positions[a]!, positions[b]!) - real) / real)
    }
  }
  const median = errors.toSorted((x, y) => x - y)[Math.floor(errors.length / 2)]
  expect(median).toBeLessThan(0.2)
})

test('no measurement moves a node further than its round trip, nor to NaN', () => {
  const figure = fc.double({ min: -1e9, max: 1e9, noNaN: true })
  const coordinate = fc.record({
    vector: fc.array(figure, { minLength: 4, maxLength: 4 }),
    height: fc.double({ min: 0, max: 1e9, noNaN: true }),
    error: fc.double({ min: 0, max: 1e9, noNaN: true }),
  })
  fc.assert(
    fc.property(coordinate, fc.double(), fc.nat(), (other, roundTripMs, seed) => {
      const own = originCoordinate()
      const moved = moveCoordinate(own, { other, roundTripMs, random: seededRandom(seed) })
      const far = Math.hypot(...moved.vector.map((value, axis) => value - own.vector[axis]!))
      expect(far).toBeLessThanOrEqual(Math.max(roundTripMs || 0, 0.01) + 0.02)
      expect([...moved.vector, moved.height, moved.error].every(Number.isFinite)).toBe(true)
    }),
  )
})

test.for([-1, Number.NaN, 10_001, Number.POSITIVE_INFINITY])(
  'a round trip of %d ms is not a distance and changes nothing',
  (roundTripMs) => {
    const own = originCoordinate()
    const other = originCoordinate()
    expect(moveCoordinate(own, { other, roundTripMs, random: () => 0.5 })).toBe(own)
  },
)

test('a coordinate of other dimensions changes nothing', () => {
  const own = originCoordinate()
  const other = { vector: [1, 2], height: 1, error: 1 }
  expect(moveCoordinate(own, { other, roundTripMs: 5, random: () => 0.5 })).toBe(own)
})
