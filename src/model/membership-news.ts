/**
 * Membership news: what a node still has to tell, least told first, within a budget of bytes.
 *
 * Each piece rides on messages until it was sent λ·log n times (SWIM 4.1). Claims about liveness
 * are urgent: the gossip timer sends messages of their own for them. Heartbeats only ride along.
 * A newer piece about the same subject replaces the older one. The queue is bounded: what was told
 * most often is forgotten first, which push-pull repairs.
 */
import type { Heartbeat, MemberClaim, News, NodeId } from '../../protocols/membership.ts'
import { sizeOfClaim, sizeOfHeartbeat } from './membership-size.ts'

interface Item {
  readonly key: string
  readonly claim?: MemberClaim
  readonly heartbeat?: Heartbeat
  readonly bytes: number
  sent: number
}

/** How many pieces one message considers, so that a long queue does not make sending slow. */
const looksMax = 64

export class NewsQueue {
  /** Pieces by how often they were sent; within a level in order of arrival. */
  readonly #levels: Map<string, Item>[] = []
  readonly #items = new Map<string, Item>()
  readonly #accusations = new Map<NodeId, Set<string>>()
  readonly #capacity: number
  #urgent = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#items.size
  }

  /** Claims that deserve a message of their own. */
  get urgent(): number {
    return this.#urgent
  }

  /** Queue a claim; anything but one more accusation replaces all that was queued about the id. */
  pushClaim(claim: MemberClaim): void {
    if (claim.liveness === 'suspect') {
      const key = `${claim.id} ${claim.by ?? ''}`
      this.#accused(claim.id).add(key)
      this.#push({ key, claim, bytes: sizeOfClaim(claim), sent: 0 })
      return
    }
    this.forget(claim.id)
    this.#push({ key: claim.id, claim, bytes: sizeOfClaim(claim), sent: 0 })
  }

  pushHeartbeat(heartbeat: Heartbeat): void {
    const key = `${heartbeat.id} heartbeat`
    this.#push({ key, heartbeat, bytes: sizeOfHeartbeat(heartbeat), sent: 0 })
  }

  /** Drop every claim about an id. */
  forget(id: NodeId): void {
    this.#remove(id)
    for (const key of this.#accusations.get(id) ?? []) this.#remove(key)
    this.#accusations.delete(id)
  }

  /** Whether a claim about this id is still waiting to be told. */
  tells(id: NodeId): boolean {
    return this.#items.has(id)
  }

  /** Choose what the next message carries; undefined when there is nothing to tell. */
  take(budgetBytes: number, limit: number): News | undefined {
    if (this.#items.size === 0) return undefined
    const chosen = this.#choose(budgetBytes)
    if (chosen.length === 0) return undefined
    const claims: MemberClaim[] = []
    const heartbeats: Heartbeat[] = []
    for (const item of chosen) {
      if (item.claim !== undefined) claims.push(item.claim)
      if (item.heartbeat !== undefined) heartbeats.push(item.heartbeat)
      this.#advance(item, limit)
    }
    return { claims, heartbeats }
  }

  #choose(budgetBytes: number): readonly Item[] {
    const chosen: Item[] = []
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

  #advance(item: Item, limit: number): void {
    this.#remove(item.key)
    item.sent += 1
    if (item.sent < limit) this.#insert(item)
  }

  #push(item: Item): void {
    this.#remove(item.key)
    this.#insert(item)
    if (this.#items.size > this.#capacity) this.#dropMostTold()
  }

  #insert(item: Item): void {
    while (this.#levels.length <= item.sent) this.#levels.push(new Map())
    this.#levels[item.sent]?.set(item.key, item)
    this.#items.set(item.key, item)
    if (item.claim !== undefined) this.#urgent += 1
  }

  #remove(key: string): void {
    const item = this.#items.get(key)
    if (item === undefined) return
    this.#items.delete(key)
    this.#levels[item.sent]?.delete(key)
    if (item.claim !== undefined) this.#urgent -= 1
  }

  #dropMostTold(): void {
    const level = this.#levels.findLast((candidate) => candidate.size > 0)
    const oldest = level?.keys().next().value
    if (oldest !== undefined) this.#remove(oldest)
  }

  #accused(id: NodeId): Set<string> {
    const known = this.#accusations.get(id) ?? new Set<string>()
    this.#accusations.set(id, known)
    return known
  }
}
