/**
 * Identity and secrets of a node: made once, kept, and never guessed at when damaged.
 */
import { sign, verify, createPublicKey } from 'node:crypto'
import {
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  chmodSync,
  readdirSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { openClusterSecret, openIdentity } from '../../src/adapters/node-host/index.ts'

let dir = ''

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'shoal-identity-'))
})

afterEach(() => rmSync(dir, { recursive: true, force: true }))

const modeOf = (name: string): number => statSync(join(dir, name)).mode & 0o777

describe('the identity', () => {
  test('is made once, closed to others, and its incarnation grows with each start', async () => {
    const first = await openIdentity(dir)
    const second = await openIdentity(dir)
    const third = await openIdentity(dir)
    expect([first, second, third].map(({ incarnation }) => incarnation)).toEqual([1, 2, 3])
    expect(new Set([first.nodeId, second.nodeId, third.nodeId]).size).toBe(1)
    expect(new Set([first.peerId, second.peerId, third.peerId]).size).toBe(1)
    expect(modeOf('node.key')).toBe(0o600)
    expect(readdirSync(dir).toSorted()).toEqual(['node.json', 'node.key'])
  })

  test('has a node id that is a UUID of version 7', async () => {
    const { nodeId } = await openIdentity(dir)
    expect(nodeId).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
  })

  test('has the peer id that libp2p computes from the same seed', async () => {
    const identity = await openIdentity(dir)
    const key = await generateKeyPairFromSeed('Ed25519', identity.seed)
    expect(peerIdFromPrivateKey(key).toString()).toBe(identity.peerId)
  })

  test('signs what its public key verifies', async () => {
    const { privateKey } = await openIdentity(dir)
    const signature = sign(null, Buffer.from('hello'), privateKey)
    expect(verify(null, Buffer.from('hello'), createPublicKey(privateKey), signature)).toBe(true)
  })

  test('takes a configured node id without losing the incarnation', async () => {
    await openIdentity(dir)
    expect(await openIdentity(dir, { nodeId: 'edge-1' })).toMatchObject({
      nodeId: 'edge-1',
      incarnation: 2,
    })
  })

  test('closes a key that others could read', async () => {
    await openIdentity(dir)
    chmodSync(join(dir, 'node.key'), 0o644)
    await openIdentity(dir)
    expect(modeOf('node.key')).toBe(0o600)
  })

  test.for<[string, string]>([
    ['node.key', 'no key at all'],
    ['node.key', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'],
    ['node.json', '{'],
    ['node.json', 'null'],
    ['node.json', '{"nodeId":"x","incarnation":"many"}'],
    ['node.json', '{"incarnation":1}'],
  ])('is refused when %s is damaged, and nothing is overwritten', async ([name, text]) => {
    await openIdentity(dir)
    writeFileSync(join(dir, name), text)
    await expect(openIdentity(dir)).rejects.toMatchObject({
      code: 'identity_damaged',
      detail: { path: join(dir, name) },
    })
    expect(readFileSync(join(dir, name), 'utf8')).toBe(text)
  })

  test('is refused when the key is gone and the rest is there', async () => {
    await openIdentity(dir)
    rmSync(join(dir, 'node.key'))
    await expect(openIdentity(dir)).rejects.toMatchObject({ code: 'identity_damaged' })
  })
})

describe('the cluster secret', () => {
  test('is made at the first start, closed to others, and kept', async () => {
    const first = await openClusterSecret(dir)
    expect(first.origin).toBe('made')
    expect(Buffer.from(first.secret, 'base64url')).toHaveLength(32)
    expect(modeOf('cluster.secret')).toBe(0o600)
    expect(await openClusterSecret(dir)).toEqual({ secret: first.secret, origin: 'kept' })
  })

  test('of a ticket is kept for the next start; a configured one is not written', async () => {
    const configured = await openClusterSecret(dir, { configured: 'configured-secret-1' })
    expect(configured).toEqual({ secret: 'configured-secret-1', origin: 'configured' })
    expect(readdirSync(dir)).toEqual([])
    await openClusterSecret(dir, { ticket: 'secret-of-a-ticket' })
    expect(await openClusterSecret(dir)).toEqual({ secret: 'secret-of-a-ticket', origin: 'kept' })
  })

  test('that was cut short is refused', async () => {
    writeFileSync(join(dir, 'cluster.secret'), 'short\n')
    await expect(openClusterSecret(dir)).rejects.toMatchObject({ code: 'identity_damaged' })
  })
})
