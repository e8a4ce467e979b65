/**
 * Membership precedence: which of two claims about one node wins.
 *
 * A claim is a point in a total order: the incarnation first, then alive < suspect < dead < left.
 * Merging is taking the greater, so it is idempotent, commutative and associative: nodes that
 * heard the same claims in any order agree, and liveness never goes backwards within one
 * incarnation (I18). Cards are ordered alike by incarnation and revision.
 */
import type { Liveness, MemberCard } from '../../protocols/membership.ts'

export interface Standing {
  readonly incarnation: number
  readonly liveness: Liveness
}

const ranks: Readonly<Record<Liveness, number>> = { alive: 0, suspect: 1, dead: 2, left: 3 }

/** Positive when `a` wins, zero when both say the same. */
export function compareStandings(a: Standing, b: Standing): number {
  return a.incarnation - b.incarnation || ranks[a.liveness] - ranks[b.liveness]
}

/** Whether a node in this state is counted on: a suspect is, until it is dead. */
export function isPresent(liveness: Liveness): boolean {
  return liveness === 'alive' || liveness === 'suspect'
}

/** Whether a card replaces a known one. */
export function isNewerCard(card: MemberCard, known: MemberCard): boolean {
  return card.revision > known.revision
}
