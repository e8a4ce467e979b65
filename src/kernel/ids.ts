/**
 * Ids: UUIDv7 (RFC 9562) from the system's own clock and randomness, so that a seed decides them.
 */
import type { Clock, Random } from './runtime.ts'

export function nextId(clock: Clock, random: Random): string {
  const time = Math.max(0, Math.floor(clock.wall())).toString(16).padStart(12, '0')
  const a = hex(random, 3)
  const b = hex(random, 3)
  const variant = '89ab'.charAt(Math.floor(random.next() * 4))
  return `${time.slice(0, 8)}-${time.slice(8, 12)}-7${a}-${variant}${b}-${hex(random, 12)}`
}

function hex(random: Random, digits: number): string {
  return Math.floor(random.next() * 16 ** digits)
    .toString(16)
    .padStart(digits, '0')
}
