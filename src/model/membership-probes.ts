/**
 * Membership probes: how a node finds out whether another answers.
 *
 * One member per period is pinged in shuffled order; without an answer in time k others are asked
 * to ping it, and answer with a nack when they hear nothing either. A closed connection starts
 * the same at once for that member. Only when every way failed the member is accused; missing
 * nacks make the node doubt itself instead (Lifeguard). After an own stall silence proves nothing
 * for a period; a refused connection always does.
 */
import type {
  Ack,
  MemberClaim,
  Nack,
  NodeId,
  Ping,
  PingRequest,
} from '../../protocols/membership.ts'
import { takeClaim, takeNews } from './membership-claims.ts'
import { pickMembers, rideTo } from './membership-gossip.ts'
import { nextInOrder, nextRound } from './membership-order.ts'
import { isPresent } from './membership-precedence.ts'
import { adjustAwareness, nextSeq, patience, send } from './membership-state.ts'
import type { MembershipState, Probe, Relay, Step } from './membership-state.ts'
import { moveCoordinate } from './vivaldi.ts'

/** A helper gives up so much earlier than its asker, so that its nack arrives in time. */
const nackShare = 0.8
/** Coordinates ride on one answer in eight: they change slowly and every byte is idle traffic. */
const coordinateShare = 0.125

/** Start the probe of this period when it is due, and bring those under way forward. */
export function runProbes(step: Step): void {
  const { state, nowMs } = step
  for (const probe of state.probes.values()) advanceProbe(step, probe)
  for (const [seq, relay] of state.relays) {
    if (nowMs >= relay.nackAtMs) answerNack(step, seq, relay)
  }
  if (nowMs < state.nextProbeMs) return
  state.nextProbeMs = nowMs + state.profile.probeIntervalMs * patience(state)
  const target = nextTarget(step)
  if (target !== undefined) startProbe(step, target)
}

/** Look at one member now: its connection closed, or a suspicion needs an observer. */
export function checkMember(step: Step, target: NodeId, grounds: { closed: boolean }): void {
  const { state } = step
  const member = state.table.get(target)
  if (member === undefined || !isPresent(member.liveness) || target === state.self) return
  const running = probeOf(state, target)
  if (running === undefined && state.probes.size > state.limits.checks) return
  const probe = running ?? startProbe(step, target)
  probe.closed ||= grounds.closed
  askOthers(step, probe)
}

/** Give a suspect the last word: only the accusation counts, no answer is waited for. */
export function askSuspect(step: Step, to: NodeId): void {
  send(step, to, { type: 'ping', seq: nextSeq(step.state), ...rideTo(step, to) })
}

/** Ping one of the dead, in case that it lives behind a split that healed. */
export function runKnock(step: Step): void {
  const { state, nowMs, random } = step
  if (nowMs < state.nextKnockMs) return
  const crowd = Math.max(1, state.table.count('alive') / 4)
  state.nextKnockMs = nowMs + state.profile.knockIntervalMs * crowd * (0.5 + random())
  const dead = [...state.graves.keys()].filter((id) => state.table.get(id)?.liveness === 'dead')
  const to = dead[Math.floor(random() * dead.length)]
  if (to !== undefined) askSuspect(step, to)
}

export function takePing(step: Step, from: NodeId, ping: Ping): void {
  if (ping.news !== undefined) takeNews(step, ping.news)
  const { coordinate } = step.state
  const position = step.random() < coordinateShare ? { coordinate } : {}
  send(step, from, { type: 'ack', seq: ping.seq, ...rideTo(step, from), ...position })
}

export function takeAck(step: Step, from: NodeId, ack: Ack): void {
  const { state } = step
  if (ack.news !== undefined) takeNews(step, ack.news)
  const relay = state.relays.get(ack.seq)
  if (relay?.target === from) {
    state.relays.delete(ack.seq)
    const { origin, originSeq, target } = relay
    send(step, origin, { type: 'ack', seq: originSeq, ...rideTo(step, origin, target) })
    return
  }
  const probe = state.probes.get(ack.seq)
  if (probe === undefined) return
  state.probes.delete(ack.seq)
  adjustAwareness(state, -1)
  if (from === probe.target) locate(step, probe, ack)
}

export function takePingRequest(step: Step, from: NodeId, request: PingRequest): void {
  const { state, nowMs } = step
  if (request.news !== undefined) takeNews(step, request.news)
  const { target, seq: originSeq } = request
  if (target === state.self || state.relays.size >= state.limits.relays) return
  const seq = nextSeq(state)
  const nackAtMs = nowMs + state.profile.probeTimeoutMs * nackShare
  state.relays.set(seq, { origin: from, originSeq, target, nackAtMs })
  send(step, target, { type: 'ping', seq, ...rideTo(step, target) })
}

export function takeNack(step: Step, from: NodeId, nack: Nack): void {
  const probe = step.state.probes.get(nack.seq)
  if (!probe?.asked?.includes(from)) return
  probe.nacks.add(from)
  advanceProbe(step, probe)
}

