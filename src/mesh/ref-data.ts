/**
 * RefData: a ref as it crosses a network: node, path, uid and protocol id.
 */
import { EdgeError } from '../kernel/index.ts'
import type { Address } from '../kernel/index.ts'

export interface RefData {
  readonly address: Address
  readonly protocolId: string
}

const textMax = 4_096

export function parseRefData(data: unknown): RefData {
  const [node, path, uid, protocolId] = Array.isArray(data) ? (data as readonly unknown[]) : []
  if (isText(node) && isText(path) && isText(protocolId) && Number.isSafeInteger(uid)) {
    return { address: { node, path, uid: uid as number }, protocolId }
  }
  throw new EdgeError('decode_failed', 'A ref in the message is malformed; it was not delivered')
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= textMax
}
