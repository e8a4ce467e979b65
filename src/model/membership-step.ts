/**
 * Membership step: one input into the state, effects out. The whole of SWIM behind one function.
 *
 * Every call first asks whether it comes late: a node that overslept its own plan moves its
 * deadlines before it judges anyone (FD-3). Then the input counts, then whatever is due. The
 * caller keeps a timer at `state.dueMs` and carries out the effects in their order.
 */
import type { NodeId, SwimMessage } from '../../protocols/membership.ts'
import {
  buryTheDead,
  raiseIncarnation,
  reviseCard,
  takeClaim,
  takeNews,
} from './membership-claims.ts'
import { runGossip } from './membership-gossip.ts'
import {
  askSuspect,
  checkMember,
  runKnock,
  runProbes,
  takeAck,
  takeLinkFailure,
  takeNack,
  takePing,
  takePingRequest,
} from './membership-probes.ts'
import { heartbeatSpreadMs } from './membership-profile.ts'
import { decideCondition } from './membership-status.ts'
import { adjustAwareness } from './membership-state.ts'
import type {
  MembershipEffect,
  MembershipInput,
  MembershipState,
  Step,
} from './membership-state.ts'
import { judgeSuspicion, suspicionDueMs } from './membership-suspicion.ts'
import type { Jury, Suspicion } from './membership-suspicion.ts'
import {
  beginSync,
  runSync,
  takeSyncBuckets,
  takeSyncDigest,
  takeSyncRecords,
} from './membership-sync.ts'
import { decideStall } from './stall.ts'

/** Seeds that a joining node asks at once. */
const seedsAsked = 3
/** Gossip intervals that a leaving node stays to tell so. */
const leaveIntervals = 10

export function stepMembership(
  state: MembershipState,
  input: MembershipInput,
  nowMs: number,
  random: () => number,
): readonly MembershipEffect[] {
  const step: Step = { state, nowMs, random, effects: [] }
  const lateMs = Math.max(nowMs - state.dueMs, input.type === 'stall' ? input.gapMs : 0)
  if (lateMs > 0) noteStall(step, lateMs)
  takeInput(step, input)
  if (isActive(state)) runDue(step)
  state.dueMs = dueMsOf(state, nowMs)
  return step.effects
}

function takeInput(step: Step, input: MembershipInput): void {
  const { state } = step
  switch (input.type) {
    case 'tick':
    // A stall was counted before anything else, by its longest measure.
    case 'stall':
      return
    case 'message':
      hear(step, input.from, input.message)
      return
    case 'link-up':
      if (state.phase === 'joined' && state.self < input.peer) beginSync(step, input.peer)
      return
    case 'link-down':
      if (state.phase === 'joined') checkMember(step, input.peer, { closed: true })
      return
    case 'link-failed':
      takeLinkFailure(step, input.peer, input.refused)
      return
    case 'join':
      join(step, input.peers)
      return
    case 'leave':
      leave(step)
      return
    case 'card':
      reviseCard(step, input.change)
      return
    case 'syncing':
      state.syncing = input.value
      reviewCondition(step)
      return
    case 'heartbeat':
      takeOwnHeartbeat(step, input)
      return
    default:
      input satisfies never
  }
}

/** One held dead that speaks and proves it lives may bring a whole side with it: compare views. */
function hear(step: Step, from: NodeId, message: SwimMessage): void {
  const { table } = step.state
  const wasDead = table.get(from)?.liveness === 'dead'
  takeMessage(step, from, message)
  if (wasDead && table.get(from)?.liveness === 'alive') beginSync(step, from)
}

