/**
 * Membership suspicion: the time a suspect has to show itself, and who must have missed it.
 *
 * The time shrinks as independent accusers confirm (Lifeguard), and to a short grace once enough
 * observers were actively refused by its address. One observer is never enough while another
 * could be asked (FD-5): accusers and the helpers that heard nothing either count as observers,
 * each for a limited time.
 */
import type { MemberClaim, NodeId } from '../../protocols/membership.ts'
import { suspicionBounds, suspicionTimeoutMs } from './membership-profile.ts'
import type { MembershipProfile, SuspicionBounds } from './membership-profile.ts'

export interface Suspicion {
  readonly incarnation: number
  readonly bounds: SuspicionBounds
  readonly goneMs: number
  /** Moves forward by the length of an own stall, so that a sleeper condemns nobody. */
  startMs: number
  /** No verdict is looked at again before this. */
  reviewMs: number
  /** When each last accused. */
  readonly accusers: Map<NodeId, number>
  readonly witnesses: Map<NodeId, number>
  readonly refused: Map<NodeId, number>
}

export type SuspicionVerdict = 'wait' | 'ask-others' | 'dead'

export interface Jury {
  /** Observers that must agree: two while a second one could be asked. */
  readonly needed: number
  readonly nowMs: number
}

export function openSuspicion(
  claim: MemberClaim,
  at: { readonly profile: MembershipProfile; readonly size: number; readonly nowMs: number },
): Suspicion {
  const suspicion: Suspicion = {
    incarnation: claim.incarnation,
    bounds: suspicionBounds(at.profile, at.size),
    goneMs: at.profile.goneMs,
    startMs: at.nowMs,
    reviewMs: at.nowMs,
    accusers: new Map(),
    witnesses: new Map(),
    refused: new Map(),
  }
  confirmSuspicion(suspicion, claim, at.nowMs)
  return suspicion
}

/** Count one more voice; true when it said something new. */
export function confirmSuspicion(suspicion: Suspicion, claim: MemberClaim, nowMs: number): boolean {
  const { by, witness, gone } = claim
  let fresh = false
  if (by !== undefined) {
    const known = suspicion.accusers.has(by)
    // More accusers than the formula uses are not passed on, or a large cluster would echo.
    fresh = !known && suspicion.accusers.size <= suspicion.bounds.confirmations
    suspicion.accusers.set(by, nowMs)
    if (gone === true) {
      fresh ||= !suspicion.refused.has(by) && suspicion.refused.size < 2
      suspicion.refused.set(by, nowMs)
    }
  }
  if (witness !== undefined) suspicion.witnesses.set(witness, nowMs)
  if (fresh) suspicion.reviewMs = nowMs
  return fresh
}

/** When this suspicion ends if nothing more is heard. */
export function suspicionDeadlineMs(suspicion: Suspicion, jury: Jury): number {
  const confirmed = suspicion.accusers.size - 1
  const timeoutMs = suspicionTimeoutMs(
    suspicion.bounds,
    Math.min(confirmed, suspicion.bounds.confirmations),
  )
  const refused = liveVoices([suspicion.refused], suspicion, jury.nowMs)
  const grace = refused >= jury.needed ? Math.min(timeoutMs, suspicion.goneMs) : timeoutMs
  return suspicion.startMs + grace
}

/** Dead needs both: the time is over, and enough observers agree. */
export function judgeSuspicion(suspicion: Suspicion, jury: Jury): SuspicionVerdict {
  if (jury.nowMs < suspicionDeadlineMs(suspicion, jury)) return 'wait'
  const voices = liveVoices([suspicion.accusers, suspicion.witnesses], suspicion, jury.nowMs)
  return voices >= jury.needed ? 'dead' : 'ask-others'
}

/** Different observers whose word has not expired: it counts for twice the longest suspicion. */
function liveVoices(
  groups: readonly ReadonlyMap<NodeId, number>[],
  suspicion: Suspicion,
  nowMs: number,
): number {
  const oldestMs = nowMs - 2 * suspicion.bounds.maxMs
  const voices = new Set<NodeId>()
  for (const group of groups) {
    for (const [id, atMs] of group) if (atMs >= oldestMs) voices.add(id)
  }
  return voices.size
}
