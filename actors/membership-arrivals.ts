/**
 * MembershipArrivals: what peers sent, checked before the model hears it.
 *
 * A frame that is no message is counted and costs its sender the channel, the third one the
 * connection. A cluster that is full takes in nobody new.
 */
import { memberFramesPerTurn, netStrikesMax } from '../protocols/limits.ts'
import { parseSwimMessage } from '../protocols/membership.ts'
import type { News, SwimMessage } from '../protocols/membership.ts'
import { decodeFrame } from '../src/mesh/index.ts'
import { isPresent } from '../src/model/membership-precedence.ts'
import { countsAsAnswer, noteBusy } from './membership-busy.ts'
import type { Arrival } from './membership-links.ts'
import type { LoopContext, Running } from './membership-running.ts'
import { step } from './membership-step.ts'

/** Take what waits, a bounded number at a time; a crash loses the arrival that caused it alone. */
export function takeArrivals(state: Running, ctx: LoopContext): void {
  for (let left = memberFramesPerTurn; left > 0; left -= 1) {
    const arrival = state.links.take()
    if (arrival === undefined) return
    takeArrival(state, arrival, ctx)
  }
  if (state.links.waiting > 0) ctx.self.wake()
}

function takeArrival(state: Running, arrival: Arrival, ctx: LoopContext): void {
  switch (arrival.kind) {
    case 'frame':
    case 'news':
      takeFrame(state, arrival, ctx)
      return
    case 'ready':
      step(state, { type: 'link-up', peer: arrival.peer }, ctx)
      return
    case 'lost':
      step(state, { type: 'link-down', peer: arrival.peer }, ctx)
      return
    case 'failed':
      step(state, { type: 'link-failed', peer: arrival.peer, refused: arrival.refused }, ctx)
      return
    case 'busy':
      takeBusy(state, arrival, ctx)
      return
    default:
      arrival satisfies never
  }
}

function takeFrame(
  state: Running,
  { kind, from, bytes }: Extract<Arrival, { kind: 'frame' | 'news' }>,
  ctx: LoopContext,
): void {
  const message = decodeFrame(state.init.codec, bytes, parseSwimMessage)
  if (message === undefined || (kind === 'news' && message.type !== 'gossip')) {
    refuse(state, from, ctx)
    return
  }
  step(state, { type: 'message', from, message: withinBounds(state, message) }, ctx)
}

function refuse(state: Running, peerId: string, ctx: LoopContext): void {
  state.tally.malformed += 1
  const strikes = (state.strikes.get(peerId) ?? 0) + 1
  state.strikes.set(peerId, strikes)
  ctx.events.publish('member.malformed', { peerId, strikes })
  state.links.refuse(peerId, 'a frame that is no membership message')
  if (strikes < netStrikesMax) return
  state.strikes.delete(peerId)
  state.init.net.ban(peerId)
}

/** Without those for whom there is no room. */
function withinBounds(state: Running, message: SwimMessage): SwimMessage {
  const { model, init, tally } = state
  if (!('news' in message) || message.news === undefined) return message
  const { claims } = message.news
  let room = init.limits.maxNodes - model.table.size
  if (claims.length <= room) return message
  const kept = claims.filter(({ id, liveness }) => {
    const known = model.table.get(id)
    if ((known !== undefined && isPresent(known.liveness)) || !isPresent(liveness)) return true
    room -= 1
    return room >= 0
  })
  tally.crowded += claims.length - kept.length
  const news: News = { ...message.news, claims: kept }
  return { ...message, news }
}

function takeBusy(
  state: Running,
  busy: Extract<Arrival, { kind: 'busy' }>,
  ctx: LoopContext,
): void {
  if (!countsAsAnswer(state, busy.busyMs)) return
  noteBusy(state, busy, ctx)
  step(state, { type: 'message', from: busy.peer, message: { type: 'ack', seq: busy.seq } }, ctx)
}