/** A message could not be delivered: who waits for its answer need not wait longer. */
export function takeLinkFailure(step: Step, peer: NodeId, refused: boolean): void {
  const { state } = step
  for (const [seq, relay] of state.relays) {
    if (relay.target === peer) answerNack(step, seq, relay)
  }
  for (const probe of state.probes.values()) {
    if (probe.asked?.includes(peer) !== true) continue
    probe.asked = probe.asked.filter((helper) => helper !== peer)
    advanceProbe(step, probe)
  }
  const probe = probeOf(state, peer)
  if (probe === undefined) return
  probe.refused ||= refused
  probe.undelivered = true
  askOthers(step, probe)
  advanceProbe(step, probe)
}

function startProbe(step: Step, target: NodeId): Probe {
  const { state, nowMs } = step
  const seq = nextSeq(state)
  const probe: Probe = {
    seq,
    target,
    sentAtMs: nowMs,
    directUntilMs: nowMs + state.profile.probeTimeoutMs * patience(state),
    endsAtMs: nowMs + state.profile.probeIntervalMs * patience(state),
    asked: undefined,
    nacks: new Set(),
    closed: false,
    undelivered: false,
    refused: false,
  }
  state.probes.set(seq, probe)
  send(step, target, { type: 'ping', seq, ...rideTo(step, target) })
  return probe
}

function advanceProbe(step: Step, probe: Probe): void {
  if (probe.asked === undefined && step.nowMs >= probe.directUntilMs) askOthers(step, probe)
  if (isHopeless(probe, step.nowMs) || step.nowMs >= probe.endsAtMs) failProbe(step, probe)
}

/** With grounds beyond silence, the period need not end once every way was tried. */
function isHopeless(probe: Probe, nowMs: number): boolean {
  const tried = probe.undelivered || nowMs >= probe.directUntilMs
  const unanimous = probe.asked?.every((helper) => probe.nacks.has(helper)) === true
  return tried && unanimous && (probe.refused || probe.closed)
}

function askOthers(step: Step, probe: Probe): void {
  if (probe.asked !== undefined) return
  const { target, seq } = probe
  probe.asked = pickMembers(step, step.state.profile.indirectProbes, (member) => {
    return member.liveness === 'alive' && member.id !== target
  })
  for (const helper of probe.asked) {
    send(step, helper, { type: 'ping-req', seq, target, ...rideTo(step, helper, target) })
  }
}

function failProbe(step: Step, probe: Probe): void {
  const { state, nowMs } = step
  state.probes.delete(probe.seq)
  const asked = probe.asked?.length ?? 0
  if (!probe.refused) adjustAwareness(state, asked === 0 ? 1 : asked - probe.nacks.size)
  if (!probe.refused && nowMs < state.mutedUntilMs) return
  const member = state.table.get(probe.target)
  if (member === undefined || !isPresent(member.liveness)) return
  takeClaim(step, accusation(state, probe, member.incarnation))
}

function accusation(state: MembershipState, probe: Probe, incarnation: number): MemberClaim {
  const [witness] = probe.nacks
  const evidence = probe.refused ? 'refused' : probe.closed ? 'closed' : undefined
  return {
    id: probe.target,
    incarnation,
    liveness: 'suspect',
    by: state.self,
    ...(witness === undefined ? {} : { witness }),
    ...(evidence === undefined ? {} : { evidence }),
  }
}

function answerNack(step: Step, seq: number, relay: Relay): void {
  step.state.relays.delete(seq)
  send(step, relay.origin, { type: 'nack', seq: relay.originSeq })
}

function locate(step: Step, probe: Probe, ack: Ack): void {
  const { state, nowMs, random } = step
  const { coordinate: other } = ack
  if (other === undefined) return
  const roundTripMs = nowMs - probe.sentAtMs
  state.coordinate = moveCoordinate(state.coordinate, { other, roundTripMs, random })
  state.coordinates.delete(probe.target)
  state.coordinates.set(probe.target, other)
  const oldest = state.coordinates.keys().next().value
  if (state.coordinates.size > state.limits.coordinates && oldest !== undefined) {
    state.coordinates.delete(oldest)
  }
}

/** The next member of the round that is counted on; a new round begins where one ended. */
function nextTarget(step: Step): NodeId | undefined {
  const { state, random } = step
  for (let rounds = 0; rounds < 2; rounds += 1) {
    for (let slot = nextInOrder(state.order); slot !== undefined; slot = nextInOrder(state.order)) {
      const member = state.table.at(slot)
      if (member !== undefined && isTarget(state, member.id)) return member.id
    }
    state.order = nextRound(state.order, state.table.slots, random)
  }
  return undefined
}

function isTarget(state: MembershipState, id: NodeId): boolean {
  const member = state.table.get(id)
  return (
    member !== undefined &&
    id !== state.self &&
    isPresent(member.liveness) &&
    probeOf(state, id) === undefined
  )
}

function probeOf(state: MembershipState, target: NodeId): Probe | undefined {
  for (const probe of state.probes.values()) if (probe.target === target) return probe
  return undefined
}
