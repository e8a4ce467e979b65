/**
 * Membership news: what a node still has to tell, least told first, within a budget of bytes.
 *
 * Each claim rides on messages until it was sent λ·log n times (SWIM 4.1). Claims are urgent: the
 * gossip timer sends messages of their own for them. Heartbeats take what room is left, a few
 * times each. A newer piece about the same subject replaces the older one. Both lanes are bounded:
 * what was told most often is forgotten first, which push-pull or the next heartbeat repairs.
 */
import type { Heartbeat, MemberClaim, News, NodeId } from '../../protocols/membership.ts'
import { sizeOfClaim, sizeOfHeartbeat } from './membership-size.ts'

/** How many pieces one message considers, so that a long queue does not make sending slow. */
const looksMax = 64

export interface TellLimits {
  readonly budgetBytes: number
  /** How often a claim and a heartbeat are told before they are done. */
  readonly claimTells: number
  readonly heartbeatTells: number
}

export class NewsQueue {
  readonly #claims: Lane<MemberClaim>
  readonly #heartbeats: Lane<Heartbeat>
  readonly #accusations = new Map<NodeId, Set<string>>()

  constructor(capacity: number) {
    this.#claims = new Lane(capacity)
    this.#heartbeats = new Lane(capacity)
  }

  get size(): number {
    return this.#claims.size + this.#heartbeats.size
  }

  /** Claims that deserve a message of their own. */
  get urgent(): number {
    return this.#claims.size
  }

  /** Queue a claim; anything but one more accusation replaces all that was queued about the id. */
  pushClaim(claim: MemberClaim): void {
    const bytes = sizeOfClaim(claim)
    if (claim.liveness !== 'suspect') {
      this.forget(claim.id)
      this.#claims.push({ key: claim.id, piece: claim, bytes, told: 0 })
      return
    }
    const key = `${claim.id} ${claim.by ?? ''}`
    this.#accused(claim.id).add(key)
    this.#claims.push({ key, piece: claim, bytes, told: 0 })
  }

  pushHeartbeat(heartbeat: Heartbeat): void {
    const bytes = sizeOfHeartbeat(heartbeat)
    this.#heartbeats.push({ key: heartbeat.id, piece: heartbeat, bytes, told: 0 })
  }

  /** Drop every claim about an id. */
  forget(id: NodeId): void {
    this.#claims.remove(id)
    for (const key of this.#accusations.get(id) ?? []) this.#claims.remove(key)
    this.#accusations.delete(id)
  }

  /** Whether the last word about this id is still waiting to be told. */
  tells(id: NodeId): boolean {
    return this.#claims.has(id)
  }

  /** Choose what the next message carries; undefined when there is nothing to tell. */
  take(limits: TellLimits): News | undefined {
    if (this.size === 0) return undefined
    const claims = this.#claims.take(limits.budgetBytes, limits.claimTells)
    const left = limits.budgetBytes - claims.bytes
    const heartbeats = this.#heartbeats.take(left, limits.heartbeatTells)
    if (claims.pieces.length + heartbeats.pieces.length === 0) return undefined
    return { claims: claims.pieces, heartbeats: heartbeats.pieces }
  }

  #accused(id: NodeId): Set<string> {
    const known = this.#accusations.get(id) ?? new Set<string>()
    this.#accusations.set(id, known)
    return known
  }
}

interface Item<T> {
  readonly key: string
  readonly piece: T
  readonly bytes: number
  told: number
}

/** Pieces by how often they were told; within a level in order of arrival. */
class Lane<T> {
  readonly #levels: Map<string, Item<T>>[] = []
  readonly #items = new Map<string, Item<T>>()
  readonly #capacity: number

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#items.size
  }

  has(key: string): boolean {
    return this.#items.has(key)
  }

  push(item: Item<T>): void {
    this.remove(item.key)
    this.#insert(item)
    if (this.#items.size > this.#capacity) this.#dropMostTold()
  }

  remove(key: string): void {
    const item = this.#items.get(key)
    if (item === undefined) return
    this.#items.delete(key)
    this.#levels[item.told]?.delete(key)
  }

  take(
    budgetBytes: number,
    tells: number,
  ): { readonly pieces: readonly T[]; readonly bytes: number } {
    const chosen = this.#choose(budgetBytes)
    let bytes = 0
    for (const item of chosen) {
      bytes += item.bytes
      this.remove(item.key)
      item.told += 1
      if (item.told < tells) this.#insert(item)
    }
    return { pieces: chosen.map(({ piece }) => piece), bytes }
  }

  #choose(budgetBytes: number): readonly Item<T>[] {
    const chosen: Item<T>[] = []
    let left = budgetBytes
    let looks = looksMax
    for (const level of this.#levels) {
      for (const item of level.values()) {
        if (looks === 0) return chosen
        looks -= 1
        if (item.bytes > left) continue
        chosen.push(item)
        left -= item.bytes
      }
    }
    return chosen
  }

  #insert(item: Item<T>): void {
    while (this.#levels.length <= item.told) this.#levels.push(new Map())
    this.#levels[item.told]?.set(item.key, item)
    this.#items.set(item.key, item)
  }

  #dropMostTold(): void {
    const level = this.#levels.findLast((candidate) => candidate.size > 0)
    const oldest = level?.keys().next().value
    if (oldest !== undefined) this.remove(oldest)
  }
}
