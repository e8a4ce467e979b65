/**
 * Membership size: an upper bound of the encoded bytes of news.
 *
 * The model fills messages up to a budget without knowing the codec, so it must never guess too
 * low. The bounds fit msgpack with names as text; a test compares them with the real encoder.
 */
import type { Coordinate, Heartbeat, MemberCard, MemberClaim } from '../../protocols/membership.ts'

/** Type, sequence number, frame and the names around the news. */
export const envelopeBytes = 64

export function sizeOfClaim(claim: MemberClaim): number {
  return (
    48 +
    textBytes(claim.id) +
    (claim.by === undefined ? 0 : 4 + textBytes(claim.by)) +
    (claim.witness === undefined ? 0 : 9 + textBytes(claim.witness)) +
    (claim.evidence === undefined ? 0 : 20) +
    (claim.card === undefined ? 0 : sizeOfCard(claim.card))
  )
}

export function sizeOfHeartbeat(heartbeat: Heartbeat): number {
  return (
    190 +
    textBytes(heartbeat.id) +
    (heartbeat.check === undefined ? 0 : 80) +
    (heartbeat.coordinate === undefined ? 0 : 12 + sizeOfCoordinate(heartbeat.coordinate))
  )
}

export function sizeOfCoordinate(coordinate: Coordinate): number {
  return 48 + coordinate.vector.length * 9
}

function sizeOfCard(card: MemberCard): number {
  const lists = [...card.addresses, ...card.capabilities]
  const { nodeId = '', responder = '' } = card
  const texts = [card.name, card.zone, card.version, nodeId, responder, ...lists]
  return 180 + texts.reduce((sum, text) => sum + textBytes(text), 0)
}

/** UTF-8 needs at most three bytes per code unit, and the text's own header up to three. */
function textBytes(text: string): number {
  return 3 + (isAscii(text) ? text.length : text.length * 3)
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0x7f) return false
  return true
}
