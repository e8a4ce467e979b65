/**
 * Packet: the question to a responder and its answer, forty bytes each.
 *
 * Layout: four bytes of kind, sixteen of nonce, four of busy milliseconds, sixteen of a keyed
 * hash over all before and the responder's peer id. An answer is as long as its question, so a
 * responder amplifies nothing; the nonce makes a recorded answer worthless.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

export type PacketKind = 'question' | 'answer'

export interface Packet {
  readonly kind: PacketKind
  readonly nonce: Uint8Array
  readonly busyMs: number
}

/** Whose responder is asked, under which key. */
export interface Seal {
  readonly key: Uint8Array
  readonly peerId: string
}

const kinds: Readonly<Record<PacketKind, string>> = { question: 'SHL?', answer: 'SHL!' }
const nonceBytes = 16
const sealBytes = 16
const bodyBytes = 4 + nonceBytes + 4
export const packetBytes = bodyBytes + sealBytes
const busyMsMax = 0xff_ff_ff_ff

/** A key for this purpose alone; the secret itself never meets a packet. */
export function livenessKey(secret: Uint8Array, cluster: string): Uint8Array {
  return createHmac('sha256', secret).update(`shoal liveness 1 ${cluster}`).digest()
}

export function newNonce(): Uint8Array {
  return randomBytes(nonceBytes)
}

export function sealPacket({ kind, nonce, busyMs }: Packet, seal: Seal): Uint8Array {
  const bytes = Buffer.alloc(packetBytes)
  bytes.write(kinds[kind], 0, 'latin1')
  bytes.set(nonce, 4)
  bytes.writeUInt32BE(Math.min(busyMsMax, Math.max(0, Math.round(busyMs))), 4 + nonceBytes)
  bytes.set(hashOf(bytes.subarray(0, bodyBytes), seal), bodyBytes)
  return bytes
}

/** Undefined when these bytes are no packet of this kind, or were not made with this key. */
export function openPacket(bytes: Uint8Array, kind: PacketKind, seal: Seal): Packet | undefined {
  if (bytes.length !== packetBytes) return undefined
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (whole.toString('latin1', 0, 4) !== kinds[kind]) return undefined
  const expected = hashOf(whole.subarray(0, bodyBytes), seal)
  if (!timingSafeEqual(expected, whole.subarray(bodyBytes))) return undefined
  const nonce = new Uint8Array(whole.subarray(4, 4 + nonceBytes))
  return { kind, nonce, busyMs: whole.readUInt32BE(4 + nonceBytes) }
}

/** The nonce of what claims to be an answer, to find whom it concerns. */
export function nonceOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(4, 4 + nonceBytes)).toString('hex')
}

function hashOf(body: Uint8Array, { key, peerId }: Seal): Uint8Array {
  return createHmac('sha256', key).update(body).update(peerId).digest().subarray(0, sealBytes)
}
