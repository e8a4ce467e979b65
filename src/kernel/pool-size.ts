/**
 * PoolSize: how many routees a pool should have, decided from how busy they were.
 *
 * It grows by a fifth when every routee has more waiting than it should, and shrinks by a tenth
 * when fewer than three in ten were ever busy since the last look.
 */
export interface PoolLoad {
  readonly size: number
  readonly min: number
  readonly max: number
  /** Routees with more waiting than they should have. */
  readonly pressed: number
  /** The most routees that were busy at once since the last look. */
  readonly busyMax: number
}

const growth = 0.2
const shrinkage = 0.1
const idleShare = 0.3

export function decideGrowth({ size, max, pressed }: PoolLoad): number {
  if (pressed < size) return size
  return Math.min(max, size + Math.max(1, Math.ceil(size * growth)))
}

export function decideShrinking({ size, min, busyMax }: PoolLoad): number {
  if (busyMax >= size * idleShare) return size
  return Math.max(min, size - Math.max(1, Math.floor(size * shrinkage)))
}
