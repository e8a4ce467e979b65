/**
 * Vivaldi: network coordinates, so that round trips between nodes that never met can be estimated.
 *
 * Each measured round trip pulls or pushes the own position along the line to the other node,
 * weighted by both errors (Dabek and others 2004, with the height of the access link). Everything
 * is in milliseconds. Hostile or broken input is clamped: no measurement moves a node further
 * than the round trip itself.
 */
import type { Coordinate } from '../../protocols/membership.ts'

const dimensions = 4
const errorMax = 1.5
const errorWeight = 0.25
const moveWeight = 0.25
const heightMin = 0.01
/** Longer answers are pauses, not distances. */
const roundTripMsMax = 10_000

export interface Measurement {
  readonly other: Coordinate
  readonly roundTripMs: number
  readonly random: () => number
}

export function originCoordinate(): Coordinate {
  return { vector: Array.from({ length: dimensions }, () => 0), height: heightMin, error: errorMax }
}

/** The estimated round trip between two positions. */
export function estimateRoundTripMs(a: Coordinate, b: Coordinate): number {
  return distance(a.vector, b.vector) + a.height + b.height
}

/** The own position after one measured round trip; unusable measurements change nothing. */
export function moveCoordinate(own: Coordinate, seen: Measurement): Coordinate {
  const { other, roundTripMs } = seen
  if (!isUsable(other) || !(roundTripMs >= 0) || roundTripMs > roundTripMsMax) return own
  const measured = Math.max(roundTripMs, heightMin)
  const estimated = estimateRoundTripMs(own, other)
  const share = own.error / Math.max(own.error + other.error, Number.EPSILON)
  const wrong = Math.abs(estimated - measured) / measured
  const weight = errorWeight * share
  const error = Math.min(errorMax, wrong * weight + own.error * (1 - weight))
  const force = clamp(moveWeight * share * (measured - estimated), measured)
  return applyForce({ ...own, error }, { other, force, random: seen.random })
}

function applyForce(
  own: Coordinate,
  push: { readonly other: Coordinate; readonly force: number; readonly random: () => number },
): Coordinate {
  const apart = distance(own.vector, push.other.vector)
  const away =
    apart > 1e-6
      ? own.vector.map((value, axis) => (value - (push.other.vector[axis] ?? 0)) / apart)
      : randomDirection(push.random)
  const vector = own.vector.map((value, axis) => rounded(value + (away[axis] ?? 0) * push.force))
  const taller = apart > 1e-6 ? ((own.height + push.other.height) * push.force) / apart : 0
  const height = rounded(Math.max(heightMin, own.height + clamp(taller, Math.abs(push.force))))
  return { vector, height, error: rounded(own.error) }
}

function isUsable(coordinate: Coordinate): boolean {
  const { vector, height, error } = coordinate
  return vector.length === dimensions && height >= 0 && error >= 0 && vector.every(Number.isFinite)
}

function distance(a: readonly number[], b: readonly number[]): number {
  let sum = 0
  for (let axis = 0; axis < a.length; axis += 1) sum += ((a[axis] ?? 0) - (b[axis] ?? 0)) ** 2
  return Math.sqrt(sum)
}

function randomDirection(random: () => number): readonly number[] {
  const raw = Array.from({ length: dimensions }, () => random() - 0.5)
  const length = Math.hypot(...raw) || 1
  return raw.map((value) => value / length)
}

function clamp(value: number, bound: number): number {
  return Math.max(-bound, Math.min(bound, value))
}

/** A hundredth of a millisecond is finer than any network. */
function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
