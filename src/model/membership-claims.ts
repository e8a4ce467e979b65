/**
 * Membership claims: how one node's word about another changes what this node holds.
 *
 * A claim that does not win is dropped, one that wins is stored, announced and passed on; so news
 * dies out by itself. Claims about this node are answered instead: what says that it is suspect or
 * dead is refuted with a higher incarnation. An identity that was removed returns only with an
 * incarnation above the one that died (CM-2).
 */
import type {
  Heartbeat,
  MemberCard,
  MemberClaim,
  MemberRecord,
  News,
  NodeId,
} from '../../protocols/membership.ts'
import { decideFence } from './membership-fence.ts'
import { isNewerHeartbeat } from './membership-heartbeat.ts'
import { compareStandings, isNewerCard, isPresent } from './membership-precedence.ts'
import { adjustAwareness, emit } from './membership-state.ts'
import type { Step } from './membership-state.ts'
import { confirmSuspicion, openSuspicion } from './membership-suspicion.ts'

export function takeNews(step: Step, news: News): void {
  for (const claim of news.claims) takeClaim(step, claim)
  for (const heartbeat of news.heartbeats) takeHeartbeat(step, heartbeat)
}

export function takeClaim(step: Step, claim: MemberClaim): void {
  const { state } = step
  if (claim.id === state.self) {
    takeClaimAboutSelf(step, claim)
    return
  }
  const known = state.table.get(claim.id)
  if (known === undefined) {
    takeClaimAboutStranger(step, claim)
    return
  }
  const order = compareStandings(claim, known)
  if (order > 0) applyClaim(step, claim, known)
  else if (order === 0) confirmClaim(step, claim, known)
}

/** Put a new life of this node before the others, such as after joining or a refutation. */
export function announceSelf(step: Step): void {
  const { state } = step
  const { self: id, incarnation, card } = state
  state.table.set({ id, incarnation, liveness: 'alive', sinceMs: step.nowMs, card })
  state.news.pushClaim({ id, incarnation, liveness: 'alive', card })
}

export function raiseIncarnation(step: Step, incarnation: number): void {
  step.state.incarnation = incarnation
  step.effects.push({ type: 'incarnation', incarnation })
  announceSelf(step)
}

export function reviseCard(step: Step, change: Partial<MemberCard>): void {
  const { state } = step
  state.card = { ...state.card, ...change, revision: state.card.revision + 1 }
  if (state.phase !== 'joined') return
  announceSelf(step)
  const member = state.table.get(state.self)
  if (member !== undefined) emit(step, 'member.updated', member)
}

/** Forget the dead that were shown long enough, leaving tombstones, and splits that healed. */
export function buryTheDead(step: Step): void {
  const { state, nowMs } = step
  for (const [id, grave] of state.graves) {
    const kept = nowMs - grave.sinceMs < state.profile.deadKeepMs
    if (kept && state.graves.size <= state.limits.deadRecords) break
    bury(step, id, grave.incarnation)
  }
  for (const [id, stone] of state.tombstones) {
    if (stone.untilMs > nowMs && state.tombstones.size <= state.limits.tombstones) break
    state.tombstones.delete(id)
  }
  for (const [id, sinceMs] of state.returned) {
    const recent = nowMs - sinceMs < state.profile.returnMs
    if (recent && state.returned.size <= state.limits.deadRecords) break
    state.returned.delete(id)
  }
}

function bury(step: Step, id: NodeId, incarnation: number): void {
  const { state } = step
  const member = state.table.get(id)
  state.graves.delete(id)
  state.heartbeats.delete(id)
  state.coordinates.delete(id)
  state.news.forget(id)
  state.table.delete(id)
  engrave(step, id, incarnation)
  if (member !== undefined) emit(step, 'member.removed', member)
}

function engrave(step: Step, id: NodeId, incarnation: number): void {
  const { state, nowMs } = step
  state.tombstones.delete(id)
  state.tombstones.set(id, { incarnation, untilMs: nowMs + state.profile.tombstoneKeepMs })
}

function takeClaimAboutStranger(step: Step, claim: MemberClaim): void {
  const { state, nowMs } = step
  const stone = state.tombstones.get(claim.id)
  if (stone !== undefined && claim.incarnation <= stone.incarnation) return
  if (!isPresent(claim.liveness)) {
    engrave(step, claim.id, claim.incarnation)
    return
  }
  const { id, incarnation, liveness, card } = claim
  if (card === undefined) return
  state.tombstones.delete(id)
  const record: MemberRecord = { id, incarnation, liveness: 'alive', sinceMs: nowMs, card }
  state.table.set(record)
  state.news.pushClaim({ id, incarnation, liveness: 'alive', card })
  emit(step, 'member.up', record)
  if (liveness === 'suspect') applyClaim(step, claim, record)
}

