/**
 * SimWorld: many nodes in one process, on one virtual time, over wires that can be cut.
 *
 * A scenario starts, ends, stops and separates nodes here and lets time pass. Nodes are numbered
 * from 1. A kill closes connections where the wires let the news through; a pause closes nothing.
 */
import { createMemoryCodec, MemoryNetwork } from '../adapters/memory/index.ts'
import type { Kind } from '../../actors/node.ts'
import { type Duration, durationMs, EdgeError, type Protocol } from '../kernel/index.ts'
import { membershipProfiles } from '../model/membership-profile.ts'
import type { Codec, RefCodec } from '../ports/codec.ts'
import { Ledger } from './invariants.ts'
import { type Wire, WorldWires } from './network-model.ts'
import { SeededRandom } from './seeded-random.ts'
import { Buggify } from './sim-buggify.ts'
import { type NodeLife, peerIdOf, SimNode, type SimSite } from './sim-node.ts'
import type { SimPlan } from './sim-plan.ts'
import { SimTrace } from './sim-trace.ts'
import { Workload, workload } from './sim-workload.ts'
import { VirtualTime } from './virtual-time.ts'

export interface WorldOptions {
  /** Default: the structured clone of the engine, which is quick. */
  readonly openCodec?: (refs: RefCodec) => Codec
  /** Definitions that nodes may spawn on each other. */
  readonly kinds?: Readonly<Record<string, Kind>>
  readonly protocols?: readonly Protocol[]
  /** Run the numbered traffic that the invariants watch. Default true. */
  readonly workload?: boolean
}

interface Reset {
  readonly from: string
  readonly to: string
  /** Nobody says so until the machine is back. */
  readonly silent: boolean
  readonly machine: SimNode
  readonly deliver: () => void
}

const untilStepMs = 100

export class SimWorld {
  readonly plan: SimPlan
  readonly time = new VirtualTime()
  readonly random: SeededRandom
  readonly trace = new SimTrace()
  readonly wires: WorldWires
  readonly network: MemoryNetwork
  readonly ledger: Ledger
  readonly buggify: Buggify
  readonly #nodes = new Map<number, SimNode>()
  readonly #options: WorldOptions
  readonly #site: SimSite
  #resets: Reset[] = []
  #failure: Error | null = null

  constructor(plan: SimPlan, options: WorldOptions = {}) {
    this.plan = plan
    this.#options = options
    this.random = new SeededRandom(plan.seed, 'world')
    const nowMs = (): number => this.nowMs
    this.wires = new WorldWires(this.random.fork('wires'), nowMs)
    this.ledger = new Ledger(nowMs)
    this.buggify = new Buggify(this.random.fork('buggify'), plan.buggy)
    const chance = this.random.fork('network')
    this.network = new MemoryNetwork({
      nowMs,
      after: (delayMs, work) => this.after(delayMs, work),
      chance: () => chance.next(),
      model: this.wires,
    })
    this.#site = this.#openSite()
    for (let number = 1; number <= plan.nodes; number++) {
      this.#nodes.set(number, new SimNode(number, this.#site))
    }
  }

  get nowMs(): number {
    return this.time.clock.now()
  }

