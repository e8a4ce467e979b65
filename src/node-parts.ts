/**
 * NodeParts: everything of a node that touches the machine, opened in order.
 *
 * Data directory, identity, secret, log, host and net; what was opened is closed in reverse, also
 * when a later part cannot be opened.
 */
import { parseTicket } from '../protocols/ticket.ts'
import type { Ticket } from '../protocols/ticket.ts'
import { topic } from '../protocols/net.ts'
import { colocationProfile, startLibp2pNet } from './adapters/libp2p/index.ts'
import { openLiveness } from './adapters/liveness/index.ts'
import {
  openClusterSecret,
  openDataDir,
  openIdentity,
  openNodeHost,
  openPeerMemory,
} from './adapters/node-host/index.ts'
import type { ClusterSecret, DataDir, NodeIdentity } from './adapters/node-host/index.ts'
import { createPinoLog } from './adapters/pino/index.ts'
import type { NodeConfig } from './config.ts'
import type { Host } from './ports/host.ts'
import type { Liveness } from './ports/liveness.ts'
import type { Log } from './ports/log.ts'
import type { Net } from './ports/net.ts'
import type { PeerMemory, Remembered } from './ports/peer-memory.ts'
import { software } from './version.ts'

export interface NodeParts {
  readonly dataDir: DataDir
  readonly identity: NodeIdentity
  readonly secret: string
  readonly secretOrigin: ClusterSecret['origin']
  readonly log: Log
  readonly host: Host
  readonly net: Net
  /** Absent when its thread cannot listen. */
  readonly liveness: Liveness | undefined
  readonly memory: PeerMemory
  readonly recalled: Remembered | null
  /** Members to dial first. */
  readonly seeds: readonly string[]
  /** Topic for urgent membership news. */
  readonly memberTopic: string
  findings(): NodeFindings
  close(): Promise<void>
}

/** What `doctor` reads from a running node. */
export interface NodeFindings {
  readonly net: ReturnType<Net['stats']>
  readonly colocation: ReturnType<typeof colocationProfile>
  readonly peers: number
  readonly resources: ReturnType<Host['resources']>
}

export async function openParts(config: NodeConfig, join?: string): Promise<NodeParts> {
  const ticket = join === undefined ? undefined : parseTicket(join)
  const closers: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).toReversed()) await closer()
  }
  try {
    return await open(config, ticket, closers, close)
  } catch (error) {
    await close()
    throw error
  }
}

async function open(
  config: NodeConfig,
  ticket: Ticket | undefined,
  closers: (() => Promise<void>)[],
  close: () => Promise<void>,
): Promise<NodeParts> {
  const dataDir = await openDataDir(config.dataDir, config.node.name)
  closers.push(() => dataDir.close())
  const identity = await openIdentity(dataDir.path, { nodeId: config.node.id })
  const { secret, origin } = await openClusterSecret(dataDir.path, {
    configured: config.cluster.secret,
    ticket: ticket?.secret,
  })
  const log = createPinoLog({ level: config.logs.level, redact: config.logs.redact })
  closers.push(() => log.flush())
  const host = await openNodeHost({ folder: dataDir.path })
  closers.push(() => host.close())
  const memory = openPeerMemory(dataDir.path, (why) => log.warn(why))
  const recalled = await memory.recall()
  const urgent = topic(config.cluster.name, 'member')
  const colocation = {
    nodesMax: config.cluster.maxNodes,
    ...(config.net.nodesPerAddress === undefined
      ? {}
      : { nodesPerAddressMax: config.net.nodesPerAddress }),
  }
  const net = await startLibp2pNet({
    identity: {
      cluster: config.cluster.name,
      secret: new TextEncoder().encode(secret),
      software,
      features: [],
      topics: [urgent],
    },
    keySeed: identity.seed,
    listen: listenAddresses(config),
    announce: config.net.announce,
    encryption: config.net.encryption.includes('noise') ? 'tls-first' : 'tls-only',
    ...networkKeyOf(config),
    mdns: config.cluster.mdns,
    relay: config.net.relay || config.net.holePunching,
    relayServer: config.net.relay,
    colocation,
    log,
  })
  closers.push(() => net.close())
  const liveness = await openLivenessOf(config, { net, secret, log })
  if (liveness !== undefined) closers.push(() => liveness.close())
  return {
    dataDir,
    identity,
    secret,
    secretOrigin: origin,
    log,
    host,
    net,
    liveness,
    memory,
    recalled,
    seeds: [...config.cluster.peers, ...seedsOf(ticket)],
    memberTopic: urgent.name,
    findings: () => ({
      net: net.stats(),
      colocation: colocationProfile(colocation),
      peers: net.peers().length,
      resources: host.resources(),
    }),
    close,
  }
}

/** A node that listens nowhere answers nowhere. */
async function openLivenessOf(
  config: NodeConfig,
  { net, secret, log }: { readonly net: Net; readonly secret: string; readonly log: Log },
): Promise<Liveness | undefined> {
  const { p2p } = config.listen
  if (p2p === null) return undefined
  const options = {
    secret: new TextEncoder().encode(secret),
    cluster: config.cluster.name,
    peerId: net.peerId,
    host: p2p.host,
  }
  return openLiveness(options, (why) => log.warn(why))
}

function listenAddresses(config: NodeConfig): readonly string[] {
  const { p2p } = config.listen
  if (p2p === null) return []
  const family = p2p.host.includes(':') ? 'ip6' : 'ip4'
  return [`/${family}/${p2p.host}/tcp/${p2p.port}`]
}

function networkKeyOf(config: NodeConfig): { readonly networkKey?: Uint8Array } {
  const { networkKey } = config.net
  return networkKey === undefined ? {} : { networkKey: Buffer.from(networkKey, 'hex') }
}

/** A ticket names the peer to trust first: dialling anybody else there is refused. */
function seedsOf(ticket: Ticket | undefined): readonly string[] {
  return ticket?.addresses.map((address) => `${address}/p2p/${ticket.peerId}`) ?? []
}
