/**
 * Membership world: many membership states over one imagined network, replayed by one seed.
 *
 * This is the scale model behind the constants of the profiles: it imitates latency, loss, kills,
 * stops, stalls, splits and what connections report about them, and nothing of the actors above.
 * The same seed gives the same run. Ten thousand nodes fit, because their tables share storage.
 */
import type {
  MemberCard,
  MemberRecord,
  MembershipLimits,
  NodeId,
  SwimMessage,
} from '../../protocols/membership.ts'
import { envelopeBytes, sizeOfClaim, sizeOfHeartbeat } from './membership-size.ts'
import type { MembershipProfile } from './membership-profile.ts'
import { createMembership } from './membership-state.ts'
import type { MembershipEffect, MembershipInput, MembershipState } from './membership-state.ts'
import { stepMembership } from './membership-step.ts'
import { MemberTable, Roster } from './membership-table.ts'
import { EventHeap } from './event-heap.ts'

export interface WorldOptions {
  readonly seed: number
  readonly nodes: number
  readonly profile: MembershipProfile
  readonly limits: MembershipLimits
  /** All know all from the start; otherwise each knows nobody until it joins. */
  readonly met?: boolean
  readonly loss?: number
  readonly latencyMs?: { readonly min: number; readonly mean: number }
  /** Connections per node: so many peers notice when it dies. */
  readonly links?: number
  /** Whether the address of a killed node refuses; otherwise a dial fails without a reason. */
  readonly refuses?: boolean
  readonly heartbeats?: boolean
  readonly onEffect?: (observer: number, effect: MembershipEffect, nowMs: number) => void
  /** Encoded size of a message; by default the bound that the model itself uses. */
  readonly sizeOf?: (message: SwimMessage) => number
}

interface Body {
  state: MembershipState
  alive: boolean
  /** Inputs wait so long: a stalled or stopped process. */
  pausedUntilMs: number
  readonly waiting: MembershipInput[]
  timerMs: number
  messages: number
  bytes: number
}

type Happening =
  | { readonly kind: 'input'; readonly node: number; readonly input: MembershipInput }
  | { readonly kind: 'timer'; readonly node: number }
  | { readonly kind: 'wake'; readonly node: number }
  | { readonly kind: 'heartbeat'; readonly node: number }
  | { readonly kind: 'call'; readonly run: () => void }

/** How late an ordinary timer fires. */
const timerSlackMs = 2
/** How long the other side needs to notice that a killed process closed its connections. */
const closeNoticeMs = { min: 5, max: 50 }

export class MembershipWorld {
  readonly options: WorldOptions
  readonly random: () => number
  readonly #bodies: Body[] = []
  readonly #numbers = new Map<NodeId, number>()
  readonly #heap = new EventHeap<Happening>()
  #sideOf: ((node: number) => number) | undefined
  #nowMs = 0

  constructor(options: WorldOptions) {
    this.options = options
    this.random = seededRandom(options.seed)
    const roster = new Roster(true)
    const base = new MemberTable(roster)
    for (let node = 0; node < options.nodes; node += 1) this.#numbers.set(nodeName(node), node)
    if (options.met === true) {
      for (let node = 0; node < options.nodes; node += 1) base.set(firstRecord(node))
    }
    for (let node = 0; node < options.nodes; node += 1) this.#addBody(node, base)
    for (let node = 0; node < options.nodes; node += 1) this.#begin(node)
  }

  get nowMs(): number {
    return this.#nowMs
  }

  state(node: number): MembershipState {
    return this.#body(node).state
  }

  isAlive(node: number): boolean {
    return this.#body(node).alive
  }

  /** Messages and bytes sent so far by a node. */
  sent(node: number): { readonly messages: number; readonly bytes: number } {
    const { messages, bytes } = this.#body(node)
    return { messages, bytes }
  }

  run(durationMs: number): void {
    const endMs = this.#nowMs + durationMs
    for (let next = this.#heap.peekMs(); next <= endMs; next = this.#heap.peekMs()) {
      const happening = this.#heap.pop()
      this.#nowMs = next
      if (happening !== undefined) this.#happen(happening)
    }
    this.#nowMs = endMs
  }

