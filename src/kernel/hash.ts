/**
 * Hash: a text as a well mixed number of 32 bits, the same on every machine.
 *
 * FNV-1a over UTF-16 code units, finished by the mixer of MurmurHash3, whose every output bit
 * depends on every input bit; rendezvous choices need that.
 */

export function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  }
  return mix(hash)
}

export function mix(value: number): number {
  let hash = value | 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
