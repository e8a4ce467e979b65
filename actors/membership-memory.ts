/**
 * MembershipMemory: writes down who was met, so that a restart can find them again.
 *
 * One write at a time, and only when something changed. A memory that cannot be written costs a
 * slower restart, not membership: it is reported and tried again.
 */
import { rememberedPeersMax } from '../protocols/limits.ts'
import { isPresent } from '../src/model/membership-precedence.ts'
import type { RememberedPeer } from '../src/ports/peer-memory.ts'
import type { LoopContext, Running } from './membership-running.ts'

export function savePeers(state: Running, ctx: LoopContext): void {
  if (!state.memoryStale || state.saving) return
  state.memoryStale = false
  state.saving = true
  const { incarnation } = state.model
  const peers = peersToRemember(state, ctx.wall())
  const written = state.init.memory.remember({ incarnation, peers })
  ctx.reenterAfter(written, (running, outcome) => {
    running.saving = false
    if (outcome.ok) return
    running.memoryStale = true
    ctx.events.publish('member.forgetful', { error: outcome.error })
  })
}

/** Those counted on now, then those seen last; who left on purpose is forgotten. */
function peersToRemember(state: Running, wallMs: number): readonly RememberedPeer[] {
  const { model, remembered } = state
  for (const { id, liveness, card } of model.table) {
    if (id === model.self) continue
    if (liveness === 'left') remembered.delete(id)
    else if (isPresent(liveness) && card.addresses.length > 0) {
      remembered.set(id, { peerId: id, addresses: card.addresses, seenAtMs: wallMs })
    }
  }
  const latest = [...remembered.values()].toSorted((a, b) => b.seenAtMs - a.seenAtMs)
  for (const { peerId } of latest.slice(rememberedPeersMax)) remembered.delete(peerId)
  return latest.slice(0, rememberedPeersMax)
}
