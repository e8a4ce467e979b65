/**
 * Membership table: the records that one node holds about all others, with running sums.
 *
 * Sums over the records are kept at every change, so that view hash, digest and counts cost
 * nothing to read. Storage is in small chunks that a clone shares until one side writes: the
 * scale model gives ten thousand nodes a table of ten thousand members each. Ids are numbered by
 * a roster, which may be shared between tables too; a number says nothing about membership.
 */
import type { Liveness, MemberRecord, NodeId } from '../../protocols/membership.ts'
import { foldNumber, hashText, hex32 } from './membership-hash.ts'
import { isPresent } from './membership-precedence.ts'

const chunkSize = 32
export const bucketBitsMax = 8
const bucketCount = 2 ** bucketBitsMax
const admins = { open: 1, draining: 2, maintenance: 3 } as const
const conditions = { ok: 1, degraded: 2, syncing: 3 } as const

interface RosterEntry {
  readonly slot: number
  readonly lanes: readonly [number, number]
}

/** Numbers ids; a number is free again once its id is released, unless tables share the roster. */
export class Roster {
  readonly #entries = new Map<NodeId, RosterEntry>()
  readonly #free: number[] = []
  readonly #shared: boolean
  #size = 0

  constructor(shared = false) {
    this.#shared = shared
  }

  get size(): number {
    return this.#size
  }

  find(id: NodeId): RosterEntry | undefined {
    return this.#entries.get(id)
  }

  enter(id: NodeId): RosterEntry {
    const known = this.#entries.get(id)
    if (known !== undefined) return known
    const slot = this.#free.pop() ?? this.#size++
    const entry: RosterEntry = { slot, lanes: [hashText(id, 0), hashText(id, 0x5b_d1_e9_95)] }
    this.#entries.set(id, entry)
    return entry
  }

  release(id: NodeId): void {
    const entry = this.#entries.get(id)
    if (entry === undefined || this.#shared) return
    this.#entries.delete(id)
    this.#free.push(entry.slot)
  }
}

type Chunk = (MemberRecord | undefined)[]

export class MemberTable {
  readonly #roster: Roster
  #chunks: Chunk[] = []
  #owned: boolean[] = []
  #sums = new Uint32Array(bucketCount * 2)
  #ownSums = true
  #view: [number, number] = [0, 0]
  readonly #counts: Record<Liveness, number> = { alive: 0, suspect: 0, dead: 0, left: 0 }

  constructor(roster: Roster = new Roster()) {
    this.#roster = roster
  }

  /** A table with the same records; each side copies a chunk when it first writes to it. */
  clone(): MemberTable {
    const copy = new MemberTable(this.#roster)
    this.#owned = this.#chunks.map(() => false)
    this.#ownSums = false
    copy.#chunks = this.#chunks.slice()
    copy.#owned = this.#chunks.map(() => false)
    copy.#sums = this.#sums
    copy.#ownSums = false
    copy.#view = [...this.#view]
    Object.assign(copy.#counts, this.#counts)
    return copy
  }

  /** Slots are dense enough to pick one at random; some of them may be empty. */
  get slots(): number {
    return this.#roster.size
  }

  at(slot: number): MemberRecord | undefined {
    return this.#chunks[Math.floor(slot / chunkSize)]?.[slot % chunkSize]
  }

  get(id: NodeId): MemberRecord | undefined {
    const entry = this.#roster.find(id)
    return entry === undefined ? undefined : this.at(entry.slot)
  }

  count(liveness: Liveness): number {
    return this.#counts[liveness]
  }

  /** Members that are counted on: alive and suspect ones, the node itself included. */
  get size(): number {
    return this.#counts.alive + this.#counts.suspect
  }

  set(record: MemberRecord): void {
    const entry = this.#roster.enter(record.id)
    this.#account(entry, this.at(entry.slot), -1)
    this.#writable(entry.slot)[entry.slot % chunkSize] = record
    this.#account(entry, record, 1)
  }

  delete(id: NodeId): void {
    const entry = this.#roster.find(id)
    if (entry === undefined) return
    this.#account(entry, this.at(entry.slot), -1)
    this.#writable(entry.slot)[entry.slot % chunkSize] = undefined
    this.#roster.release(id)
  }

  *[Symbol.iterator](): IterableIterator<MemberRecord> {
    for (const chunk of this.#chunks) {
      for (const record of chunk) if (record !== undefined) yield record
    }
  }

  /** Fingerprint of who is present and open: two nodes with the same one place alike. */
  get viewHash(): string {
    return hex32(this.#view[0]) + hex32(this.#view[1])
  }

  /** Fingerprint of every present record, down to its card. */
  get stateHash(): string {
    return this.bucketSums(0).map(hex32).join('')
  }

  /** Sums of the records whose ids fall into each of 2^bits buckets, two numbers per bucket. */
  bucketSums(bits: number): number[] {
    const folded: number[] = Array.from({ length: 2 ** (bits + 1) }, () => 0)
    const width = 2 ** (bucketBitsMax - bits)
    for (let fine = 0; fine < bucketCount; fine += 1) {
      const at = Math.floor(fine / width) * 2
      folded[at] = ((folded[at] ?? 0) + (this.#sums[fine * 2] ?? 0)) >>> 0
      folded[at + 1] = ((folded[at + 1] ?? 0) + (this.#sums[fine * 2 + 1] ?? 0)) >>> 0
    }
    return folded
  }

  #account(entry: RosterEntry, record: MemberRecord | undefined, sign: 1 | -1): void {
    if (record === undefined) return
    this.#counts[record.liveness] += sign
    if (!isPresent(record.liveness)) return
    if (!this.#ownSums) this.#sums = this.#sums.slice()
    this.#ownSums = true
    const bucket = bucketOf(entry.lanes[0], bucketBitsMax)
    for (const lane of [0, 1] as const) {
      const at = bucket * 2 + lane
      this.#sums[at] = (this.#sums[at] ?? 0) + sign * recordHash(entry.lanes[lane], record)
      const seen = foldNumber(entry.lanes[lane], admins[record.card.admin])
      this.#view[lane] = (this.#view[lane] + sign * seen) >>> 0
    }
  }

  #writable(slot: number): Chunk {
    const at = Math.floor(slot / chunkSize)
    while (this.#chunks.length <= at) {
      this.#chunks.push([])
      this.#owned.push(true)
    }
    const chunk = this.#chunks[at] ?? []
    if (this.#owned[at] === true) return chunk
    const copy = chunk.slice()
    this.#chunks[at] = copy
    this.#owned[at] = true
    return copy
  }
}

export function bucketOfId(id: NodeId, bits: number): number {
  return bucketOf(hashText(id, 0), bits)
}

function bucketOf(lane: number, bits: number): number {
  return bits === 0 ? 0 : lane >>> (32 - bits)
}

function recordHash(lane: number, { incarnation, card }: MemberRecord): number {
  const facts = admins[card.admin] * 4 + conditions[card.condition]
  return foldNumber(foldNumber(foldNumber(lane, incarnation), card.revision), facts)
}
