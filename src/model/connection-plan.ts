/**
 * ConnectionPlan: which members a node stays connected to, so that the graph stays whole.
 *
 * Up to the configured number that is everybody. Beyond, each pair has a rank that both sides
 * compute alike, and a node keeps its best ones; besides, everybody keeps its neighbours in the
 * order of ids, a ring that alone connects the cluster. Two nodes with one view plan alike.
 */
import { hashText, mix32 } from './membership-hash.ts'

export interface ConnectionView {
  readonly self: string
  /** Ids of the others. */
  readonly others: readonly string[]
  readonly max: number
}

export function planConnections({ self, others, max }: ConnectionView): readonly string[] {
  if (others.length <= max) return others
  const chosen = new Set(neighboursOf(self, others))
  const ranked = others.toSorted((a, b) => rankOf(self, b) - rankOf(self, a) || (a < b ? -1 : 1))
  for (const id of ranked) {
    if (chosen.size >= max) break
    chosen.add(id)
  }
  return [...chosen]
}

/** The next and the previous id on the ring of all ids. */
function neighboursOf(self: string, others: readonly string[]): readonly string[] {
  const sorted = others.toSorted((a, b) => (a < b ? -1 : 1))
  const at = sorted.findIndex((id) => id > self)
  const next = sorted[at < 0 ? 0 : at]
  const previous = sorted.at((at < 0 ? sorted.length : at) - 1)
  return [next, previous].filter((id) => id !== undefined)
}

/** The same seen from either side. */
function rankOf(a: string, b: string): number {
  return mix32(hashText(a, 0) ^ hashText(b, 0))
}
