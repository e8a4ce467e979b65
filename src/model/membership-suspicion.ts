/**
 * Membership suspicion: the time a suspect has to show itself, and who must have missed it.
 *
 * The time shrinks as independent accusers confirm (Lifeguard), and to a short grace once enough
 * observers were actively refused by its address. One observer is never enough while another
 * could be asked (FD-5): accusers and the helpers that heard nothing either count as observers,
 * each for a limited time. Nobody condemns by hearsay: a judge must have found the suspect silent
 * itself, for it may have missed the refutation.
 */
import type { Evidence, MemberClaim, NodeId } from '../../protocols/membership.ts'
import { suspicionBounds, suspicionTimeoutMs } from './membership-profile.ts'
import type { MembershipProfile, SuspicionBounds } from './membership-profile.ts'

export interface Suspicion {
  readonly incarnation: number
  readonly bounds: SuspicionBounds
  readonly grace: Readonly<Record<Evidence, number>>
  /** Moves forward by the length of an own stall, so that a sleeper condemns nobody. */
  startMs: number
  /** No verdict is looked at again before this. */
  reviewMs: number
  /** How long before the verdict a judge asks the suspect itself once more, and whether it did. */
  readonly lastWordMs: number
  lastWordAsked: boolean
  /** When each last accused. */
  readonly accusers: Map<NodeId, number>
  readonly witnesses: Map<NodeId, number>
  readonly grounds: Readonly<Record<Evidence, Map<NodeId, number>>>
}

export type SuspicionVerdict = 'wait' | 'ask-suspect' | 'check' | 'dead'

export interface Jury {
  readonly judge: NodeId
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
    grace: { refused: at.profile.refusedMs, closed: at.profile.closedMs },
    startMs: at.nowMs,
    reviewMs: at.nowMs,
    lastWordMs: at.profile.probeIntervalMs,
    lastWordAsked: false,
    accusers: new Map(),
    witnesses: new Map(),
    grounds: { refused: new Map(), closed: new Map() },
  }
  confirmSuspicion(suspicion, claim, at.nowMs)
  return suspicion
}

/** Count one more voice; true when it said something new. */
export function confirmSuspicion(suspicion: Suspicion, claim: MemberClaim, nowMs: number): boolean {
  const { by, witness, evidence } = claim
  let fresh = false
  if (by !== undefined) {
    const known = suspicion.accusers.has(by)
    // More accusers than the formula uses are not passed on, or a large cluster would echo.
    fresh = !known && suspicion.accusers.size <= suspicion.bounds.confirmations
    suspicion.accusers.set(by, nowMs)
    if (evidence !== undefined) {
      const grounds = suspicion.grounds[evidence]
      fresh ||= !grounds.has(by) && grounds.size < 2
      grounds.set(by, nowMs)
    }
  }
  if (witness !== undefined) suspicion.witnesses.set(witness, nowMs)
  suspicion.reviewMs = nowMs
  return fresh
}

/** When this suspicion ends if nothing more is heard. */
export function suspicionDeadlineMs(suspicion: Suspicion, jury: Jury): number {
  const confirmed = suspicion.accusers.size - 1
  const timeoutMs = suspicionTimeoutMs(
    suspicion.bounds,
    Math.min(confirmed, suspicion.bounds.confirmations),
  )
  return suspicion.startMs + Math.min(timeoutMs, graceMs(suspicion, jury))
}

/** When the judge must look again: for the last word, or for the verdict. */
export function suspicionDueMs(suspicion: Suspicion, jury: Jury): number {
  const deadlineMs = suspicionDeadlineMs(suspicion, jury)
  return Math.max(suspicion.reviewMs, Math.min(lastWordAtMs(suspicion, jury), deadlineMs))
}

/**
 * A judge that heard the silence itself asks once more before the end, unless it just did: one
 * that gossip passed over learns of the refutation from the suspect.
 */
function lastWordAtMs(suspicion: Suspicion, jury: Jury): number {
  const accusedMs = suspicion.accusers.get(jury.judge)
  if (suspicion.lastWordAsked || accusedMs === undefined) return Number.POSITIVE_INFINITY
  const atMs = suspicionDeadlineMs(suspicion, jury) - suspicion.lastWordMs
  return atMs > accusedMs ? atMs : Number.POSITIVE_INFINITY
}

/** The shorter time that evidence leaves, once enough observers have it. */
function graceMs(suspicion: Suspicion, jury: Jury): number {
  const { grounds, grace } = suspicion
  const { refused, closed } = grounds
  if (liveVoices([refused], suspicion, jury.nowMs) >= jury.needed) return grace.refused
  const either = liveVoices([refused, closed], suspicion, jury.nowMs)
  return either >= jury.needed ? grace.closed : Number.POSITIVE_INFINITY
}

/** Dead needs all: the time is over, the judge found it silent itself, enough others did too. */
export function judgeSuspicion(suspicion: Suspicion, jury: Jury): SuspicionVerdict {
  if (jury.nowMs < suspicionDeadlineMs(suspicion, jury)) {
    return jury.nowMs < lastWordAtMs(suspicion, jury) ? 'wait' : 'ask-suspect'
  }
  if (!suspicion.accusers.has(jury.judge)) return 'check'
  const voices = liveVoices([suspicion.accusers, suspicion.witnesses], suspicion, jury.nowMs)
  return voices >= jury.needed ? 'dead' : 'check'
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
