/**
 * Certificates: a TLS key is a peer's only if the peer said so itself.
 */
import { X509Certificate } from 'node:crypto'

import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import * as fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'

import { der, derTags, readDer, readDerAll } from '../../src/adapters/libp2p/der.ts'
import { makeCertificate, verifyCertificate } from '../../src/adapters/libp2p/tls-certificate.ts'

async function rawOf(identity: PrivateKey): Promise<Uint8Array> {
  return new X509Certificate((await makeCertificate(identity)).cert).raw
}

/** How many bytes were read, or what was thrown. */
function readOrName(bytes: Uint8Array): number | string {
  try {
    return readDerAll(bytes).reduce((sum, { whole }) => sum + whole.length, 0)
  } catch (error) {
    return String(error).slice(7, 10)
  }
}

/** An identity that shows the public key of one and signs as another. */
function forged(shown: PrivateKey, sign: PrivateKey['sign']): PrivateKey {
  return { publicKey: shown.publicKey, sign } as PrivateKey
}

describe('a certificate', () => {
  test('names the peer whose key signed it', async () => {
    const identity = await generateKeyPair('Ed25519')
    const peerId = peerIdFromPrivateKey(identity)
    const raw = await rawOf(identity)
    expect((await verifyCertificate(raw)).equals(peerId)).toBe(true)
    expect((await verifyCertificate(raw, peerId)).equals(peerId)).toBe(true)
  })

  test('of somebody else than expected is refused', async () => {
    const [one, other] = [await generateKeyPair('Ed25519'), await generateKeyPair('Ed25519')]
    const expected = peerIdFromPrivateKey(other)
    await expect(verifyCertificate(await rawOf(one), expected)).rejects.toThrow(/expected peer/)
  })

  test('that names a peer who did not sign it is refused', async () => {
    const [victim, thief] = [await generateKeyPair('Ed25519'), await generateKeyPair('Ed25519')]
    const raw = await rawOf(forged(victim, (data) => thief.sign(data)))
    await expect(verifyCertificate(raw)).rejects.toThrow(/not bound/)
  })

  test('that repeats what a peer signed for another key is refused', async () => {
    const victim = await generateKeyPair('Ed25519')
    const seen: (Uint8Array | Promise<Uint8Array>)[] = []
    await rawOf(
      forged(victim, (data) => {
        const signature = victim.sign(data)
        seen.push(signature)
        return signature
      }),
    )
    const raw = await rawOf(forged(victim, () => seen[0]!))
    await expect(verifyCertificate(raw)).rejects.toThrow(/not bound/)
  })

  test('whose own signature is wrong is refused', async () => {
    const raw = Uint8Array.from(await rawOf(await generateKeyPair('Ed25519')))
    raw[raw.length - 1]! ^= 1
    await expect(verifyCertificate(raw)).rejects.toThrow(/own key|asn1|DER|invalid/i)
  })

  test.for([
    ['before it begins', -2 * 3_600_000],
    ['after it ended', 101 * 365 * 24 * 3_600_000],
  ] as const)('is refused %s', async ([, shiftMs]) => {
    const raw = await rawOf(await generateKeyPair('Ed25519'))
    vi.useFakeTimers({ now: Date.now() + shiftMs, toFake: ['Date'] })
    try {
      await expect(verifyCertificate(raw)).rejects.toThrow(/not valid now/)
    } finally {
      vi.useRealTimers()
    }
  })

  test('that lacks a byte, or has one changed, is refused or names nobody else', async () => {
    const identity = await generateKeyPair('Ed25519')
    const peerId = peerIdFromPrivateKey(identity)
    const raw = await rawOf(identity)
    for (let at = 0; at < raw.length; at += 1) {
      const bent = Uint8Array.from(raw)
      bent[at]! ^= 0x41
      const named = await verifyCertificate(bent).catch(() => undefined)
      expect(named === undefined || named.equals(peerId)).toBe(true)
      await expect(verifyCertificate(raw.subarray(0, at))).rejects.toBeInstanceOf(Error)
    }
  })
})

describe('DER', () => {
  test('reads what it writes, at every length that has a form of its own', () => {
    for (const length of [0, 1, 127, 128, 255, 256, 65_535, 65_536]) {
      const { tag, content } = readDer(der(derTags.octetString, new Uint8Array(length).fill(7)))
      expect([tag, content.length]).toEqual([derTags.octetString, length])
    }
  })

  test.for([
    ['an indefinite length', [0x30, 0x80, 0, 0]],
    ['a length with a leading zero', [0x04, 0x82, 0, 1, 9]],
    ['a short length in long form', [0x04, 0x81, 1, 9]],
    ['a length of four bytes', [0x04, 0x84, 0, 0, 0, 1, 9]],
    ['a value that is cut off', [0x04, 5, 1, 2]],
    ['nothing', []],
    ['two values where one is due', [0x04, 1, 9, 0x04, 1, 9]],
  ] as const)('refuses %s', ([, bytes]) => {
    expect(() => readDer(Uint8Array.from(bytes))).toThrow(/DER/)
  })

  test('answers or throws, whatever it is given', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect([bytes.length, 'DER']).toContain(readOrName(bytes))
      }),
      { numRuns: 2_000 },
    )
  })
})
