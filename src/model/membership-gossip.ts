/**
 * Membership gossip: who hears the news, and what rides on each message.
 *
 * Urgent news goes to a few random members at every gossip interval; everything else rides on
 * probes and their answers. Whoever is suspected or dead is told so first in any message sent to
 * it (Lifeguard's buddy), because it alone can refute.
 */
import type { MemberClaim, MemberRecord, News, NodeId } from '../../protocols/membership.ts'
import { retransmitLimit } from './membership-profile.ts'
import { isPresent } from './membership-precedence.ts'
import { envelopeBytes, sizeOfClaim } from './membership-size.ts'
import { send } from './membership-state.ts'
import type { MembershipState, Step } from './membership-state.ts'

/** Tables up to this size are searched whole; larger ones are sampled. */
const wholeSearchMax = 64
const triesPerPick = 16

/** The news for one message, or nothing: `{ ...rideTo(step, peer) }` adds no empty field. */
export function rideTo(step: Step, to: NodeId, about: NodeId = to): { readonly news?: News } {
  const { state } = step
  const warning = accusationOf(state, about)
  const taken = warning === undefined ? 0 : sizeOfClaim(warning)
  const news = state.news.take({
    budgetBytes: state.limits.messageBytes - envelopeBytes - taken,
    claimTells: retransmitLimit(state.profile, state.table.size),
    heartbeatTells: state.profile.heartbeatTells,
  })
  if (warning === undefined) return news === undefined ? {} : { news }
  const others = news?.claims.filter(({ id }) => id !== about) ?? []
  const claims = [warning, ...others]
  return { news: { claims, heartbeats: news?.heartbeats ?? [] } }
}

/** What is held against a member, in words that it can refute. */
export function accusationOf(state: MembershipState, id: NodeId): MemberClaim | undefined {
  const member = state.table.get(id)
  if (member === undefined) {
    const stone = state.tombstones.get(id)
    return stone && { id, incarnation: stone.incarnation, liveness: 'dead' }
  }
  const { incarnation, liveness } = member
  if (liveness === 'alive') return undefined
  const accuser = state.suspicions.get(id)?.accusers.keys().next().value
  const by = accuser ?? state.graves.get(id)?.by
  return { id, incarnation, liveness, ...(by === undefined ? {} : { by }) }
}

/** Tell urgent news when the interval is over. */
export function runGossip(step: Step): void {
  const { state, nowMs } = step
  if (state.news.urgent === 0 || nowMs < state.nextGossipMs) return
  state.nextGossipMs = nowMs + state.profile.gossipIntervalMs
  const { gossipFanout } = state.profile
  for (const to of pickMembers(step, gossipFanout, ({ liveness }) => isPresent(liveness))) {
    const { news } = rideTo(step, to)
    if (news !== undefined) send(step, to, { type: 'gossip', news })
  }
}

/** Up to `count` different random members other than this node. */
export function pickMembers(
  step: Step,
  count: number,
  accept: (member: MemberRecord) => boolean,
): readonly NodeId[] {
  const fits = (member: MemberRecord | undefined): member is MemberRecord =>
    member !== undefined && member.id !== step.state.self && accept(member)
  const { slots } = step.state.table
  return slots <= wholeSearchMax ? pickFromAll(step, count, fits) : sample(step, count, fits)
}

type Fits = (member: MemberRecord | undefined) => member is MemberRecord

function pickFromAll(step: Step, count: number, fits: Fits): readonly NodeId[] {
  const ids: NodeId[] = []
  for (const member of step.state.table) if (fits(member)) ids.push(member.id)
  const picked: NodeId[] = []
  while (picked.length < count && ids.length > 0) {
    const at = Math.floor(step.random() * ids.length)
    const last = ids.pop()
    const chosen = at < ids.length ? ids[at] : last
    if (at < ids.length && last !== undefined) ids[at] = last
    if (chosen !== undefined) picked.push(chosen)
  }
  return picked
}

function sample(step: Step, count: number, fits: Fits): readonly NodeId[] {
  const { table } = step.state
  const picked = new Set<NodeId>()
  for (let tries = count * triesPerPick; tries > 0 && picked.size < count; tries -= 1) {
    const member = table.at(Math.floor(step.random() * table.slots))
    if (fits(member)) picked.add(member.id)
  }
  return [...picked]
}
