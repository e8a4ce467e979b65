/**
 * Stranger: a bare libp2p node that says and does what an honest net never would.
 *
 * It speaks the lower layers correctly, so that what is refused is refused by us.
 */
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { Connection, Stream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'

import { Deframer, frameOf } from '../../protocols/frame.ts'
import { encodeHello, parseHello } from '../../protocols/hello.ts'
import type { HelloAbout, HelloFrame } from '../../protocols/hello.ts'
import { helloProtocolId } from '../../protocols/net.ts'
import { HelloTalk, helloKey } from '../../src/adapters/libp2p/hello-talk.ts'
import type { HelloResult } from '../../src/adapters/libp2p/hello-talk.ts'
import type { Net } from '../../src/ports/net.ts'
import { cluster } from '../contract/net-world.ts'
import { nextSeed } from './libp2p-world.ts'
import type { Libp2pWorld } from './libp2p-world.ts'

export interface StrangerOptions {
  readonly keySeed?: Uint8Array
  readonly noiseOnly?: boolean
}

export interface Stranger {
  readonly peerId: string
  /** An encrypted connection, nothing said yet. */
  readonly reach: (net: Net) => Promise<Connection>
  /** A connection on which the hello went well: a member that is faulty. */
  readonly join: (net: Net) => Promise<Connection>
}

export const about: HelloAbout = { software: 'stranger/1', addresses: [], features: [] }

export async function stranger(
  world: Libp2pWorld,
  options: StrangerOptions = {},
): Promise<Stranger> {
  const node = await createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', options.keySeed ?? nextSeed()),
    addresses: { listen: [] },
    transports: [tcp()],
    connectionEncrypters: options.noiseOnly === true ? [noise()] : [tls()],
    streamMuxers: [yamux({ enableKeepAlive: false })],
    connectionMonitor: { enabled: false },
    connectionGater: { denyDialMultiaddr: () => false },
  })
  world.also(async () => node.stop())
  const reach = (net: Net): Promise<Connection> =>
    node.dial(multiaddr(net.addresses()[0]), { force: true })
  return {
    peerId: node.peerId.toString(),
    reach,
    join: async (net) => {
      const connection = await reach(net)
      const result = await greet(connection, { self: node.peerId.toString(), secret: 1 })
      if (!result.proven) throw new Error(`not proven: ${result.failure}`)
      return connection
    },
  }
}

/** Say hello as it should be said. */
export async function greet(
  connection: Connection,
  by: { readonly self: string; readonly secret: number },
  onSaid: (bytes: Uint8Array) => void = () => undefined,
): Promise<HelloResult> {
  const stream = await connection.newStream(helloProtocolId)
  const send = stream.send.bind(stream)
  stream.send = (data) => {
    onSaid(data instanceof Uint8Array ? data : data.subarray())
    return send(data)
  }
  return new Promise((resolve) => {
    void new HelloTalk({
      stream,
      role: 'dialer',
      key: helloKey(cluster, new Uint8Array(32).fill(by.secret)),
      self: by.self,
      remote: connection.remotePeer.toString(),
      about,
      timeoutMs: 2_000,
      refuse: () => undefined,
      onResult: resolve,
    })
  })
}

export interface RawTalk {
  readonly stream: Stream
  readonly say: (frame: HelloFrame) => void
  /** The next frame of the other side; undefined when the stream ended. */
  readonly hear: () => Promise<HelloFrame | undefined>
}

/** A hello stream on which anything can be said. */
export async function rawHello(connection: Connection): Promise<RawTalk> {
  const stream = await connection.newStream(helloProtocolId)
  const heard: (HelloFrame | undefined)[] = []
  const waiting: ((frame: HelloFrame | undefined) => void)[] = []
  const take = (frame: HelloFrame | undefined): void => {
    const next = waiting.shift()
    if (next === undefined) heard.push(frame)
    else next(frame)
  }
  const deframer = new Deframer(65_536)
  stream.addEventListener('message', ({ data }) => {
    const pieces = data instanceof Uint8Array ? [data] : data
    for (const piece of pieces) {
      deframer.push(piece, 0, (frame) => {
        take(parseHello(frame))
        return true
      })
    }
  })
  stream.addEventListener('close', () => take(undefined))
  return {
    stream,
    say: (frame) => void stream.send(frameOf(encodeHello(frame))),
    hear: async () => {
      if (heard.length > 0) return heard.shift()
      return new Promise((resolve) => waiting.push(resolve))
    },
  }
}

interface Ending {
  readonly status: string
  addEventListener(type: 'close', listener: () => void): void
}

/** How a stream or connection ends, if it does within a while. */
export function endOf(thing: Ending, withinMs: number): Promise<string> {
  if (thing.status !== 'open') return Promise.resolve(thing.status)
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve('still open'), withinMs)
    thing.addEventListener('close', () => {
      clearTimeout(timer)
      resolve(thing.status)
    })
  })
}
