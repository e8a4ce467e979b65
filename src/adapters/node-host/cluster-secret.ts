/**
 * ClusterSecret: what the members of a cluster share, kept readable by its owner only.
 *
 * The first start makes one. One that is given, by configuration or by a ticket, wins; that of a
 * ticket is kept, so that the next start needs no ticket.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'

import { clusterSecretBytesMin } from '../../../protocols/limits.ts'
import { EdgeError } from '../../kernel/index.ts'
import { readFileIfThere, writeFileAtomic } from './atomic-file.ts'

export interface ClusterSecret {
  readonly secret: string
  readonly origin: 'configured' | 'ticket' | 'kept' | 'made'
}

export interface SecretSources {
  readonly configured?: string | undefined
  readonly ticket?: string | undefined
}

const FILE = 'cluster.secret'
const SECRET_BYTES = 32

export async function openClusterSecret(
  dir: string,
  sources: SecretSources = {},
): Promise<ClusterSecret> {
  const { configured, ticket } = sources
  if (ticket !== undefined) {
    await writeFileAtomic(join(dir, FILE), `${ticket}\n`)
    return { secret: ticket, origin: 'ticket' }
  }
  if (configured !== undefined) return { secret: configured, origin: 'configured' }
  const kept = await readKept(dir)
  if (kept !== undefined) return { secret: kept, origin: 'kept' }
  const secret = randomBytes(SECRET_BYTES).toString('base64url')
  await writeFileAtomic(join(dir, FILE), `${secret}\n`)
  return { secret, origin: 'made' }
}

async function readKept(dir: string): Promise<string | undefined> {
  const path = join(dir, FILE)
  const kept = (await readFileIfThere(path))?.trim()
  if (kept === undefined || kept.length >= clusterSecretBytesMin) return kept
  throw new EdgeError(
    'identity_damaged',
    `the cluster secret ${path} is shorter than ${clusterSecretBytesMin} characters; restore it, ` +
      'join again with a ticket, or delete it to begin a new cluster',
    { detail: { path } },
  )
}
