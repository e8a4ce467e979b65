/**
 * SimNode: one machine of a simulated world, and the lives of the process that runs on it.
 *
 * A life is put together as a real node is: system, net, mesh, membership, the node's own actor.
 * What the machine remembers and how wrong its clock is outlive the process.
 */
import { membership } from '../../actors/membership.ts'
import { type Kind, nodeActor } from '../../actors/node.ts'
import { membershipLimits } from '../../protocols/limits.ts'
import { Membership, type MemberView } from '../../protocols/membership-actor.ts'
import { topic } from '../../protocols/net.ts'
import { Node, type NodeInfo } from '../../protocols/node.ts'
import {
  createMemoryHost,
  MemoryNet,
  type MemoryNetwork,
  MemoryPeers,
} from '../adapters/memory/index.ts'
import { ActorSystem, type Protocol, type Ref, restart } from '../kernel/index.ts'
import { Mesh, systemName } from '../mesh/index.ts'
import type { MembershipProfile } from '../model/membership-profile.ts'
import type { Codec, RefCodec } from '../ports/codec.ts'
import type { Channel } from '../ports/net.ts'
import { SimGate } from './sim-gate.ts'
import { SimNet } from './sim-net.ts'
import { SimRuntime } from './sim-runtime.ts'
import type { SimTrace } from './sim-trace.ts'
import type { TurnOrder } from './virtual-runtime.ts'
import type { VirtualTime } from './virtual-time.ts'

/** Long enough that the other lane overtakes, short enough that no probe is lost by it. */
const lateByMs = 30
const memberTopic = topic('sim', 'member')

/** What the lives of all machines share. */
export interface SimSite {
  readonly seed: number
  readonly time: VirtualTime
  readonly network: MemoryNetwork
  readonly trace: SimTrace
  readonly openCodec: (refs: RefCodec) => Codec
  readonly profile: MembershipProfile
  readonly order: TurnOrder
  readonly kinds: Readonly<Record<string, Kind>>
  readonly protocols: readonly Protocol[]
  readonly nodesMax: number
  readonly buggify: (name: string, probability: number) => boolean
  /** Whom a node dials first, by number. */
  readonly seedsOf: (number: number) => readonly number[]
}

export interface NodeLife {
  readonly incarnation: number
  readonly system: ActorSystem
  readonly mesh: Mesh
  readonly net: SimNet
  readonly wire: MemoryNet
  readonly gate: SimGate
  readonly membership: Ref<typeof Membership.messages>
  readonly ended: boolean
  /** How long this life stood still since then. */
  pausedSinceMs(sinceMs: number): number
}

export class SimNode {
  readonly number: number
  readonly name: string
  readonly peerId: string
  readonly memory = new MemoryPeers()
  skewMs = 0
  /** Names of the systems of earlier lives. */
  readonly past: string[] = []
  readonly #site: SimSite
  #life: Life | null = null
  #lives = 0

  constructor(number: number, site: SimSite) {
    this.number = number
    this.name = `edge-${number}`
    this.peerId = peerIdOf(number)
    this.#site = site
  }

  get up(): boolean {
    return this.#life !== null
  }

  get paused(): boolean {
    return this.#life?.gate.shut === true
  }

