/**
 * Hello: how two peers prove to each other that they belong to one cluster, before anything else.
 *
 * The dialer opens, the listener proves, the dialer answers, the listener welcomes. A proof is a
 * keyed hash over both nonces and both peer identities, labelled with the prover's role: a
 * recorded, reflected or relayed proof is worth nothing. Frames are JSON, so that any language
 * can say hello.
 */
import { z } from 'zod'

const base64Bytes32 = z.string().regex(/^[A-Za-z0-9+/]{43}=$/)

/** What a peer says of itself; believed only after its proof. */
const about = z.strictObject({
  software: z.string().max(64),
  /** Where it can be dialled. */
  addresses: z.array(z.string().max(256)).max(16),
  /** Words that name optional abilities. */
  features: z.array(z.string().max(64)).max(32),
})

export const helloRefusals = ['not_proven', 'duplicate', 'banned', 'busy', 'malformed'] as const

const frame = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('open'), nonce: base64Bytes32 }),
  z.strictObject({ kind: z.literal('prove'), nonce: base64Bytes32, proof: base64Bytes32, about }),
  z.strictObject({ kind: z.literal('answer'), proof: base64Bytes32, about }),
  z.strictObject({ kind: z.literal('welcome') }),
  z.strictObject({ kind: z.literal('refuse'), reason: z.enum(helloRefusals) }),
])

export type HelloFrame = Readonly<z.infer<typeof frame>>
export type HelloAbout = Readonly<z.infer<typeof about>>
export type HelloRefusal = (typeof helloRefusals)[number]
export type HelloRole = 'dialer' | 'listener'

export interface HelloTranscript {
  readonly cluster: string
  readonly dialer: string
  readonly listener: string
  readonly dialerNonce: string
  readonly listenerNonce: string
}

export function encodeHello(said: HelloFrame): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(said))
}

/** Undefined when these bytes are no frame of a hello. */
export function parseHello(bytes: Uint8Array): HelloFrame | undefined {
  const read = frame.safeParse(jsonOf(bytes))
  return read.success ? read.data : undefined
}

/** The bytes under a proof: each part with its length, so that none can pose as another. */
export function helloTranscript(prover: HelloRole, transcript: HelloTranscript): Uint8Array {
  const { cluster, dialer, listener, dialerNonce, listenerNonce } = transcript
  const parts = ['shoal hello 1', prover, cluster, dialer, listener, dialerNonce, listenerNonce]
  return new TextEncoder().encode(parts.map((part) => `${part.length}:${part}`).join(','))
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}
