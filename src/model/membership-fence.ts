/**
 * Membership fence: whether a node that was declared dead must stop what it owns (CM-3).
 *
 * A node condemned by members that it counts on was silent for them: its leases are void, it
 * fences. When a split heals, each side finds itself condemned by the other; then only a side
 * without a majority of the members known before the split fences, or every split would stop
 * both sides. Members that just came back from the dead count as the other side: which of them
 * refutes first must not matter. The node itself refutes in any case.
 */
import type { Liveness } from '../../protocols/membership.ts'

export interface Condemnation {
  /** What this node holds about its accuser, if it knows it. */
  readonly accuser: Liveness | undefined
  /** Members that this node counts on, itself included. */
  readonly present: number
  readonly dead: number
}

export function decideFence(heard: Condemnation): 'fence' | 'go-on' {
  if (heard.accuser !== 'dead') return 'fence'
  return heard.present * 2 > heard.present + heard.dead ? 'go-on' : 'fence'
}
