/**
 * Tickets: what is formatted is parsed, and everything else is refused without telling secrets.
 */
import * as fc from 'fast-check'
import { crc32 as zlibCrc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'

import { crc32 } from '../../protocols/checksum.ts'
import { formatTicket, parseTicket } from '../../protocols/ticket.ts'

const ticket = {
  cluster: 'plant-7',
  peerId: '12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5',
  secret: 'Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4',
  addresses: ['/ip4/10.0.0.7/tcp/4001', '/dns4/edge.example/tcp/4001'],
}

function codeOf(text: string): string {
  try {
    parseTicket(text)
    return 'accepted'
  } catch (error) {
    const { code, message } = error as { code: string; message: string }
    return message.includes(ticket.secret) ? 'tells the secret' : code
  }
}

describe('a ticket', () => {
  test('is one line of plain letters that comes back as it went', () => {
    const line = formatTicket(ticket)
    expect(line).toMatch(/^shoal1\.[\w-]+\.[\da-f]{8}$/)
    expect(parseTicket(line)).toEqual(ticket)
  })

  test('survives line breaks and spaces from a terminal or a letter', () => {
    const line = formatTicket(ticket)
    const wrapped = `  ${line.slice(0, 40)}\r\n ${line.slice(40, 90)}\n${line.slice(90)}\n`
    expect(parseTicket(wrapped)).toEqual(ticket)
  })

  test('carries names and secrets in any script', () => {
    const foreign = { ...ticket, cluster: 'Straße', secret: 'пароль-密码-🔑-and-more' }
    expect(parseTicket(formatTicket(foreign))).toEqual(foreign)
  })

  test('with any letter changed, cut or doubled is refused', () => {
    const line = formatTicket(ticket)
    const edit = fc.tuple(
      fc.nat(line.length - 1),
      fc.constantFrom('cut', 'double', 'change'),
      fc.constantFrom('a', 'Z', '0', '9', '_', '-', '.'),
    )
    fc.assert(
      fc.property(edit, ([at, kind, letter]) => {
        const middle = { cut: '', double: `${line[at]}${line[at]}`, change: letter }[kind]
        const edited = line.slice(0, at) + middle + line.slice(at + 1)
        fc.pre(edited !== line)
        expect(codeOf(edited)).toMatch(/^ticket_(invalid|version_unknown)$/)
      }),
    )
  })

  test.for<[string, string]>([
    ['', 'ticket_invalid'],
    ['hello', 'ticket_invalid'],
    ['shoal1.', 'ticket_invalid'],
    ['shoal1.e30', 'ticket_invalid'],
    ['shoal1.e30.00000000', 'ticket_invalid'],
    ['x'.repeat(9_000), 'ticket_invalid'],
    [sealed('shoal1.e30'), 'ticket_invalid'],
    [sealed('shoal1.bnVsbA'), 'ticket_invalid'],
    [sealed('shoal1.x'), 'ticket_invalid'],
    [sealed('shoal2.e30'), 'ticket_version_unknown'],
  ])('that reads %j is refused with %s', ([text, code]) => {
    expect(codeOf(text)).toBe(code)
  })

  test('without addresses, with a short secret or a wrong peer is not made', () => {
    expect(() => formatTicket({ ...ticket, addresses: [] })).toThrow(/too_small/)
    expect(() => formatTicket({ ...ticket, secret: 'short' })).toThrow(/secret/)
    expect(() => formatTicket({ ...ticket, peerId: '../etc' })).toThrow(/peerId/)
  })
})

test('the checksum is the CRC-32 of zlib', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(crc32(bytes)).toBe(zlibCrc32(bytes))
    }),
  )
})

function sealed(head: string): string {
  return `${head}.${crc32(new TextEncoder().encode(head)).toString(16).padStart(8, '0')}`
}