function applyClaim(step: Step, claim: MemberClaim, known: MemberRecord): void {
  const { state, nowMs } = step
  const newer = claim.card !== undefined && isNewLife(claim, known) ? claim.card : known.card
  const { id, incarnation, liveness } = claim
  const record: MemberRecord = { id, incarnation, liveness, sinceMs: nowMs, card: newer }
  state.table.set(record)
  state.suspicions.delete(id)
  state.graves.delete(id)
  state.returned.delete(id)
  if (known.liveness === 'dead' && liveness === 'alive') state.returned.set(id, nowMs)
  if (liveness === 'suspect') {
    const { profile, table } = state
    state.suspicions.set(id, openSuspicion(claim, { profile, size: table.size, nowMs }))
    if (claim.by !== state.self) state.hearsay.push(id)
  }
  if (!isPresent(liveness)) state.graves.set(id, { sinceMs: nowMs, incarnation, by: claim.by })
  state.news.pushClaim(liveness === 'alive' ? { ...claim, card: newer } : claim)
  emit(step, eventOf(record, known), record)
}

/** The same standing again: a further accuser, or a newer card of the same life. */
function confirmClaim(step: Step, claim: MemberClaim, known: MemberRecord): void {
  const { state, nowMs } = step
  const suspicion = state.suspicions.get(claim.id)
  if (suspicion !== undefined && confirmSuspicion(suspicion, claim, nowMs)) {
    state.news.pushClaim(claim)
  }
  const { card } = claim
  if (card === undefined || !isNewerCard(card, known.card)) return
  const record: MemberRecord = { ...known, card }
  state.table.set(record)
  if (claim.liveness === 'alive') state.news.pushClaim(claim)
  emit(step, 'member.updated', record)
}

/** A higher incarnation may come with a card that began counting anew. */
function isNewLife(claim: MemberClaim, known: MemberRecord): boolean {
  if (claim.card === undefined) return false
  return claim.incarnation > known.incarnation || isNewerCard(claim.card, known.card)
}

function eventOf(record: MemberRecord, known: MemberRecord): Parameters<typeof emit>[1] {
  if (record.liveness === 'suspect') return 'member.suspect'
  if (record.liveness === 'dead') return 'member.dead'
  if (record.liveness === 'left') return 'member.left'
  if (!isPresent(known.liveness)) return 'member.up'
  return known.liveness === 'suspect' ? 'member.cleared' : 'member.updated'
}

function takeClaimAboutSelf(step: Step, claim: MemberClaim): void {
  const { state } = step
  if (state.phase !== 'joined') return
  if (claim.incarnation < state.incarnation) {
    // A suspicion that came first was refuted; the verdict that followed it still counts (CM-3).
    if (claim.liveness === 'dead') answerCondemnation(step, claim)
    // Someone missed the refutation: tell it again, beginning with the answer to this message.
    if (claim.liveness !== 'alive' && !state.news.tells(state.self)) announceSelf(step)
    return
  }
  if (claim.liveness === 'alive') {
    if (claim.incarnation === state.incarnation) return
    step.effects.push({ type: 'conflict', incarnation: claim.incarnation })
  } else {
    adjustAwareness(state, 1)
  }
  if (claim.liveness === 'dead') answerCondemnation(step, claim)
  raiseIncarnation(step, claim.incarnation + 1)
}

/** Each incarnation dies once, however often it is told. */
function answerCondemnation(step: Step, claim: MemberClaim): void {
  const { state, effects } = step
  if (claim.incarnation <= state.condemned) return
  state.condemned = claim.incarnation
  const { by } = claim
  const known = by === undefined ? undefined : state.table.get(by)?.liveness
  const accuser = by !== undefined && state.returned.has(by) ? 'dead' : known
  const back = state.returned.size
  const heard = {
    accuser,
    present: state.table.size - back,
    dead: state.table.count('dead') + back,
  }
  if (decideFence(heard) === 'fence') effects.push({ type: 'fence', reason: 'declared-dead' })
}

function takeHeartbeat(step: Step, heartbeat: Heartbeat): void {
  const { state, nowMs } = step
  if (heartbeat.id === state.self || state.table.get(heartbeat.id) === undefined) return
  const known = state.heartbeats.get(heartbeat.id)?.heartbeat
  if (!isNewerHeartbeat(heartbeat, known)) return
  state.heartbeats.set(heartbeat.id, { heartbeat, heardAtMs: nowMs })
  state.news.pushHeartbeat(heartbeat)
}
