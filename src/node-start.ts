/**
 * NodeStart: the composition root, where ports meet adapters and actors meet both.
 *
 * The order is that of need: parts of the machine, the actor system named after this life of the
 * node, the mesh, membership, the node's own actor, and at last the socket by which it is found.
 */
import { writeFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { membership } from '../actors/membership.ts'
import { nodeActor } from '../actors/node.ts'
import type { Kind } from '../actors/node.ts'
import type { RunRecord } from '../protocols/control.ts'
import { membershipLimits } from '../protocols/limits.ts'
import { Membership } from '../protocols/membership-actor.ts'
import { Node as NodeProtocol } from '../protocols/node.ts'
import type { NodeInfo } from '../protocols/node.ts'
import { createCodec } from './adapters/msgpackr/index.ts'
import { nodeRuntime } from './adapters/node-runtime/index.ts'
import { parseConfig } from './config.ts'
import type { ConfigInput, NodeConfig } from './config.ts'
import { runFile } from './control-client.ts'
import { openControlServer } from './control-server.ts'
import { ActorSystem } from './kernel/index.ts'
import type { Protocol, RefOf } from './kernel/index.ts'
import { Mesh, systemName } from './mesh/index.ts'
import { profileOf } from './node-profile.ts'
import { openParts } from './node-parts.ts'
import type { NodeParts } from './node-parts.ts'
import { ShoalNode } from './node.ts'
import { version } from './version.ts'

export interface NodeOptions {
  /** Definitions that other nodes may spawn here. */
  readonly kinds?: Readonly<Record<string, Kind>>
  /** Protocols of refs that may arrive before any actor here speaks them. */
  readonly protocols?: readonly Protocol[]
  /** The line that `shoal ticket` printed on a member. */
  readonly join?: string
}

/** Start a node with a configuration as a file would hold it; what is left out has its default. */
export function startNode(config: ConfigInput = {}, options: NodeOptions = {}): Promise<ShoalNode> {
  return startLoaded(parseConfig(config), options)
}

/** Start a node with a configuration that was loaded and checked. */
export async function startLoaded(config: NodeConfig, options: NodeOptions): Promise<ShoalNode> {
  const parts = await openParts(config, options.join)
  try {
    return await assemble(config, options, parts)
  } catch (error) {
    await parts.close()
    throw error
  }
}

async function assemble(
  config: NodeConfig,
  options: NodeOptions,
  parts: NodeParts,
): Promise<ShoalNode> {
  const { identity, net } = parts
  const system = await ActorSystem.start({
    name: systemName(net.peerId, identity.incarnation),
    runtime: nodeRuntime(),
  })
  // The mesh asks for connections before membership is there to make them.
  const late: { membership?: RefOf<typeof Membership> } = {}
  const mesh = await Mesh.start({
    system,
    net,
    openCodec: (refs) => createCodec({ refs }),
    protocols: [Membership, NodeProtocol, ...(options.protocols ?? [])],
    onWanted: (peerId) => late.membership?.wanted({ peerId }),
  })
  late.membership = spawnMembership(config, parts, system, mesh)
  const info = infoOf(config, parts, system, options.kinds ?? {})
  system.spawn(
    nodeActor,
    { info, kinds: options.kinds ?? {}, find: (path) => system.find(path) },
    { name: 'node' },
  )
  const node = new ShoalNode({ config, system, info, membership: late.membership, parts, mesh })
  await openDoor(node, parts)
  return node
}

function spawnMembership(
  config: NodeConfig,
  parts: NodeParts,
  system: ActorSystem,
  mesh: Mesh,
): RefOf<typeof Membership> {
  const { identity, net } = parts
  return system.spawn(
    membership,
    {
      net,
      codec: mesh.codec,
      host: parts.host,
      memory: parts.memory,
      recalled: parts.recalled,
      identity: {
        nodeId: identity.nodeId,
        name: config.node.name,
        peerId: net.peerId,
        incarnation: identity.incarnation,
      },
      offer: { version },
      profile: profileOf(config),
      seeds: parts.seeds,
      topic: parts.memberTopic,
      meshLose: (lost) => mesh.lose(lost),
      meshRegain: (regained) => mesh.regain(regained),
      limits: { model: membershipLimits, maxNodes: config.cluster.maxNodes },
      ...(parts.liveness === undefined ? {} : { liveness: parts.liveness }),
    },
    // Its own policy stands: it resumes, because its state is the view.
    { name: 'membership' },
  )
}

function infoOf(
  config: NodeConfig,
  { identity, net }: NodeParts,
  system: ActorSystem,
  kinds: Readonly<Record<string, Kind>>,
): NodeInfo {
  return {
    nodeId: identity.nodeId,
    peerId: net.peerId,
    name: config.node.name,
    system: system.name,
    version,
    startedAt: new Date(system.clock.wall()).toISOString(),
    kinds: Object.keys(kinds),
  }
}

/** The socket for the command line, and the record by which it is found. */
async function openDoor(node: ShoalNode, { dataDir }: NodeParts): Promise<void> {
  const door = await openControlServer(dataDir.path, (request) => node.answer(request))
  const record: RunRecord = {
    pid: process.pid,
    name: node.info.name,
    nodeId: node.info.nodeId,
    peerId: node.info.peerId,
    socket: door.path,
    addresses: [...node.addresses()],
    startedAt: node.info.startedAt,
  }
  const path = join(dataDir.path, runFile)
  await writeFile(path, `${JSON.stringify(record)}\n`, { mode: 0o600 })
  node.onStop(async () => {
    await rm(path, { force: true })
    await door.close()
  })
}
