/**
 * Start: puts the parts of a libp2p net together.
 *
 * Admission, gate and topics need each other and libp2p needs all of them, so the order matters:
 * what decides comes first, the libp2p node around it, the net over both.
 */
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { ConnectionGater } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { createLibp2p } from 'libp2p'
import type { Libp2p } from 'libp2p'
import type { HelloAbout } from '../../../protocols/hello.ts'
import { clusterSecretBytesMin } from '../../../protocols/limits.ts'
import { EdgeError } from '../../kernel/index.ts'
import { colocationProfile } from './colocation.ts'
import type { Net, PeerEvent, PeerId } from '../../ports/net.ts'
import { Admission } from './admission.ts'
import type { AdmissionInit } from './admission.ts'
import { zeroNetCounters } from '../../../protocols/net-counters.ts'
import type { NetCounters } from '../../../protocols/net-counters.ts'
import { helloKey } from './hello-talk.ts'
import { libp2pConfig } from './libp2p-config.ts'
import { Libp2pNet } from './libp2p-net.ts'
import { startFailure } from './net-errors.ts'
import { Offenders } from './offenders.ts'
import { colocationDefault } from './options.ts'
import type { NetOptions } from './options.ts'
import { ServiceGate } from './service-gate.ts'
import type { GateRule } from './service-gate.ts'
import { Topics, topicsFeature } from './topics.ts'

/** The peer id that belongs to a key seed. */
export async function peerIdOf(keySeed: Uint8Array): Promise<PeerId> {
  return peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', keySeed)).toString()
}

export async function startLibp2pNet(options: NetOptions): Promise<Net> {
  checkSecret(options.identity.secret)
  const privateKey = await generateKeyPairFromSeed('Ed25519', options.keySeed)
  const self = peerIdFromPrivateKey(privateKey).toString()
  const colocation = colocationProfile(options.colocation ?? colocationDefault)
  const counters = zeroNetCounters()
  const offenders = new Offenders(counters)
  const listeners = new Set<(event: PeerEvent) => void>()
  const topics = new Topics({ topics: options.identity.topics, colocation, counters })
  // What we say of ourselves names addresses that are known once we listen.
  const late: { libp2p?: Libp2p } = {}
  const addresses = (): string[] => late.libp2p?.getMultiaddrs().map(String) ?? []
  const admission = new Admission({
    self,
    counters,
    offenders,
    about: () => aboutOf(options, addresses()),
    key: helloKey(options.identity.cluster, options.identity.secret),
    ...peerEvents(topics, listeners),
  })
  const libp2p = await createLibp2p(
    libp2pConfig({
      options,
      privateKey,
      colocation,
      topics,
      gater: gaterOf(admission, offenders, counters),
      gateOf: (registrar, waits) =>
        new ServiceGate(registrar, gateRule(admission, topics, counters), { waits }),
    }),
  )
  late.libp2p = libp2p
  const mdns = options.mdns === true
  const net = new Libp2pNet({ libp2p, admission, topics, offenders, counters, listeners, mdns })
  try {
    await net.start()
  } catch (cause) {
    await net.close()
    throw startFailure(cause, options.listen)
  }
  return net
}

/** Gossip hears of a peer before anybody else does, and forgets it before. */
function peerEvents(
  topics: Topics,
  listeners: ReadonlySet<(event: PeerEvent) => void>,
): Pick<AdmissionInit, 'onUp' | 'onDown'> {
  return {
    onUp: (link) => {
      topics.attach(link)
      for (const listener of listeners) listener({ kind: 'up', peer: link.peer })
    },
    onDown: (link, reason) => {
      topics.detach(link)
      for (const listener of listeners) listener({ kind: 'down', peerId: link.peerId, reason })
    },
  }
}

function gateRule(admission: Admission, topics: Topics, counters: NetCounters): GateRule {
  return {
    admits: (connection) => admission.proven(connection),
    admission: (connection) => admission.admitted(connection),
    onRefused: () => {
      counters.unprovenRefused += 1
    },
    wrap: (stream, connection) => topics.wrapInbound(stream, connection.remotePeer.toString()),
  }
}

function gaterOf(
  admission: Admission,
  offenders: Offenders,
  counters: NetCounters,
): ConnectionGater {
  const refuses = (peerId: PeerId): boolean => {
    const banned = offenders.banned(peerId)
    if (banned) counters.bannedRefused += 1
    return banned
  }
  return {
    // Private addresses are where our peers live.
    denyDialMultiaddr: () => false,
    denyInboundConnection: () => admission.full,
    denyInboundEncryptedConnection: (peer) => refuses(peer.toString()),
    denyOutboundEncryptedConnection: (peer) => refuses(peer.toString()),
  }
}

function aboutOf({ identity }: NetOptions, addresses: readonly string[]): HelloAbout {
  return {
    software: identity.software,
    addresses: addresses.slice(0, 16),
    features: [...identity.features, ...(identity.topics.length > 0 ? [topicsFeature] : [])],
  }
}

function checkSecret(secret: Uint8Array): void {
  if (secret.length >= clusterSecretBytesMin) return
  throw new EdgeError(
    'cluster_secret_too_short',
    `The cluster secret has ${secret.length} bytes, but needs ${clusterSecretBytesMin}: ` +
      'make one with "shoal ticket --new-secret", or remove it to have one made.',
    { detail: { bytes: secret.length, bytesMin: clusterSecretBytesMin } },
  )
}
