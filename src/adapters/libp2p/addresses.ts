/**
 * Addresses: from what configuration and peers say to what libp2p dials, and back.
 * A malformed one is refused here, with the text as it was written.
 */
import type { PeerInfo } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import type { Multiaddr } from '@multiformats/multiaddr'
import { addressInvalid } from '../../../protocols/net-refusals.ts'
import type { DialTarget } from '../../ports/net.ts'

/** Each address names the peer that is expected there, so that nobody else can answer. */
export function dialable({ peerId, addresses }: DialTarget): Multiaddr[] {
  const parsed = addresses.map(parseAddress)
  if (peerId === undefined) return parsed
  const expected = peerIdFromString(peerId).toString()
  return parsed.map((address) =>
    named(address) === undefined ? address.encapsulate(`/p2p/${expected}`) : address,
  )
}

export function found({ id, multiaddrs }: PeerInfo): DialTarget {
  return { peerId: id.toString(), addresses: multiaddrs.map(String) }
}

/** The peer id that an address ends with, if it does. */
export function peerIdIn(address: string): string | undefined {
  return named(parseAddress(address))
}

/** An address that ends at a relay names the relay, not who is behind it. */
function named(address: Multiaddr): string | undefined {
  const last = address.getComponents().at(-1)
  return last?.name === 'p2p' ? last.value : undefined
}

function parseAddress(text: string): Multiaddr {
  try {
    return multiaddr(text)
  } catch (cause) {
    throw addressInvalid(text, '/ip4/192.0.2.1/tcp/4001/p2p/<peer id>', cause)
  }
}
