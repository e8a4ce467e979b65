/**
 * NetRefusals: what every net says when it cannot do what was asked.
 *
 * One place for the words, so that a real net and one in memory refuse alike.
 */
import { EdgeError } from '../src/kernel/index.ts'
import type { ChannelProtocol, Topic } from './net.ts'

export function peerNotUp(peerId: string): EdgeError {
  return new EdgeError(
    'peer_unreachable',
    `Peer ${peerId} is not connected: dial it, or wait until it is up.`,
    { detail: { peerId } },
  )
}

export function noAnswer(
  target: { readonly peerId?: string; readonly addresses: readonly string[] },
  cause?: unknown,
): EdgeError {
  const where = target.addresses.join(', ') || (target.peerId ?? 'nowhere')
  return new EdgeError(
    'peer_unreachable',
    `No node answers at ${where}: check that it runs and that the address is right.`,
    { cause, detail: { peerId: target.peerId ?? null, addresses: [...target.addresses] } },
  )
}

export function notOneOfUs(peerId: string): EdgeError {
  return new EdgeError(
    'peer_refused',
    `Peer ${peerId} and this node do not share a cluster secret: compare their tickets.`,
    { detail: { peerId } },
  )
}

export function protocolUnsupported(peerId: string, protocol: string, cause?: unknown): EdgeError {
  return new EdgeError(
    'protocol_unsupported',
    `Peer ${peerId} does not serve ${protocol}: it may run another version.`,
    { cause, detail: { peerId, protocol } },
  )
}

export function addressInvalid(address: string, example: string, cause?: unknown): EdgeError {
  return new EdgeError(
    'address_invalid',
    `"${address}" is not an address: write it like ${example}.`,
    { cause, detail: { address } },
  )
}

export function frameTooLarge(bytes: number, protocol: ChannelProtocol): EdgeError {
  const { ids, frameBytesMax } = protocol
  return new EdgeError(
    'frame_too_large',
    `A frame of ${bytes} bytes is larger than the ${frameBytesMax} bytes that ${ids[0]} allows: ` +
      'send it in pieces.',
    { detail: { protocol: ids[0], bytes, bytesMax: frameBytesMax } },
  )
}

export function topicNotAllowed(topic: string, declared: Iterable<string>): EdgeError {
  return new EdgeError(
    'topic_not_allowed',
    `The topic ${topic} was not declared: add it to the topics that the node starts with.`,
    { detail: { topic, declared: [...declared] } },
  )
}

export function topicMessageTooLarge(topic: Topic, bytes: number): EdgeError {
  const { name, messageBytesMax } = topic
  return new EdgeError(
    'topic_message_too_large',
    `A message of ${bytes} bytes is larger than the ${messageBytesMax} bytes that ${name} ` +
      'allows: publish a reference and let peers fetch the rest.',
    { detail: { topic: name, bytes, bytesMax: messageBytesMax } },
  )
}