  at(delayMs: number, run: () => void): void {
    this.#heap.push(this.#nowMs + delayMs, { kind: 'call', run })
  }

  input(node: number, input: MembershipInput): void {
    this.#deliver(node, input)
  }

  /** The process ends; its connections close and its address refuses. */
  kill(node: number): void {
    this.#body(node).alive = false
    for (const peer of this.#linkedTo(node)) {
      const { min, max } = closeNoticeMs
      const delay = min + this.random() * (max - min)
      this.#later(delay, peer, { type: 'link-down', peer: nodeName(node) })
    }
  }

  /** The process freezes for a while, or for good: nothing closes. */
  pause(node: number, durationMs = Number.POSITIVE_INFINITY): void {
    const body = this.#body(node)
    body.pausedUntilMs = this.#nowMs + durationMs
    if (Number.isFinite(durationMs)) {
      this.#heap.push(body.pausedUntilMs, { kind: 'wake', node })
    }
  }

  /** A killed process starts again, knowing nobody, with a higher incarnation. */
  restart(node: number, peers: readonly number[]): void {
    const body = this.#body(node)
    const incarnation = body.state.incarnation + 1
    body.state = createMembership({ ...this.#optionsOf(node), incarnation })
    body.alive = true
    body.pausedUntilMs = 0
    body.waiting.length = 0
    this.#step(node, { type: 'join', peers: peers.map(nodeName) })
  }

  /** Only nodes of the same side hear each other; undefined heals. */
  split(sideOf: ((node: number) => number) | undefined): void {
    this.#sideOf = sideOf
  }

  #addBody(node: number, base: MemberTable): void {
    const table = this.options.met === true ? base.clone() : new MemberTable()
    const state = createMembership({ ...this.#optionsOf(node), incarnation: 1, table })
    this.#bodies.push({
      state,
      alive: true,
      pausedUntilMs: 0,
      waiting: [],
      timerMs: Number.POSITIVE_INFINITY,
      messages: 0,
      bytes: 0,
    })
  }

  #begin(node: number): void {
    const { met, heartbeats } = this.options
    if (met === true) {
      this.#step(node, { type: 'join', peers: [] })
      const { news, self } = this.state(node)
      news.forget(self)
    }
    if (heartbeats === true) this.#planHeartbeat(node, this.random())
  }

