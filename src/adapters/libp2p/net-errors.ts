/**
 * Net errors: what libp2p throws, told as refusals that say what happened and what to do next.
 * The cause stays attached for those who look deeper.
 */
import { noAnswer, protocolUnsupported } from '../../../protocols/net-refusals.ts'
import { EdgeError, hasCode } from '../../kernel/index.ts'
import type { DialTarget, PeerId } from '../../ports/net.ts'

const ownCodes = ['peer_refused', 'peer_unreachable', 'address_invalid']

export function startFailure(cause: unknown, listen: readonly string[]): EdgeError {
  const text = textOf(cause)
  const where = listen.join(', ')
  if (/EADDRINUSE|address already in use/i.test(text)) {
    return new EdgeError(
      'address_in_use',
      `Another process listens on ${where}: stop it, or choose another port.`,
      { cause, detail: { listen } },
    )
  }
  return new EdgeError('listen_failed', `This node cannot listen on ${where}: ${text}.`, {
    cause,
    detail: { listen },
  })
}

export function dialFailure(cause: unknown, target: DialTarget): EdgeError {
  for (const code of ownCodes) if (hasCode(cause, code)) return cause
  return noAnswer(target, cause)
}

export function openFailure(cause: unknown, peerId: PeerId, protocol: string): EdgeError {
  const detail = { peerId, protocol }
  if (cause instanceof Error && cause.name === 'UnsupportedProtocolError') {
    return protocolUnsupported(peerId, protocol, cause)
  }
  const text = `A channel for ${protocol} to ${peerId} was not opened: ${textOf(cause)}.`
  return new EdgeError('peer_unreachable', text, { cause, detail })
}

function textOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const parts = cause instanceof AggregateError ? cause.errors.map(textOf) : []
  return [cause.message, ...parts].join('; ')
}
