/**
 * NodeId: a UUID of version 7 (RFC 9562), which sorts by the time it was made.
 *
 * A wrong clock only spoils the order; the 74 random bits keep it unique.
 */
import { randomBytes } from 'node:crypto'

export function makeNodeId(nowMs = Date.now()): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(Math.max(0, Math.floor(nowMs)) % 2 ** 48, 0, 6)
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f)
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f)
  const hex = bytes.toString('hex')
  return [0, 8, 12, 16, 20].map((from, i) => hex.slice(from, [8, 12, 16, 20, 32][i])).join('-')
}
