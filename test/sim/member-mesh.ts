/**
 * MemberMesh: nodes with everything up to membership and remote actors, over one virtual network.
 *
 * A kill closes the connections of a node as the end of a process does; a stop closes nothing. A
 * memory outlives its node, as a disk does.
 */
import { membershipLimits } from '../../protocols/limits.ts'
import type { Membership } from '../../protocols/membership-actor.ts'
import type { MemberChange, MemberView } from '../../protocols/membership-actor.ts'
import { topic } from '../../protocols/net.ts'
import { membership } from '../../actors/membership.ts'
import type { MembershipInit } from '../../actors/membership-init.ts'
import {
  createMemoryHost,
  MemoryLiveness,
  MemoryNet,
  MemoryNetwork,
  MemoryPeers,
} from '../../src/adapters/memory/index.ts'
import type { NetworkModel } from '../../src/adapters/memory/index.ts'
import { createCodec } from '../../src/adapters/msgpackr/index.ts'
import { ActorSystem } from '../../src/kernel/index.ts'
import type { Ref } from '../../src/kernel/index.ts'
import { Mesh, systemName } from '../../src/mesh/index.ts'
import { membershipProfiles } from '../../src/model/membership-profile.ts'
import { SeededRandom, VirtualTime } from '../../src/testing/index.ts'
import { GatedRuntime } from './gated-runtime.ts'

export interface MeshNode {
  readonly number: number
  readonly peerId: string
  readonly net: MemoryNet
  readonly system: ActorSystem
  readonly mesh: Mesh
  readonly runtime: GatedRuntime
  readonly liveness: MemoryLiveness
  readonly membership: Ref<typeof Membership.messages>
  /** What its stream of events said about members, in order. */
  readonly heard: Heard[]
}

export interface Heard {
  readonly atMs: number
  readonly type: string
  readonly change: MemberChange
}

export interface NodeSetting {
  /** Numbers of the nodes whose addresses it was given; default: the first. */
  readonly seeds?: readonly number[]
  readonly secret?: number
  readonly init?: Partial<MembershipInit>
}

const memberTopic = topic('sim', 'member')

export class MemberMesh {
  readonly time = new VirtualTime()
  readonly random: SeededRandom
  readonly network: MemoryNetwork
  readonly nodes = new Map<number, MeshNode>()
  readonly memories = new Map<number, MemoryPeers>()
  /** Directions in which nothing passes, as `from>to`; `*` stands for everybody. */
  readonly #cuts = new Set<string>()
  readonly #responders = new Map<string, MemoryLiveness>()
  #lives = 0

