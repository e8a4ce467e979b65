/**
 * Membership sync: the push-pull that repairs whatever gossip missed.
 *
 * Equal views cost one short digest. Otherwise the peers compare sums per bucket of ids and
 * exchange the records of buckets that differ, a bounded number of bytes at a time, until nothing
 * differs. Runs on every new connection, after joining, and rarely with a random member.
 */
import type {
  MemberClaim,
  MemberRecord,
  News,
  NodeId,
  SyncBuckets,
  SyncDigest,
  SyncRecords,
} from '../../protocols/membership.ts'
import { accusationOf, pickMembers } from './membership-gossip.ts'
import { takeNews } from './membership-claims.ts'
import { compareStandings, isNewerCard, isPresent } from './membership-precedence.ts'
import { pushPullIntervalMs } from './membership-profile.ts'
import { send } from './membership-state.ts'
import type { MembershipState, Step } from './membership-state.ts'
import { bucketBitsMax, bucketOfId } from './membership-table.ts'

/** Records per bucket that the cut aims at. */
const bucketAim = 16
/** An ordinary record with its card and heartbeat. */
const recordBytes = 512
/** Exchanges that one beginning may lead to. */
const passesMax = 64

export function runSync(step: Step): void {
  const { state, nowMs, random } = step
  if (nowMs < state.nextSyncMs) return
  const [member] = pickMembers(step, 1, ({ liveness }) => liveness === 'alive')
  const alone = member === undefined && state.seeds.length > 0
  const intervalMs = alone
    ? state.profile.probeIntervalMs
    : pushPullIntervalMs(state.profile, state.table.size)
  state.nextSyncMs = nowMs + intervalMs * (0.5 + random())
  const peer = member ?? state.seeds[Math.floor(random() * state.seeds.length)]
  if (peer !== undefined) beginSync(step, peer)
}

export function beginSync(step: Step, peer: NodeId): void {
  step.state.syncPassesLeft = passesMax
  sendDigest(step, peer)
}

export function takeSyncDigest(step: Step, from: NodeId, digest: SyncDigest): void {
  const { table } = step.state
  if (digest.hash === table.stateHash) return
  const bits = bitsFor(Math.max(digest.size, table.size))
  send(step, from, { type: 'sync-buckets', bits, sums: table.bucketSums(bits) })
}

export function takeSyncBuckets(step: Step, from: NodeId, offer: SyncBuckets): void {
  const { state } = step
  const own = state.table.bucketSums(offer.bits)
  if (offer.sums.length !== own.length) return
  const differing = differingBuckets(own, offer.sums)
  if (differing.length === 0) return
  const buckets = chooseBuckets(step, differing, offer.bits)
  const news = newsOf(state, { bits: offer.bits, buckets: new Set(buckets) })
  const more = buckets.length < differing.length
  send(step, from, { type: 'sync-records', bits: offer.bits, buckets, news, answer: true, more })
}

export function takeSyncRecords(step: Step, from: NodeId, records: SyncRecords): void {
  const { bits, buckets, more } = records
  takeNews(step, softened(step.state, records.news))
  if (records.answer) {
    const news = betterNews(step.state, records)
    send(step, from, { type: 'sync-records', bits, buckets, news, answer: false, more })
    return
  }
  if (!more || step.state.syncPassesLeft === 0) return
  step.state.syncPassesLeft -= 1
  sendDigest(step, from)
}

/**
 * A death that this node never heard of is taken as a suspicion: after a split each side holds
 * the other for dead, and one exchange must not bury a side that lives.
 */
function softened(state: MembershipState, news: News): News {
  const claims = news.claims.map((claim): MemberClaim => {
    const held = state.table.get(claim.id)?.liveness
    const unheard = claim.liveness === 'dead' && held !== undefined && isPresent(held)
    return unheard && claim.id !== state.self ? { ...claim, liveness: 'suspect' } : claim
  })
  return { ...news, claims }
}

function sendDigest(step: Step, peer: NodeId): void {
  const { table } = step.state
  send(step, peer, { type: 'sync-digest', hash: table.stateHash, size: table.size })
}

function bitsFor(size: number): number {
  return Math.max(0, Math.min(bucketBitsMax, Math.ceil(Math.log2(size / bucketAim))))
}

function differingBuckets(a: readonly number[], b: readonly number[]): readonly number[] {
  const differing: number[] = []
  for (let bucket = 0; bucket * 2 < a.length; bucket += 1) {
    const at = bucket * 2
    if (a[at] !== b[at] || a[at + 1] !== b[at + 1]) differing.push(bucket)
  }
  return differing
}

/** As many buckets as fit, beginning anywhere, so that no bucket is left out for ever. */
function chooseBuckets(step: Step, differing: readonly number[], bits: number): readonly number[] {
  const { table, limits } = step.state
  const perBucket = Math.max(1, Math.ceil(table.size / 2 ** bits))
  const count = Math.max(1, Math.floor(limits.syncBytes / (perBucket * recordBytes)))
  if (count >= differing.length) return differing
  const first = Math.floor(step.random() * differing.length)
  return [...differing.slice(first), ...differing.slice(0, first)].slice(0, count)
}

interface Region {
  readonly bits: number
  readonly buckets: ReadonlySet<number>
}

/** Everything this node holds about a region, the dead without their cards. */
function newsOf(state: MembershipState, region: Region): News {
  const members = [...state.table].filter(({ id }) => isIn(region, id))
  return newsAbout(state, members)
}

function newsAbout(state: MembershipState, members: readonly MemberRecord[]): News {
  const heard = members.flatMap(({ id }) => state.heartbeats.get(id)?.heartbeat ?? [])
  return { claims: members.map((member) => claimOf(state, member)), heartbeats: heard }
}

function claimOf(state: MembershipState, member: MemberRecord): MemberClaim {
  const { id, incarnation, liveness, card } = member
  const base = accusationOf(state, id) ?? { id, incarnation, liveness }
  return isPresent(liveness) ? { ...base, card } : base
}

/** What this node knows better than the claims that it was sent, or the sender does not know. */
function betterNews(state: MembershipState, records: SyncRecords): News {
  const region: Region = { bits: records.bits, buckets: new Set(records.buckets) }
  const told = new Map(records.news.claims.map((claim) => [claim.id, claim]))
  const better = [...state.table].filter((member) => {
    return isIn(region, member.id) && isBetter(member, told.get(member.id))
  })
  const news = newsAbout(state, better)
  const removed = records.news.claims.flatMap(({ id }) =>
    state.tombstones.has(id) ? (accusationOf(state, id) ?? []) : [],
  )
  return { ...news, claims: [...news.claims, ...removed] }
}

function isBetter(member: MemberRecord, told: MemberClaim | undefined): boolean {
  if (told === undefined) return isPresent(member.liveness)
  const order = compareStandings(member, told)
  if (order !== 0) return order > 0
  return told.card !== undefined && isNewerCard(member.card, told.card)
}

function isIn(region: Region, id: NodeId): boolean {
  return region.buckets.has(bucketOfId(id, region.bits))
}