function takeMessage(step: Step, from: NodeId, message: SwimMessage): void {
  if (!isActive(step.state)) return
  switch (message.type) {
    case 'ping':
      meetStranger(step, from)
      takePing(step, from, message)
      return
    case 'ack':
      takeAck(step, from, message)
      return
    case 'ping-req':
      takePingRequest(step, from, message)
      return
    case 'nack':
      takeNack(step, from, message)
      return
    case 'gossip':
      takeNews(step, message.news)
      return
    case 'sync-digest':
      takeSyncDigest(step, from, message)
      return
    case 'sync-buckets':
      takeSyncBuckets(step, from, message)
      return
    case 'sync-records':
      takeSyncRecords(step, from, message)
      return
    default:
      message satisfies never
  }
}

function runDue(step: Step): void {
  const { state, nowMs } = step
  if (state.phase === 'joined') {
    if (nowMs >= state.stalledUntilMs) reviewCondition(step)
    runProbes(step)
    secondAccusations(step)
    for (const [id, suspicion] of state.suspicions) reviewSuspicion(step, id, suspicion)
    runSync(step)
    runKnock(step)
  }
  runGossip(step)
  if (state.phase === 'leaving') finishLeave(step)
  buryTheDead(step)
}

function join(step: Step, peers: readonly NodeId[]): void {
  const { state, nowMs, random } = step
  const { pushPullIntervalMs: pushPullMs } = state.profile
  state.seeds = peers
  if (state.phase === 'joined') {
    for (const peer of peers.slice(0, seedsAsked)) beginSync(step, peer)
    return
  }
  if (state.phase !== 'idle') state.incarnation += 1
  state.phase = 'joined'
  state.nextProbeMs = nowMs + random() * state.profile.probeIntervalMs
  const firstSyncMs = peers.length > 0 ? state.profile.probeIntervalMs : pushPullMs
  state.nextSyncMs = nowMs + (0.5 + random()) * firstSyncMs
  state.nextKnockMs = nowMs + random() * state.profile.knockIntervalMs
  const spareMs = heartbeatSpreadMs(state.profile, state.table.size)
  state.nextHeartbeatSpreadMs = nowMs + random() * (spareMs - state.profile.heartbeatIntervalMs)
  raiseIncarnation(step, state.incarnation)
  for (const peer of peers.slice(0, seedsAsked)) beginSync(step, peer)
}

function leave(step: Step): void {
  const { state, nowMs } = step
  if (state.phase !== 'joined') return
  state.phase = 'leaving'
  state.leaveUntilMs = nowMs + leaveIntervals * state.profile.gossipIntervalMs
  const { self: id, incarnation, card } = state
  state.table.set({ id, incarnation, liveness: 'left', sinceMs: nowMs, card })
  state.news.pushClaim({ id, incarnation, liveness: 'left', by: id })
}

function finishLeave(step: Step): void {
  const { state, nowMs } = step
  const told = !state.news.tells(state.self) || state.table.size === 0
  if (!told && nowMs < state.leaveUntilMs) return
  state.phase = 'left'
  state.probes.clear()
  state.relays.clear()
  step.effects.push({ type: 'left' })
}

/** A member that nobody told us about pings us: exchange views, at most once per period. */
function meetStranger(step: Step, from: NodeId): void {
  const { state, nowMs } = step
  if (state.table.get(from) !== undefined || nowMs < state.strangerSyncMs) return
  state.strangerSyncMs = nowMs + state.profile.probeIntervalMs
  beginSync(step, from)
}

function takeOwnHeartbeat(step: Step, own: Extract<MembershipInput, { type: 'heartbeat' }>): void {
  const { state, nowMs } = step
  state.heartbeatSequence += 1
  state.check = own.check ?? state.check
  const heartbeat = {
    id: state.self,
    incarnation: state.incarnation,
    sequence: state.heartbeatSequence,
    sentAtMs: own.wallMs,
    resources: own.resources,
    coordinate: state.coordinate,
    ...(own.check === undefined ? {} : { check: own.check }),
  }
  state.heartbeats.set(state.self, { heartbeat, heardAtMs: nowMs })
  reviewCondition(step)
  if (nowMs < state.nextHeartbeatSpreadMs) return
  // A tenth is left for timers that fire early, or every second heartbeat would be held back.
  state.nextHeartbeatSpreadMs = nowMs + heartbeatSpreadMs(state.profile, state.table.size) * 0.9
  state.news.pushHeartbeat(heartbeat)
}

