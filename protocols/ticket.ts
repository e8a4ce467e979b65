/**
 * Ticket: the one line that lets a node join a cluster.
 *
 * It carries the cluster's name and secret, the peer to trust first and the addresses to dial.
 * A checksum tells a line that was cut or mistyped from one that is wrong; it protects nothing,
 * since whoever holds the line holds the secret. What is refused is never repeated.
 */
import * as z from 'zod'

import { EdgeError } from '../src/kernel/index.ts'
import { crc32 } from './checksum.ts'
import { clusterSecretBytesMin, ticketAddressesMax, ticketLengthMax } from './limits.ts'

export interface Ticket {
  readonly cluster: string
  readonly peerId: string
  readonly secret: string
  /** Where the peer listens, as multiaddresses without the peer's id. */
  readonly addresses: readonly string[]
}

const VERSION = 1

const ticketSchema = z.strictObject({
  cluster: z.string().regex(/^[^\n]{1,63}$/),
  peerId: z.string().regex(/^[1-9A-HJ-NP-Za-km-z]{40,64}$/),
  secret: z
    .string()
    .min(clusterSecretBytesMin)
    .max(1_024)
    .regex(/^[^\n]*$/),
  addresses: z
    .array(z.string().regex(/^\/[^\n]{1,255}$/))
    .min(1)
    .max(ticketAddressesMax),
})

export function formatTicket(ticket: Ticket): string {
  const { cluster, peerId, secret, addresses } = ticketSchema.parse(ticket)
  const lines = [cluster, peerId, secret, ...addresses]
  const head = `shoal${VERSION}.${base64UrlOf(lines.join('\n'))}`
  return `${head}.${checksumOf(head)}`
}

/** Read a ticket that somebody pasted; spaces and line breaks inside do no harm. */
export function parseTicket(text: string): Ticket {
  if (text.length > ticketLengthMax) throw invalid('it is longer than any ticket')
  const line = text.replaceAll(/\s/g, '')
  const match = /^shoal(?<version>\d{1,4})\.(?<body>[\w-]+)\.(?<sum>[\da-f]{8})$/.exec(line)
  if (match?.groups === undefined) throw invalid(shapeFaultOf(line))
  const { version, body, sum } = match.groups as { version: string; body: string; sum: string }
  if (checksumOf(line.slice(0, line.lastIndexOf('.'))) !== sum) {
    throw invalid('its checksum does not fit: a letter is missing or mistyped')
  }
  if (Number(version) !== VERSION) {
    throw new EdgeError(
      'ticket_version_unknown',
      `the ticket has version ${version} and this node reads version ${VERSION}; ` +
        'run the same version of shoal on both nodes',
      { detail: { version: Number(version) } },
    )
  }
  return ticketOf(body)
}

/** The text inside is one line each for the cluster, the peer, the secret and every address. */
function ticketOf(body: string): Ticket {
  const [cluster, peerId, secret, ...addresses] = textOf(body).split('\n')
  const fields = ticketSchema.safeParse({ cluster, peerId, secret, addresses })
  if (fields.success) return fields.data
  const names = fields.error.issues.map(({ path }) => String(path[0] ?? 'content'))
  throw invalid(`its ${[...new Set(names)].join(' and ')} cannot be used`)
}

function shapeFaultOf(line: string): string {
  if (line === '') return 'it is empty'
  return /^shoal\d/.test(line) ? 'it is cut short' : 'it does not begin with "shoal1."'
}

function invalid(fault: string): EdgeError {
  return new EdgeError(
    'ticket_invalid',
    `this is no ticket: ${fault}; copy the whole line that "shoal ticket" prints`,
    { detail: { fault } },
  )
}

function checksumOf(text: string): string {
  return crc32(new TextEncoder().encode(text)).toString(16).padStart(8, '0')
}

function base64UrlOf(text: string): string {
  const bytes = new TextEncoder().encode(text)
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
  return base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

/** Letters and length are checked before, so that `atob` meets nothing that it would refuse. */
function textOf(body: string): string {
  if (body.length % 4 === 1) throw invalid('it is cut short')
  const binary = atob(body.replaceAll('-', '+').replaceAll('_', '/'))
  return new TextDecoder().decode(Uint8Array.from(binary, (letter) => letter.charCodeAt(0)))
}
