/**
 * MembershipBusy: busy is not dead.
 *
 * When a member does not answer a probe in time, its responder is asked, which runs in a thread
 * that nothing blocks. If that says that the main thread is held, this counts as the answer, for
 * as long as a main thread may be held. A responder whose main thread runs says nothing about why
 * the probe failed: then others decide as usual.
 */
import { busyMsMax, stallLookMs } from '../protocols/limits.ts'
import type { LoopContext, Running } from './membership-running.ts'

/** Ask for the targets of those probes whose direct way failed, once each. */
export function askResponders(state: Running, nowMs: number): void {
  const { liveness, net } = state.init
  if (liveness === undefined) return
  for (const probe of state.model.probes.values()) {
    if (probe.asked === undefined || state.asked.has(probe)) continue
    state.asked.add(probe)
    const { target, seq } = probe
    const card = state.model.table.get(target)?.card
    if (card?.responder === undefined) continue
    const seen = net.peer(target)?.remoteAddress
    const addresses = seen === undefined ? card.addresses : [seen, ...card.addresses]
    const { responder } = card
    const waitMs = Math.max(1, probe.endsAtMs - nowMs)
    const answer = liveness.ask({ peerId: target, responder, addresses }, waitMs)
    void answer.then((busyMs) => {
      if (busyMs !== null) state.links.hearBusy(target, seq, busyMs)
    })
  }
}

/** Whether a responder's word stands in for an answer to the probe. */
export function countsAsAnswer(state: Running, busyMs: number): boolean {
  const most = state.init.limits.busyMs ?? busyMsMax
  return busyMs > 1.5 * stallLookMs && busyMs <= most
}

export function noteBusy(
  state: Running,
  heard: { readonly peer: string; readonly busyMs: number },
  ctx: LoopContext,
): void {
  state.tally.heardBusy += 1
  state.busy.delete(heard.peer)
  state.busy.set(heard.peer, { busyMs: heard.busyMs, heardAtMs: ctx.now() })
  const [oldest] = state.busy.keys()
  if (state.busy.size > state.init.limits.maxNodes && oldest !== undefined) {
    state.busy.delete(oldest)
  }
}
