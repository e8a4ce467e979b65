/**
 * Libp2pConfig: everything a libp2p node is started with, from our options and the colocation
 * profile.
 *
 * The defaults that would hurt a small closed cluster are replaced: the monitor that destroys
 * healthy connections when this process is busy, the limits per address, windows that grow until
 * a pause becomes a reset, buffers without a bound.
 */
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { dcutr } from '@libp2p/dcutr'
import { identify } from '@libp2p/identify'
import type { ConnectionGater, PrivateKey } from '@libp2p/interface'
import { mdns } from '@libp2p/mdns'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { preSharedKey } from '@libp2p/pnet'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import type { Libp2pOptions } from 'libp2p'
import { dialsPendingMax, netDialTimeoutMs, netWindowBytes } from '../../../protocols/limits.ts'
import type { ColocationProfile } from './colocation.ts'
import { gathering } from './gathering.ts'
import type { NetOptions } from './options.ts'
import { behindGate } from './service-gate.ts'
import type { ServiceGate } from './service-gate.ts'
import { socketTls } from './socket-tls.ts'
import type { Topics } from './topics.ts'

export interface Libp2pParts {
  readonly options: NetOptions
  readonly privateKey: PrivateKey
  readonly colocation: ColocationProfile
  readonly gater: ConnectionGater
  readonly topics: Topics
  readonly gateOf: (registrar: GatedRegistrar, waits: boolean) => ServiceGate
}

type GatedRegistrar = ConstructorParameters<typeof ServiceGate>[0]

const protocolPrefix = 'shoal'
/** Keeps idle sockets, which end after the inactivity time-out, and notices silent ones. */
const keepAliveMs = 15_000
const inactivityMs = 90_000
const mebibyte = 1024 * 1024

export function libp2pConfig(parts: Libp2pParts): Libp2pOptions {
  const { options, privateKey, colocation, gater } = parts
  const relay = options.relay === true
  return {
    start: false,
    privateKey,
    addresses: {
      listen: [...options.listen, ...(relay ? ['/p2p-circuit'] : [])],
      announce: [...(options.announce ?? [])],
    },
    nodeInfo: { name: 'shoal', userAgent: options.identity.software },
    transports: [
      tcp({
        backlog: 64,
        maxConnections: colocation.connectionsMax,
        inboundSocketInactivityTimeout: inactivityMs,
        outboundSocketInactivityTimeout: inactivityMs,
      }),
      ...(relay ? [relayTransport(parts)] : []),
    ],
    ...(options.networkKey === undefined
      ? {}
      : { connectionProtector: preSharedKey({ psk: pskOf(options.networkKey) }) }),
    connectionEncrypters:
      options.encryption === 'tls-only'
        ? [gathering(socketTls())]
        : [gathering(socketTls()), gathering(noise())],
    streamMuxers: [muxer()],
    connectionGater: gater,
    connectionManager: connectionManagerOf(colocation),
    // It takes a busy event loop for dead peers and ends every connection; others detect death.
    connectionMonitor: { enabled: false },
    peerDiscovery: options.mdns === true ? [mdns({ serviceTag: '_shoal._udp.local' })] : [],
    services: servicesOf(parts),
  }
}

function muxer() {
  return yamux({
    maxInboundStreams: 64,
    maxOutboundStreams: 64,
    maxEarlyStreams: 10,
    enableKeepAlive: true,
    keepAliveInterval: keepAliveMs,
    streamOptions: {
      initialStreamWindowSize: netWindowBytes,
      // A window that outgrows the read buffer turns a pause into a reset.
      maxStreamWindowSize: netWindowBytes,
      maxReadBufferLength: 4 * mebibyte,
      maxWriteBufferLength: 8 * mebibyte,
    },
  })
}

function connectionManagerOf(
  colocation: ColocationProfile,
): NonNullable<Libp2pOptions['connectionManager']> {
  return {
    maxConnections: colocation.connectionsMax,
    inboundConnectionThreshold: colocation.inboundPerAddressPerSecond,
    maxIncomingPendingConnections: colocation.inboundPendingMax,
    maxParallelDials: dialsPendingMax * 2,
    dialTimeout: netDialTimeoutMs,
    addressDialTimeout: netDialTimeoutMs,
    inboundUpgradeTimeout: netDialTimeoutMs,
    inboundStreamProtocolNegotiationTimeout: netDialTimeoutMs,
    outboundStreamProtocolNegotiationTimeout: netDialTimeoutMs,
    // We redial ourselves, and for ever.
    reconnectRetries: 0,
  }
}

function servicesOf(parts: Libp2pParts): NonNullable<Libp2pOptions['services']> {
  const { options, topics, gateOf } = parts
  const gated = <Parts extends object>(components: Parts): Parts =>
    behindGate(components, (registrar) => gateOf(registrar, false)).components
  return {
    identify: (components) =>
      identify({ protocolPrefix, runOnConnectionOpen: false })(gated(components)),
    ping: (components) => ping({ protocolPrefix })(gated(components)),
    pubsub: (components) => {
      const { components: behind, gate } = behindGate(components, (registrar) =>
        gateOf(registrar, false),
      )
      return topics.createRouter(behind, gate)
    },
    ...(options.relay === true ? { dcutr: (parts) => dcutr()(gated(parts)) } : {}),
    ...(options.relayServer === true ? { relay: relayService(parts) } : {}),
  }
}

/** A reservation is asked for as soon as there is a connection: the hello is waited for. */
function relayService({ gateOf }: Libp2pParts) {
  return (components: Parameters<ReturnType<typeof circuitRelayServer>>[0]) =>
    circuitRelayServer()(behindGate(components, (registrar) => gateOf(registrar, true)).components)
}

function relayTransport({ gateOf }: Libp2pParts) {
  return (components: Parameters<ReturnType<typeof circuitRelayTransport>>[0]) =>
    circuitRelayTransport()(
      behindGate(components, (registrar) => gateOf(registrar, true)).components,
    )
}

/** The text form of a network key that other implementations read as well. */
function pskOf(key: Uint8Array): Uint8Array {
  const text = `/key/swarm/psk/1.0.0/\n/base16/\n${Buffer.from(key).toString('hex')}`
  return new TextEncoder().encode(text)
}
