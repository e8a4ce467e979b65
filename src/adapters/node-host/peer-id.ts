/**
 * PeerId: the libp2p name of an Ed25519 key, computed without libp2p.
 *
 * An identity multihash over the key's protobuf form, in base58btc (libp2p peer-ids spec); short
 * enough to be its own hash, so that the public key can be read from the name.
 */

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
/** Multihash "identity" of 36 bytes; protobuf type Ed25519; 32 bytes of key. */
const PREFIX = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20]

export function peerIdOf(publicKey: Uint8Array): string {
  return base58Of(Uint8Array.from([...PREFIX, ...publicKey]))
}

function base58Of(bytes: Uint8Array): string {
  let value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
  let text = ''
  for (; value > 0n; value /= 58n) text = (ALPHABET[Number(value % 58n)] ?? '') + text
  const zeros = bytes.findIndex((byte) => byte !== 0)
  return ALPHABET.slice(0, 1).repeat(Math.max(0, zeros)) + text
}
