/**
 * PeerMemory: what the node remembers of its cluster, in one small file that is replaced whole.
 *
 * A file that cannot be read is worth nothing and costs nothing: the node begins without it and
 * says so; it never keeps a node from starting.
 */
import { join } from 'node:path'
import type { PeerMemory, Remembered } from '../../ports/peer-memory.ts'
import { readFileIfThere, writeFileAtomic } from './atomic-file.ts'

const FILE = 'peers.json'

export function openPeerMemory(dir: string, onDamaged: (why: string) => void): PeerMemory {
  const path = join(dir, FILE)
  return {
    recall: async () => {
      const text = await readFileIfThere(path)
      if (text === undefined) return null
      const remembered = parseRemembered(text)
      if (remembered === null) onDamaged(`${path} is no list of peers; the node begins without it`)
      return remembered
    },
    remember: (remembered) => writeFileAtomic(path, `${JSON.stringify(remembered)}\n`),
  }
}

function parseRemembered(text: string): Remembered | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (!isRecord(value) || !Number.isSafeInteger(value['incarnation'])) return null
  const peers = Array.isArray(value['peers']) ? (value['peers'] as readonly unknown[]) : []
  return {
    incarnation: value['incarnation'] as number,
    peers: peers.filter(isPeer),
  }
}

function isPeer(value: unknown): value is Remembered['peers'][number] {
  if (!isRecord(value) || typeof value['peerId'] !== 'string') return false
  const { addresses } = value
  const texts = Array.isArray(addresses) && addresses.every((one) => typeof one === 'string')
  return texts && typeof value['seenAtMs'] === 'number'
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