  /** The life that runs now; there must be one. */
  get life(): NodeLife {
    if (this.#life === null) throw new RangeError(`${this.name} is down: restart it first`)
    return this.#life
  }

  get system(): ActorSystem {
    return this.life.system
  }

  get mesh(): Mesh {
    return this.life.mesh
  }

  get membership(): NodeLife['membership'] {
    return this.life.membership
  }

  view(): Promise<MemberView> {
    return this.life.membership.view()
  }

  async start(): Promise<NodeLife> {
    if (this.#life !== null) throw new RangeError(`${this.name} runs already`)
    const incarnation = (this.#lives += 1)
    const life = await openLife(this, this.#site, incarnation)
    this.#life = life
    return life
  }

  pause(): void {
    const life = this.#life
    if (life === null || life.gate.shut) return
    life.gate.close()
    life.pausedAtMs = this.#site.time.clock.now()
  }

  resume(): void {
    const life = this.#life
    if (life === null || !life.gate.shut) return
    life.pauses.push([life.pausedAtMs, this.#site.time.clock.now()])
    life.gate.open((work) => this.#site.time.soon(work))
  }

  /** The process is gone. */
  end(): void {
    if (this.#life === null) return
    this.#life.gate.end()
    this.past.push(this.#life.system.name)
    this.#life = null
  }
}

interface Life extends NodeLife {
  pausedAtMs: number
  readonly pauses: (readonly [fromMs: number, toMs: number])[]
}

export function peerIdOf(number: number): string {
  return `peer-${number}`
}

async function openLife(node: SimNode, site: SimSite, incarnation: number): Promise<Life> {
  const { peerId } = node
  const gate = new SimGate()
  const seed = site.seed * 1_000_003 + node.number * 1_009 + incarnation
  const { time, order, network, trace } = site
  const runtime = new SimRuntime({ time, gate, seed, order, skewMs: () => node.skewMs })
  const system = await ActorSystem.start({ name: systemName(peerId, incarnation), runtime })
  const nowMs = (): number => time.clock.now()
  const wire = new MemoryNet(network, { peerId, identity })
  const full = (): boolean => site.buggify('net.queue-full', 0.002)
  const lateMs = (lane: Channel['lane']): number =>
    site.buggify(`net.${lane}-late`, 0.1) ? lateByMs : 0
  const after = (delayMs: number, work: () => void): void => void network.time.after(delayMs, work)
  const net = new SimNet({ net: wire, gate, trace, nowMs, full, lateMs, after })
  const late: { membership?: NodeLife['membership'] } = {}
  const mesh = await Mesh.start({
    system,
    net,
    openCodec: site.openCodec,
    protocols: [Membership, Node, ...site.protocols],
    onWanted: (peer) => late.membership?.wanted({ peerId: peer }),
  })
  const member = await spawnMembership(node, site, { incarnation, system, mesh, net })
  late.membership = member
  system.spawn(
    nodeActor,
    { info: infoOf(node, system), kinds: site.kinds, find: (path) => system.find(path) },
    { name: 'node' },
  )
  const pauses: (readonly [number, number])[] = []
  const life: Life = {
    incarnation,
    system,
    mesh,
    net,
    wire,
    gate,
    membership: member,
    pausedAtMs: 0,
    pauses,
    get ended() {
      return gate.ended
    },
    pausedSinceMs(sinceMs) {
      const open = gate.shut ? [[life.pausedAtMs, nowMs()] as const] : []
      const since = [...pauses, ...open].filter(([, toMs]) => toMs > sinceMs)
      return since.reduce((sum, [fromMs, toMs]) => sum + toMs - fromMs, 0)
    },
  }
  return life
}

interface Parts extends Pick<NodeLife, 'incarnation' | 'system' | 'mesh' | 'net'> {}

async function spawnMembership(
  node: SimNode,
  site: SimSite,
  { incarnation, system, mesh, net }: Parts,
): Promise<NodeLife['membership']> {
  const seeds = site.seedsOf(node.number).map((number) => `/memory/p2p/${peerIdOf(number)}`)
  return system.spawn(
    membership,
    {
      net,
      codec: mesh.codec,
      host: createMemoryHost({ now: () => system.clock.wall() }),
      memory: node.memory,
      recalled: await node.memory.recall(),
      identity: {
        nodeId: `node-${node.number}`,
        name: node.name,
        peerId: node.peerId,
        incarnation,
      },
      offer: { version: 'sim' },
      profile: site.profile,
      seeds,
      topic: memberTopic.name,
      meshLose: (lost) => mesh.lose(lost),
      meshRegain: (regained) => mesh.regain(regained),
      limits: { model: membershipLimits, maxNodes: site.nodesMax },
    },
    { name: 'membership', supervise: restart({ max: 10, within: '10s' }) },
  )
}

function infoOf({ number, peerId, name }: SimNode, system: ActorSystem): Omit<NodeInfo, 'kinds'> {
  const startedAt = new Date(system.clock.wall()).toISOString()
  return { nodeId: `node-${number}`, peerId, name, system: system.name, version: 'sim', startedAt }
}

const identity = {
  cluster: 'sim',
  secret: new Uint8Array(32).fill(7),
  software: 'sim',
  features: [],
  topics: [memberTopic],
}
