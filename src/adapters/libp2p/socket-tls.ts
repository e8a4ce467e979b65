/**
 * SocketTls: libp2p's TLS directly on the socket of a TCP connection.
 *
 * libp2p's own module encrypts through a stream in JavaScript, which is most of what a small
 * message costs. Here the TLS socket takes the place of the plain one inside the TCP connection,
 * so that nothing stands between the cipher and the kernel. The protocol on the wire is the same.
 * Where there is no socket to take (a network key below, a relayed connection) libp2p's own
 * module does the work.
 */
import type { Socket } from 'node:net'
import { connect, createSecureContext, TLSSocket } from 'node:tls'
import type { SecureContext } from 'node:tls'
import type {
  ConnectionEncrypter,
  MessageStream,
  PrivateKey,
  SecureConnectionOptions,
  SecuredConnection,
  StreamMuxerFactory,
} from '@libp2p/interface'
import { tls } from '@libp2p/tls'
import { makeCertificate, verifyCertificate } from './tls-certificate.ts'

type TlsComponents = Parameters<ReturnType<typeof tls>>[0]

/** What a TCP connection of libp2p is made of, as far as it matters here. */
interface TcpParts {
  socket: Socket
  readonly readBuffer: { byteLength: number; subarray(): Uint8Array; consume(bytes: number): void }
  onData(piece: Uint8Array): void
  onTransportClosed(): void
  sendReset(): void
}

type TcpConnection = MessageStream & TcpParts

interface Handshake {
  readonly connection: TcpConnection
  readonly isServer: boolean
  readonly options: SecureConnectionOptions | undefined
}

/** Offered beside the muxers by who negotiates those later. */
const noEarlyMuxer = 'libp2p'

export function socketTls(): (components: TlsComponents) => ConnectionEncrypter {
  return (components) => new SocketTls(components)
}

class SocketTls implements ConnectionEncrypter {
  readonly protocol: string
  readonly #components: TlsComponents
  readonly #inner: ConnectionEncrypter
  #context: Promise<SecureContext> | undefined

  constructor(components: TlsComponents) {
    this.#components = components
    this.#inner = tls()(components)
    this.protocol = this.#inner.protocol
  }

  secureInbound(
    connection: MessageStream,
    options?: SecureConnectionOptions,
  ): Promise<SecuredConnection> {
    if (!hasSocket(connection)) return this.#inner.secureInbound(connection, options)
    return this.#secure({ connection, isServer: true, options })
  }

  secureOutbound(
    connection: MessageStream,
    options?: SecureConnectionOptions,
  ): Promise<SecuredConnection> {
    if (!hasSocket(connection)) return this.#inner.secureOutbound(connection, options)
    return this.#secure({ connection, isServer: false, options })
  }

  async #secure(handshake: Handshake): Promise<SecuredConnection> {
    const { connection, isServer, options } = handshake
    this.#context ??= contextOf(this.#components.privateKey)
    // From here to the new socket nothing may wait: bytes would go to the old one.
    connection.pause()
    const secureContext = await this.#context
    const socket = releaseSocket(connection)
    const inactivityMs = socket.timeout ?? 0
    socket.setTimeout(0)
    const encrypted = isServer
      ? this.#serverSocket(socket, secureContext)
      : this.#clientSocket(socket, secureContext)
    takeSocket(connection, encrypted, inactivityMs)
    try {
      await secured(encrypted, options?.signal)
      const raw = encrypted.getPeerX509Certificate()?.raw
      if (raw === undefined) throw new Error('the peer showed no certificate')
      const remotePeer = await verifyCertificate(raw, options?.remotePeer)
      options?.signal?.throwIfAborted()
      encrypted.on('data', (piece: Uint8Array) => connection.onData(piece))
      connection.resume()
      const streamMuxer = this.#muxerOf(encrypted.alpnProtocol)
      return { connection, remotePeer, ...(streamMuxer === undefined ? {} : { streamMuxer }) }
    } catch (error) {
      connection.abort(error instanceof Error ? error : new Error(String(error)))
      throw error
    }
  }

  #serverSocket(socket: Socket, secureContext: SecureContext): TLSSocket {
    return new TLSSocket(socket, {
      isServer: true,
      secureContext,
      requestCert: true,
      rejectUnauthorized: false,
      ALPNCallback: ({ protocols }) =>
        protocols.find((name) => this.#muxers().has(name)) ??
        protocols.find((name) => name === noEarlyMuxer),
    })
  }

  #clientSocket(socket: Socket, secureContext: SecureContext): TLSSocket {
    return connect({
      socket,
      secureContext,
      // Certificates sign themselves; whose they are is checked by us.
      rejectUnauthorized: false,
      ALPNProtocols: [...this.#muxers().keys(), noEarlyMuxer],
    })
  }

  #muxers(): ReadonlyMap<string, StreamMuxerFactory> {
    return this.#components.upgrader.getStreamMuxers()
  }

  #muxerOf(agreed: string | false | null): StreamMuxerFactory | undefined {
    return typeof agreed === 'string' ? this.#muxers().get(agreed) : undefined
  }
}

async function contextOf(identity: PrivateKey): Promise<SecureContext> {
  const { key, cert } = await makeCertificate(identity)
  return createSecureContext({ key, cert, minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' })
}

function hasSocket(connection: MessageStream): connection is TcpConnection {
  const socket: unknown = Reflect.get(connection, 'socket')
  const parts = ['onData', 'onTransportClosed', 'sendReset']
  const whole = parts.every((name) => typeof Reflect.get(connection, name) === 'function')
  const tcp = typeof socket === 'object' && socket !== null && 'unshift' in socket
  return whole && tcp && Reflect.has(connection, 'readBuffer')
}

/** Detach the plain socket, with what was read too far still in it. */
function releaseSocket(connection: TcpConnection): Socket {
  const { socket, readBuffer } = connection
  socket.removeAllListeners('data')
  socket.pause()
  if (readBuffer.byteLength > 0) {
    socket.unshift(Buffer.from(readBuffer.subarray()))
    readBuffer.consume(readBuffer.byteLength)
  }
  return socket
}

/** Let the connection read, write and end through the encrypted socket. */
function takeSocket(connection: TcpConnection, encrypted: TLSSocket, inactivityMs: number): void {
  connection.socket = encrypted
  // A reset cannot be sent through TLS; the peer sees the end of the transport instead.
  connection.sendReset = () => {
    encrypted.destroy()
  }
  encrypted.on('drain', () => connection.safeDispatchEvent('drain'))
  encrypted.on('error', (error: Error) => connection.abort(error))
  encrypted.once('end', () => connection.onTransportClosed())
  encrypted.once('close', () => connection.onTransportClosed())
  encrypted.setTimeout(inactivityMs, () => connection.abort(new Error('nothing was said for long')))
}

/** Resolves when the handshake is over. */
function secured(socket: TLSSocket, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(new Error('the handshake did not end in time'))
    const over = (): void => signal?.removeEventListener('abort', fail)
    signal?.addEventListener('abort', fail)
    socket.once('secure', () => {
      over()
      resolve()
    })
    socket.once('error', (error: Error) => {
      over()
      reject(error)
    })
    socket.once('close', () => {
      over()
      reject(new Error('the peer closed during the handshake'))
    })
  })
}