  constructor(seed: number) {
    this.random = new SeededRandom(seed)
    const chance = this.random.fork('net')
    const model: NetworkModel = {
      delayMs: (from, to) => (this.#isCut(from, to) ? undefined : 0.2 + chance.next() * 0.3),
      refuses: () => false,
      losesTopic: (from, to) => this.#isCut(from, to),
    }
    this.network = new MemoryNetwork({
      nowMs: () => this.time.clock.now(),
      after: (delayMs, work) => this.#after(delayMs, work),
      chance: () => chance.next(),
      model,
    })
  }

  node(number: number): MeshNode {
    const node = this.nodes.get(number)
    if (node === undefined) throw new RangeError(`the mesh has no node ${number}`)
    return node
  }

  async start(number: number, setting: NodeSetting = {}): Promise<MeshNode> {
    const peerId = peerIdOf(number)
    const incarnation = (this.#lives += 1)
    const memory = this.memories.get(number) ?? new MemoryPeers()
    this.memories.set(number, memory)
    const runtime = new GatedRuntime(this.time, this.random.seed * 1_000 + incarnation)
    const system = await ActorSystem.start({ name: systemName(peerId, incarnation), runtime })
    const net = new MemoryNet(this.network, { peerId, identity: identityOf(setting.secret) })
    const liveness = new MemoryLiveness(this.#livenessWorld(), peerId)
    let wanted: (peerId: string) => void = () => undefined
    const mesh = await Mesh.start({
      system,
      net,
      openCodec: (refs) => createCodec({ refs }),
      onWanted: (peer) => wanted(peer),
    })
    const heard: Heard[] = []
    system.events.subscribeAll((event, type) => {
      if (!type.startsWith('member.') && type !== 'actor.failed') return
      heard.push({ atMs: this.time.clock.now(), type, change: event as MemberChange })
    })
    const ref = system.spawn(
      membership,
      {
        net,
        codec: createCodec(),
        host: createMemoryHost({ now: () => this.time.clock.wall() }),
        memory,
        recalled: await memory.recall(),
        identity: { nodeId: `node-${number}`, name: `edge-${number}`, peerId, incarnation },
        offer: { version: '0.1.0' },
        profile: membershipProfiles.lan,
        seeds: (setting.seeds ?? [1]).filter((seed) => seed !== number).map(addressOf),
        topic: memberTopic.name,
        meshLose: (name) => mesh.lose(name),
        meshRegain: (name) => mesh.regain(name),
        limits: { model: membershipLimits, maxNodes: 100 },
        liveness,
        ...setting.init,
      },
      { name: 'membership' },
    )
    wanted = (peer) => ref.wanted({ peerId: peer })
    const parts = { net, system, mesh, runtime, liveness }
    const node: MeshNode = { number, peerId, ...parts, membership: ref, heard }
    this.nodes.set(number, node)
    return node
  }

  /** Start nodes 1 to `count`, let them meet. */
  async form(count: number, setting: NodeSetting = {}): Promise<void> {
    for (let number = 1; number <= count; number += 1) await this.start(number, setting)
    await this.pass(3_000)
  }

  /** The process ends; its connections are closed by its machine. */
  kill(number: number): void {
    const { net, runtime, liveness } = this.node(number)
    runtime.shut()
    void liveness.close()
    const peers = net.peers().map(({ peerId }) => peerId)
    net.vanish()
    for (const peerId of peers) this.network.find(peerId)?.lose(net.peerId)
    this.nodes.delete(number)
  }

  /** The process freezes; nothing closes. */
  stop(number: number): void {
    const { runtime, liveness, peerId } = this.node(number)
    runtime.shut()
    liveness.stop(true)
    this.cut(peerId, '*')
    this.cut('*', peerId)
  }

  /** User code holds the main thread; the process has other threads. */
  block(number: number): void {
    this.node(number).runtime.shut()
  }

  unblock(number: number): void {
    this.node(number).runtime.open()
  }

  /** It goes on where it was. */
  resume(number: number): void {
    const { runtime, liveness, peerId } = this.node(number)
    runtime.open()
    liveness.stop(false)
    this.mend(peerId, '*')
    this.mend('*', peerId)
  }

  cut(from: string, to: string): void {
    this.#cuts.add(`${from}>${to}`)
  }

  mend(from: string, to: string): void {
    this.#cuts.delete(`${from}>${to}`)
    this.network.changed()
  }

  /** Nothing passes between the two sides. */
  split(side: readonly number[]): void {
    for (const [a, b] of this.#across(side)) {
      this.cut(a, b)
      this.cut(b, a)
    }
  }

  heal(side: readonly number[]): void {
    for (const [a, b] of this.#across(side)) {
      this.mend(a, b)
      this.mend(b, a)
    }
  }

  pass(ms: number): Promise<void> {
    return this.time.advance(ms)
  }

  /** Let time pass until something is so; answers how long that took, infinity if it never is. */
  async until(so: () => Promise<boolean> | boolean, withinMs: number): Promise<number> {
    const beganAtMs = this.time.clock.now()
    while (this.time.clock.now() - beganAtMs < withinMs) {
      if (await so()) return this.time.clock.now() - beganAtMs
      await this.pass(20)
    }
    return (await so()) ? withinMs : Number.POSITIVE_INFINITY
  }

  /** Go on, through time if need be, until the promise has settled. */
  async run<T>(promise: Promise<T>): Promise<T> {
    const pending = { now: true }
    const settled = (): void => {
      pending.now = false
    }
    promise.then(settled, settled)
    await this.time.settle()
    while (pending.now && (await this.time.step())) continue
    return promise
  }

  view(number: number): Promise<MemberView> {
    return this.run(this.node(number).membership.view())
  }

  /** What a node holds about another, in a word. */
  async holds(observer: number, about: number): Promise<string> {
    const { members } = await this.view(observer)
    return members.find(({ peerId }) => peerId === peerIdOf(about))?.liveness ?? 'unknown'
  }

  /** Whether everyone in the list holds this of a node. */
  async allHold(observers: readonly number[], about: number, liveness: string): Promise<boolean> {
    for (const observer of observers) {
      if ((await this.holds(observer, about)) !== liveness) return false
    }
    return true
  }

  /** How often nodes that live were declared dead, by those that were told of. */
  deaths(among: readonly number[]): readonly Heard[] {
    return among.flatMap((number) =>
      this.node(number).heard.filter(({ type }) => type === 'member.dead'),
    )
  }

  *#across(side: readonly number[]): Iterable<readonly [string, string]> {
    for (const a of this.nodes.keys()) {
      for (const b of this.nodes.keys()) {
        if (side.includes(a) && !side.includes(b)) yield [peerIdOf(a), peerIdOf(b)]
      }
    }
  }

  #isCut(from: string, to: string): boolean {
    return [`${from}>${to}`, `${from}>*`, `*>${to}`].some((cut) => this.#cuts.has(cut))
  }

  #livenessWorld(): ConstructorParameters<typeof MemoryLiveness>[0] {
    return {
      time: {
        nowMs: () => this.time.clock.now(),
        after: (delayMs, work) => this.#after(delayMs, work),
      },
      delayMs: (from, to) => this.network.model.delayMs(from, to, 40),
      responders: this.#responders,
    }
  }

  #after(delayMs: number, work: () => void): () => void {
    const alarm = { wanted: true, ring: work }
    this.time.setAlarm(this.time.clock.now() + delayMs, alarm)
    return () => {
      alarm.wanted = false
    }
  }
}

export function peerIdOf(number: number): string {
  return `peer-${number}`
}

export function addressOf(number: number): string {
  return `/memory/p2p/${peerIdOf(number)}`
}

function identityOf(secret = 1): ConstructorParameters<typeof MemoryNet>[1]['identity'] {
  return {
    cluster: 'sim',
    secret: new Uint8Array(32).fill(secret),
    software: 'test/1',
    features: [],
    topics: [memberTopic],
  }
}