  /** All machines, up or not. */
  get nodes(): readonly SimNode[] {
    return [...this.#nodes.values()]
  }

  get lives(): readonly NodeLife[] {
    return this.nodes.filter(({ up }) => up).map(({ life }) => life)
  }

  /** The latest events, oldest first. */
  get log(): readonly string[] {
    return this.trace.lines
  }

  node(number: number): SimNode {
    const node = this.#nodes.get(number)
    if (node === undefined) throw new RangeError(`the world has no node ${number}`)
    return node
  }

  /** Start the process of a machine. */
  async start(number: number): Promise<SimNode> {
    const node = this.node(number)
    const life = await node.start()
    this.#say(`${node.name} starts as ${life.system.name}`)
    this.#observe(node, life)
    if (this.#options.workload !== false) this.#spawnWorkload(life)
    this.#flushResets()
    return node
  }

  /** The process ends; `silent` as by loss of power, where nobody closes its connections. */
  kill(number: number, how: { readonly silent?: boolean } = {}): void {
    const node = this.node(number)
    if (!node.up) return
    const { wire } = node.life
    const silent = how.silent === true
    this.#say(`${node.name} ${silent ? 'loses power' : 'is killed'}`)
    this.wires.thaw(node.peerId)
    for (const link of wire.meeting.links.values()) {
      const deliver = (): void => this.network.find(link.peerId)?.loseLink(link)
      const { peerId: from } = node
      this.#resets.push({ from, to: link.peerId, silent, machine: node, deliver })
    }
    node.end()
    wire.vanish()
    this.#flushResets()
  }

  async restart(number: number): Promise<SimNode> {
    this.kill(number)
    return this.start(number)
  }

  /** Nothing of the process runs and nothing closes. Without a duration: until `resume`. */
  pause(number: number, duration?: Duration): void {
    const node = this.node(number)
    if (!node.up || node.paused) return
    this.#say(`${node.name} is stopped`)
    const { life } = node
    node.pause()
    this.wires.freeze(node.peerId)
    if (duration === undefined) return
    this.after(durationMs(duration), () => {
      if (node.up && node.life === life) this.resume(number)
    })
  }

  resume(number: number): void {
    const node = this.node(number)
    if (!node.paused) return
    this.#say(`${node.name} goes on`)
    node.resume()
    this.wires.thaw(node.peerId)
    this.changed()
  }

  /** Only nodes that share a side reach each other. */
  partition(sides: readonly (readonly number[])[]): void {
    this.#say(`the world falls apart: ${sides.map((side) => side.join(' ')).join(' | ')}`)
    this.wires.partition(sides.map((side) => side.map(peerIdOf)))
    this.changed()
  }

  /** All wires are whole and the weather is calm. */
  heal(): void {
    this.#say('all wires are whole')
    this.wires.heal()
    this.changed()
  }

  /** Change what passes from one node to another, in this direction only. */
  link(from: number, to: number, wire: Wire): void {
    this.#say(`from ${from} to ${to}: ${JSON.stringify(wire)}`)
    this.wires.set(peerIdOf(from), peerIdOf(to), wire)
    this.changed()
  }

  mend(from: number, to: number): void {
    this.wires.mend(peerIdOf(from), peerIdOf(to))
    this.changed()
  }

  /** Break the connection between two nodes, as a reset would. */
  cut(a: number, b: number): void {
    this.#say(`the connection between ${a} and ${b} breaks`)
    this.network.cut(peerIdOf(a), peerIdOf(b))
  }

  /** Let time pass. */
  async run(duration: Duration): Promise<void> {
    await this.time.advance(duration)
    this.#check()
  }

  /** Let time pass until something is so; answers how long that took. */
  async until(so: () => Promise<boolean> | boolean, within: Duration): Promise<number> {
    const beganAtMs = this.nowMs
    const withinMs = durationMs(within)
    while (!(await so())) {
      const passedMs = this.nowMs - beganAtMs
      if (passedMs >= withinMs) {
        throw new EdgeError('never_settles', `What was waited for is not so after ${passedMs} ms`)
      }
      await this.run(Math.min(untilStepMs, withinMs - passedMs))
    }
    return this.nowMs - beganAtMs
  }

  /** Go on, through time if need be, until the promise has settled. */
  async settle<T>(promise: Promise<T>): Promise<T> {
    const wait = { over: false }
    const settled = (): void => {
      wait.over = true
    }
    promise.then(settled, settled)
    await this.time.settle()
    while (!wait.over && (await this.time.step())) continue
    return promise
  }

  /** What every node that runs believes, by number. */
  hashes(): Promise<readonly string[]> {
    const up = this.nodes.filter((node) => node.up && !node.paused)
    return this.settle(Promise.all(up.map(async (node) => (await node.view()).viewHash)))
  }

  /** Every machine runs, and everyone holds everyone for alive, alike. */
  async agreed(): Promise<boolean> {
    const views = await this.settle(
      Promise.all(this.nodes.filter(({ up }) => up).map((node) => node.view())),
    )
    if (views.length < this.nodes.length) return false
    if (new Set(views.map(({ viewHash }) => viewHash)).size > 1) return false
    return views.every(({ members }) => {
      const alive = members.filter(({ liveness }) => liveness === 'alive')
      return alive.length === this.nodes.length
    })
  }

  after(delayMs: number, work: () => void): () => void {
    const alarm = { wanted: true, ring: work }
    this.time.setAlarm(this.nowMs + delayMs, alarm)
    return () => {
      alarm.wanted = false
    }
  }

  /** The wires are not what they were. */
  changed(): void {
    this.#flushResets()
    this.network.changed()
  }

  /** Something that was begun by itself has failed. */
  fail(error: Error): void {
    this.#failure ??= error
  }

  #openSite(): SimSite {
    const { plan } = this
    const { openCodec = (refs) => createMemoryCodec({ refs }), kinds = {} } = this.#options
    return {
      seed: plan.seed,
      time: this.time,
      network: this.network,
      trace: this.trace,
      openCodec,
      profile: membershipProfiles[plan.profile],
      order: plan.order,
      kinds,
      protocols: [Workload, ...(this.#options.protocols ?? [])],
      nodesMax: Math.max(100, 2 * plan.nodes),
      buggify: (name, probability) => this.buggify.happens(name, probability),
      seedsOf: (number) => [1, 2].filter((seed) => seed !== number && seed <= plan.nodes),
    }
  }

  #spawnWorkload(life: NodeLife): void {
    const { ledger, plan } = this
    const random = this.random.fork(`workload ${life.system.name}`)
    const targets = (): readonly string[] => this.#targets(life, random)
    const init = { ledger, life: () => life, random, beatMs: plan.beatMs, targets }
    life.system.spawn(workload, init, { name: 'workload', mailbox: { capacity: 1_000 } })
  }

  /** Systems that the life knows, and sometimes the earlier life of a node. */
  #targets(life: NodeLife, random: SeededRandom): readonly string[] {
    if (random.next() < 0.05) {
      const past = this.nodes.flatMap((node) => node.past)
      if (past.length > 0) return past
    }
    const others = this.nodes.filter(({ peerId }) => peerId !== life.net.peerId)
    return others.flatMap(({ peerId }) => life.mesh.systemOf(peerId) ?? [])
  }

  #observe(node: SimNode, life: NodeLife): void {
    const { name } = life.system
    life.system.events.subscribeAll((event, type) => {
      if (type === 'actor.restarted') {
        this.ledger.restarted(name, (event as { path: string }).path)
      } else if (type === 'actor.failed') {
        const { path, error } = event as { path: string; error: unknown }
        this.#say(`${name}${path} failed: ${String(error)}`)
      } else if (type.startsWith('member.')) this.#heard(node, name, type, event)
    })
  }

  #heard(node: SimNode, observer: string, type: string, event: unknown): void {
    const { member } = event as { member?: { peerId: string; incarnation: number } }
    if (member === undefined) return
    const about = member.peerId.replace(/^peer-/, 'edge-')
    this.#say(`${node.name} says ${type} of ${about} in life ${member.incarnation}`)
    this.ledger.incarnation(observer, member.peerId, member.incarnation)
  }

  #flushResets(): void {
    const waiting = this.#resets
    this.#resets = []
    for (const reset of waiting) {
      const told = !reset.silent || reset.machine.up
      if (told && this.wires.passes(reset.from, reset.to)) reset.deliver()
      else this.#resets.push(reset)
    }
  }

  #check(): void {
    this.ledger.inspect(this.lives)
    if (this.#failure !== null) throw this.#failure
    const [first] = this.ledger.breaches
    if (first === undefined) return
    const more = this.ledger.breaches.length - 1
    throw new EdgeError(
      'invariant_broken',
      `${first.invariant} is broken at ${first.atMs} ms: ${first.says} (${more} more breaches)`,
      { detail: { breaches: this.ledger.breaches.slice(0, 20) } },
    )
  }

  #say(text: string): void {
    this.trace.event(this.nowMs, text)
  }
}
