/**
 * Checksum: CRC-32 as in ISO 3309 and zlib, to notice accidents.
 *
 * It is no defence against anybody who wants to deceive.
 */

const POLYNOMIAL = 0xed_b8_83_20

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let rest = index
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ POLYNOMIAL : rest >>> 1
  return rest >>> 0
})

export function crc32(bytes: Uint8Array): number {
  let rest = 0xff_ff_ff_ff
  for (const byte of bytes) rest = (rest >>> 8) ^ (table[(rest ^ byte) & 0xff] ?? 0)
  return (rest ^ 0xff_ff_ff_ff) >>> 0
}