function reviewSuspicion(step: Step, id: NodeId, suspicion: Suspicion): void {
  const { state, nowMs } = step
  if (nowMs < suspicion.reviewMs) return
  const verdict = judgeSuspicion(suspicion, juryOf(state, nowMs))
  if (verdict === 'dead') {
    takeClaim(step, { id, incarnation: suspicion.incarnation, liveness: 'dead', by: state.self })
  }
  if (verdict === 'ask-suspect') {
    suspicion.lastWordAsked = true
    askSuspect(step, id)
  }
  if (verdict !== 'check') return
  suspicion.reviewMs = nowMs + state.profile.probeIntervalMs
  checkMember(step, id, { closed: false })
}

/** A few of those who hear of a suspicion look themselves, so that it is confirmed or ends. */
function secondAccusations(step: Step): void {
  const { state, random } = step
  for (const id of state.hearsay.splice(0)) {
    const share = state.profile.confirmers / Math.max(1, state.table.count('alive') - 1)
    if (random() < share) checkMember(step, id, { closed: false })
  }
}

/** Two observers are needed while another than this one could be asked (FD-5). */
function juryOf(state: MembershipState, nowMs: number): Jury {
  return { judge: state.self, needed: state.table.count('alive') >= 2 ? 2 : 1, nowMs }
}

function noteStall(step: Step, gapMs: number): void {
  const { state, nowMs } = step
  const { probeTimeoutMs: toleratedMs, leaseMs, probeIntervalMs } = state.profile
  const stall = decideStall(gapMs, { toleratedMs, leaseMs, probeIntervalMs })
  if (stall.level === 'none' || state.phase !== 'joined') return
  adjustAwareness(state, 1)
  state.mutedUntilMs = nowMs + stall.muteMs
  for (const suspicion of state.suspicions.values()) suspicion.startMs += stall.shiftMs
  state.probes.clear()
  state.relays.clear()
  state.stalledUntilMs = nowMs + state.profile.degradedHoldMs
  reviewCondition(step)
  if (stall.level === 'fenced') step.effects.push({ type: 'fence', reason: 'stalled' })
}

function reviewCondition(step: Step): void {
  const { state, nowMs } = step
  const { syncing, check } = state
  const stalledLately = nowMs < state.stalledUntilMs
  const condition = decideCondition({ syncing, check, stalledLately })
  if (condition !== state.card.condition) reviseCard(step, { condition })
}

function isActive(state: MembershipState): boolean {
  return state.phase === 'joined' || state.phase === 'leaving'
}

/** The earliest moment at which something happens without input. */
function dueMsOf(state: MembershipState, nowMs: number): number {
  if (!isActive(state)) return Number.POSITIVE_INFINITY
  let due = state.news.urgent > 0 ? state.nextGossipMs : Number.POSITIVE_INFINITY
  if (state.phase === 'leaving') return Math.max(nowMs, Math.min(due, state.leaveUntilMs))
  due = Math.min(due, state.nextProbeMs, state.nextSyncMs, state.nextKnockMs)
  if (state.stalledUntilMs > nowMs) due = Math.min(due, state.stalledUntilMs)
  for (const probe of state.probes.values()) {
    due = Math.min(due, probe.asked === undefined ? probe.directUntilMs : probe.endsAtMs)
  }
  for (const relay of state.relays.values()) due = Math.min(due, relay.nackAtMs)
  const jury = juryOf(state, nowMs)
  for (const suspicion of state.suspicions.values()) {
    due = Math.min(due, suspicionDueMs(suspicion, jury))
  }
  return Math.max(nowMs, due)
}
