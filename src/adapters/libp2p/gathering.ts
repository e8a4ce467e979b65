/**
 * Gathering: an encrypter whose connections write once per turn.
 *
 * The encryption itself is untouched; what comes out of the handshake gets a gathered `send`.
 */
import type { ConnectionEncrypter, MessageStream, SecuredConnection } from '@libp2p/interface'
import { WriteTurn } from './write-turn.ts'

export function gathering<Components>(
  make: (components: Components) => ConnectionEncrypter,
): (components: Components) => ConnectionEncrypter {
  return (components) => {
    const inner = make(components)
    return {
      protocol: inner.protocol,
      secureInbound: async (connection, options) =>
        gathered(connection, await inner.secureInbound(connection, options)),
      secureOutbound: async (connection, options) =>
        gathered(connection, await inner.secureOutbound(connection, options)),
    }
  }
}

function gathered(connection: MessageStream, secured: SecuredConnection): SecuredConnection {
  WriteTurn.of(connection.timeline).gather(secured.connection)
  return secured
}