  #optionsOf(node: number): Pick<MembershipState, 'self' | 'profile' | 'limits' | 'card'> {
    const { profile, limits } = this.options
    return { self: nodeName(node), profile, limits, card: cardOf(node) }
  }

  #happen(happening: Happening): void {
    switch (happening.kind) {
      case 'call':
        happening.run()
        return
      case 'input':
        this.#deliver(happening.node, happening.input)
        return
      case 'timer':
        this.#fireTimer(happening.node)
        return
      case 'wake':
        this.#wake(happening.node)
        return
      case 'heartbeat':
        this.#beat(happening.node)
        return
      default:
        happening satisfies never
    }
  }

  #deliver(node: number, input: MembershipInput): void {
    const body = this.#body(node)
    if (!body.alive) return
    if (body.pausedUntilMs > this.#nowMs) body.waiting.push(input)
    else this.#step(node, input)
  }

  #fireTimer(node: number): void {
    const body = this.#body(node)
    if (!body.alive || body.timerMs > this.#nowMs) return
    body.timerMs = Number.POSITIVE_INFINITY
    if (body.pausedUntilMs > this.#nowMs) return
    if (body.state.dueMs > this.#nowMs) this.#planTimer(node)
    else this.#step(node, { type: 'tick' })
  }

  /** Timers run before input that arrived meanwhile: the hardest order for the others. */
  #wake(node: number): void {
    const body = this.#body(node)
    if (!body.alive || body.pausedUntilMs > this.#nowMs) return
    this.#step(node, { type: 'tick' })
    for (const input of body.waiting.splice(0)) this.#step(node, input)
  }

  #beat(node: number): void {
    const resources = idleResources
    this.#deliver(node, { type: 'heartbeat', resources, wallMs: 1.8e12 + this.#nowMs })
    this.#planHeartbeat(node, 1)
  }

  #planHeartbeat(node: number, share: number): void {
    const delay = share * this.options.profile.heartbeatIntervalMs
    this.#heap.push(this.#nowMs + delay, { kind: 'heartbeat', node })
  }

  #step(node: number, input: MembershipInput): void {
    const body = this.#body(node)
    for (const effect of stepMembership(body.state, input, this.#nowMs, this.random)) {
      if (effect.type === 'send') this.#send(node, effect.to, effect.message)
      else this.options.onEffect?.(node, effect, this.#nowMs)
    }
    this.#planTimer(node)
  }

  #planTimer(node: number): void {
    const body = this.#body(node)
    if (body.state.dueMs >= body.timerMs) return
    body.timerMs = body.state.dueMs + this.random() * timerSlackMs
    this.#heap.push(body.timerMs, { kind: 'timer', node })
  }

  #send(from: number, to: NodeId, message: SwimMessage): void {
    const body = this.#body(from)
    body.messages += 1
    body.bytes += (this.options.sizeOf ?? sizeBound)(message)
    const target = this.#numbers.get(to)
    if (target === undefined || this.#isCut(from, target)) return
    if (this.random() < (this.options.loss ?? 0)) return
    if (!this.#body(target).alive) {
      const refused = this.options.refuses !== false
      this.#later(this.#latency(), from, { type: 'link-failed', peer: to, refused })
      return
    }
    this.#later(this.#latency(), target, { type: 'message', from: nodeName(from), message })
  }

  #isCut(a: number, b: number): boolean {
    return this.#sideOf !== undefined && this.#sideOf(a) !== this.#sideOf(b)
  }

  #later(delayMs: number, node: number, input: MembershipInput): void {
    this.#heap.push(this.#nowMs + delayMs, { kind: 'input', node, input })
  }

  #latency(): number {
    const { min, mean } = this.options.latencyMs ?? { min: 0.2, mean: 1 }
    return min - Math.log(1 - this.random()) * (mean - min)
  }

  #linkedTo(node: number): readonly number[] {
    const { nodes, links = 64 } = this.options
    if (nodes - 1 <= links) {
      return this.#bodies.flatMap((_, other) => (other === node ? [] : other))
    }
    const peers = new Set<number>()
    while (peers.size < links) peers.add(Math.floor(this.random() * nodes))
    peers.delete(node)
    return [...peers]
  }

  #body(node: number): Body {
    const body = this.#bodies[node]
    if (body === undefined) throw new RangeError(`the world has no node ${node}`)
    return body
  }
}

/** As long as a peer id, so that sizes are real. */
export function nodeName(node: number): NodeId {
  return `12D3KooW${String(node).padStart(44, 'x')}`
}

/** A small seeded generator of numbers in [0, 1) (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d_2b_79_f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_00_00_00_00
  }
}

function cardOf(node: number): MemberCard {
  return {
    name: `edge-${node}`,
    addresses: [`/ip4/10.0.${(node >> 8) & 255}.${node & 255}/tcp/4001`],
    zone: 'z1',
    weight: 1,
    capabilities: [],
    version: '0.1.0',
    admin: 'open',
    condition: 'ok',
    revision: 0,
  }
}

function firstRecord(node: number): MemberRecord {
  const id = nodeName(node)
  return { id, incarnation: 1, liveness: 'alive', sinceMs: 0, card: cardOf(node) }
}

const idleResources = {
  cpuPercent: 3.5,
  memoryMb: 180,
  memoryMaxMb: 4_096,
  diskFreeMb: 20_000,
  loopDelayMs: 1.2,
  queued: 0,
}

function sizeBound(message: SwimMessage): number {
  const news = 'news' in message ? message.news : undefined
  const claims = news?.claims.reduce((sum, claim) => sum + sizeOfClaim(claim), 0) ?? 0
  const beats = news?.heartbeats.reduce((sum, beat) => sum + sizeOfHeartbeat(beat), 0) ?? 0
  const sums = message.type === 'sync-buckets' ? message.sums.length * 5 : 0
  return envelopeBytes + claims + beats + sums
}
