/**
 * Membership hash: short fingerprints of ids and records, equal on every node.
 *
 * Two independent 32-bit lanes make 64 bits: enough that two different views are never taken for
 * equal by accident. Not a defence against a member that lies; members are authenticated.
 */

/** The finaliser of murmur3: every input bit reaches every output bit. */
export function mix32(value: number): number {
  let h = value >>> 0
  h = Math.imul(h ^ (h >>> 16), 0x85_eb_ca_6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2_b2_ae_35)
  return (h ^ (h >>> 16)) >>> 0
}

/** FNV-1a over the code units, finished with `mix32`; the seed selects the lane. */
export function hashText(text: string, seed: number): number {
  let h = (0x81_1c_9d_c5 ^ seed) >>> 0
  for (let at = 0; at < text.length; at += 1) {
    h = Math.imul(h ^ text.charCodeAt(at), 0x01_00_01_93)
  }
  return mix32(h)
}

/** Fold a number of up to 53 bits into a hash. */
export function foldNumber(hash: number, value: number): number {
  const high = Math.floor(value / 0x1_00_00_00_00)
  return mix32(mix32(hash ^ (value >>> 0)) + Math.imul(high + 1, 0x9e_37_79_b1))
}

export function hex32(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0')
}
