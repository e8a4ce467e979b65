/**
 * TlsCertificate: binds a TLS key to a peer's identity, as libp2p's TLS specification says.
 *
 * The certificate signs itself; one extension carries the peer's public key and its signature
 * over the certificate's key. One certificate serves all connections of a process, which the
 * specification allows and which saves most of what a dial costs: session keys are made anew for
 * each connection in any case.
 */
import { generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto'
import { publicKeyFromProtobuf, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PeerId, PrivateKey } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { der, derTags, readDer, readDerAll } from './der.ts'
import type { DerValue } from './der.ts'

export interface TlsCertificate {
  readonly key: string
  readonly cert: string
}

/** 1.3.6.1.4.1.53594.1.1, which libp2p registered. */
const extensionId = Uint8Array.of(0x2b, 6, 1, 4, 1, 0x83, 0xa2, 0x5a, 1, 1)
/** 1.2.840.10045.4.3.2, ECDSA with SHA-256. */
const ecdsaSha256 = Uint8Array.of(0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2)
const signedPrefix = Buffer.from('libp2p-tls-handshake:')
const hourMs = 3_600_000
const yearMs = 365 * 24 * hourMs

export async function makeCertificate(identity: PrivateKey): Promise<TlsCertificate> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const signature = await identity.sign(Buffer.concat([signedPrefix, spki]))
  const binding = der(
    derTags.sequence,
    der(derTags.octetString, publicKeyToProtobuf(identity.publicKey)),
    der(derTags.octetString, signature),
  )
  const body = certificateBody(spki, binding)
  const algorithm = der(derTags.sequence, der(derTags.objectId, ecdsaSha256))
  const signed = sign('sha256', body, privateKey)
  const whole = der(
    derTags.sequence,
    body,
    algorithm,
    der(derTags.bitString, Uint8Array.of(0), signed),
  )
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: pemOf(whole),
  }
}

/** Whose certificate this is; throws unless everything about it is right. */
export async function verifyCertificate(raw: Uint8Array, expected?: PeerId): Promise<PeerId> {
  const certificate = new X509Certificate(raw)
  const nowMs = Date.now()
  const from = certificate.validFromDate.getTime()
  const to = certificate.validToDate.getTime()
  if (!(from <= nowMs && nowMs <= to)) throw new Error('the certificate is not valid now')
  if (!certificate.verify(certificate.publicKey)) {
    throw new Error('the certificate is not signed by its own key')
  }
  const { publicKey, signature } = bindingIn(raw)
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' })
  const identity = publicKeyFromProtobuf(publicKey)
  if (!(await identity.verify(Buffer.concat([signedPrefix, spki]), signature))) {
    throw new Error('the certificate is not bound to the identity that it names')
  }
  const peerId = peerIdFromPublicKey(identity)
  if (expected !== undefined && !expected.equals(peerId)) {
    throw new Error(`expected peer ${expected.toString()}, met ${peerId.toString()}`)
  }
  return peerId
}

function certificateBody(spki: Uint8Array, binding: Uint8Array): Uint8Array {
  const nowMs = Date.now()
  // Positive: the highest bit is clear; minimal: the next one is set.
  const serial = randomBytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40
  const nobody = der(derTags.sequence)
  const extension = der(
    derTags.sequence,
    der(derTags.objectId, extensionId),
    der(derTags.boolean, Uint8Array.of(0xff)),
    der(derTags.octetString, binding),
  )
  return der(
    derTags.sequence,
    der(derTags.version, der(derTags.integer, Uint8Array.of(2))),
    der(derTags.integer, serial),
    der(derTags.sequence, der(derTags.objectId, ecdsaSha256)),
    nobody,
    der(derTags.sequence, timeOf(nowMs - hourMs), timeOf(nowMs + 100 * yearMs)),
    nobody,
    spki,
    der(derTags.extensions, der(derTags.sequence, extension)),
  )
}

/** Until 2049 with two digits of the year, from then on with four (RFC 5280, 4.1.2.5). */
function timeOf(ms: number): Uint8Array {
  const digits = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  const late = Number(digits.slice(0, 4)) >= 2050
  const text = late ? digits : digits.slice(2)
  return der(late ? derTags.generalizedTime : derTags.utcTime, Buffer.from(text, 'latin1'))
}

/** The identity and its signature, out of the one extension that may be there. */
function bindingIn(raw: Uint8Array): { publicKey: Uint8Array; signature: Uint8Array } {
  const [body] = readDerAll(readDer(raw).content)
  if (body === undefined) throw new Error('the certificate is empty')
  const list = readDerAll(body.content).find(({ tag }) => tag === derTags.extensions)
  if (list === undefined) throw new Error('the certificate has no extension')
  const bindings = readDerAll(readDer(list.content).content).flatMap(bindingOf)
  const [binding] = bindings
  if (binding === undefined || bindings.length > 1) {
    throw new Error('the certificate does not name one identity')
  }
  const [publicKey, signature, ...more] = readDerAll(readDer(binding).content)
  if (publicKey?.tag !== derTags.octetString || signature?.tag !== derTags.octetString) {
    throw new Error('the identity of the certificate is malformed')
  }
  if (more.length > 0) throw new Error('the identity of the certificate is too long')
  return { publicKey: publicKey.content, signature: signature.content }
}

function bindingOf(extension: DerValue): Uint8Array[] {
  const parts = readDerAll(extension.content)
  const [id] = parts
  const value = parts.at(-1)
  const ours = id !== undefined && Buffer.compare(id.content, extensionId) === 0
  const critical = parts.length === 3
  if (!ours && critical) throw new Error('the certificate has a critical extension that is unknown')
  return ours && value?.tag === derTags.octetString ? [value.content] : []
}

function pemOf(certificate: Uint8Array): string {
  const lines = Buffer.from(certificate).toString('base64').replaceAll(/.{64}/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines.trimEnd()}\n-----END CERTIFICATE-----\n`
}
