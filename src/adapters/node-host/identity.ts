/**
 * Identity: who a node is, kept with its data and the same after every start.
 *
 * The Ed25519 key is made once and readable by its owner only. The incarnation grows with every
 * start before anybody hears of it, so that what others remember of an earlier life cannot be
 * taken for this one. No clock is asked: a wrong one never keeps a node from starting (R210).
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'

import { EdgeError } from '../../kernel/index.ts'
import { readFileIfThere, writeFileAtomic } from './atomic-file.ts'
import { makeNodeId } from './node-id.ts'
import { peerIdOf } from './peer-id.ts'

export interface NodeIdentity {
  readonly nodeId: string
  /** Grows with each start of this data directory. */
  readonly incarnation: number
  readonly peerId: string
  readonly privateKey: KeyObject
  /** The 32 bytes that Ed25519 keys are made from; what libp2p wants. */
  readonly seed: Uint8Array
  readonly publicKey: Uint8Array
}

interface NodeRecord {
  readonly nodeId: string
  readonly incarnation: number
}

const KEY = 'node.key'
const RECORD = 'node.json'

/** Open the identity in a locked data directory, making it at the first start. */
export async function openIdentity(
  dir: string,
  options: { readonly nodeId?: string | undefined } = {},
): Promise<NodeIdentity> {
  const record = await readRecord(dir)
  const privateKey = await openKey(dir, record !== undefined)
  const next = {
    nodeId: options.nodeId ?? record?.nodeId ?? makeNodeId(),
    incarnation: (record?.incarnation ?? 0) + 1,
  }
  await writeFileAtomic(join(dir, RECORD), `${JSON.stringify(next)}\n`)
  const publicKey = rawOf(createPublicKey(privateKey).export({ format: 'jwk' }).x)
  const seed = rawOf(privateKey.export({ format: 'jwk' }).d)
  return { ...next, peerId: peerIdOf(publicKey), privateKey, seed, publicKey }
}

async function openKey(dir: string, hasRecord: boolean): Promise<KeyObject> {
  const path = join(dir, KEY)
  const pem = await readFileIfThere(path)
  if (pem !== undefined) {
    await closeToOthers(path)
    return parseKey(path, pem)
  }
  if (hasRecord) {
    throw damaged(path, `is missing; restore it, or delete ${RECORD} to begin as a new node`)
  }
  const { privateKey } = generateKeyPairSync('ed25519')
  await writeFileAtomic(path, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  return privateKey
}

function parseKey(path: string, pem: string): KeyObject {
  const remedy = `restore it, or delete it and ${RECORD} to begin as a new node`
  let key: KeyObject
  try {
    key = createPrivateKey(pem)
  } catch (cause) {
    throw damaged(path, `holds no private key; ${remedy}`, cause)
  }
  if (key.asymmetricKeyType === 'ed25519') return key
  throw damaged(path, `holds a key of type ${key.asymmetricKeyType}, not Ed25519; ${remedy}`)
}

async function readRecord(dir: string): Promise<NodeRecord | undefined> {
  const path = join(dir, RECORD)
  const text = await readFileIfThere(path)
  if (text === undefined) return undefined
  const record = parseJson(text) as Partial<NodeRecord> | undefined
  const { nodeId, incarnation = Number.NaN } = record ?? {}
  if (typeof nodeId === 'string' && nodeId !== '' && Number.isSafeInteger(incarnation)) {
    return { nodeId, incarnation }
  }
  throw damaged(path, `is not readable; restore it, or delete it and ${KEY} to begin as a new node`)
}

/** A key that others can read is closed; where that is impossible the file system has no owners. */
async function closeToOthers(path: string): Promise<void> {
  await chmod(path, 0o600).catch(() => undefined)
}

function rawOf(base64Url: string | undefined): Uint8Array {
  return new Uint8Array(Buffer.from(base64Url ?? '', 'base64url'))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function damaged(path: string, what: string, cause?: unknown): EdgeError {
  return new EdgeError('identity_damaged', `the identity of the node: ${path} ${what}`, {
    cause,
    detail: { path },
  })
}
