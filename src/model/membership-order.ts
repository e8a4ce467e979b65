/**
 * Membership order: the shuffled round in which a node probes its members.
 *
 * A round visits every slot exactly once, so the wait until a given member is probed is bounded
 * (SWIM 4.3). An order is kept for several rounds: shuffling after each one would let a member be
 * first in one and last in the next, which doubles the worst wait. The permutation is computed (a
 * four-round Feistel network, walked until it falls inside the range) instead of stored, so it
 * costs no memory per member; slots that appear during a round are part of the next one.
 */
import { mix32 } from './membership-hash.ts'

export interface ProbeOrder {
  readonly size: number
  readonly key: number
  readonly roundsLeft: number
  position: number
}

/** Often enough that two observers do not stay in step, rarely enough that waits stay even. */
const roundsPerOrder = 8

export function newProbeOrder(size: number, random: () => number): ProbeOrder {
  const key = Math.floor(random() * 0x1_00_00_00_00)
  return { size, key, roundsLeft: roundsPerOrder - 1, position: 0 }
}

/** The order of the round after this one, over so many slots. */
export function nextRound(order: ProbeOrder, size: number, random: () => number): ProbeOrder {
  const worn = order.roundsLeft === 0 || order.size !== size
  if (worn) return newProbeOrder(size, random)
  return { ...order, roundsLeft: order.roundsLeft - 1, position: 0 }
}

/** The next slot of the round, or undefined when the round is over. */
export function nextInOrder(order: ProbeOrder): number | undefined {
  if (order.position >= order.size) return undefined
  const slot = permute(order, order.position)
  order.position += 1
  return slot
}

function permute(order: ProbeOrder, position: number): number {
  const half = Math.max(1, Math.ceil(Math.log2(Math.max(2, order.size)) / 2))
  let value = position
  do value = feistel(value, half, order.key)
  while (value >= order.size)
  return value
}

function feistel(value: number, half: number, key: number): number {
  const mask = 2 ** half - 1
  let left = value >>> half
  let right = value & mask
  for (let round = 1; round <= 4; round += 1) {
    const next = left ^ (mix32(right ^ Math.imul(key, round)) & mask)
    left = right
    right = next
  }
  return left * 2 ** half + right
}
