/**
 * Membership status: the three facts about a node in the words of the seeds, and back (C4, C5).
 *
 * The facts are what is stored; `active/inactive/…` and `ONLINE/OFFLINE/…` are projections of
 * them, so that a heartbeat can never undo a drain and no word means two things.
 */
import type { Admin, Condition, DeepCheck, Liveness } from '../../protocols/membership.ts'

export type RestStatus = 'active' | 'inactive' | 'draining' | 'maintenance' | 'failed'
export type RuntimeStatus = 'ONLINE' | 'OFFLINE' | 'DEGRADED' | 'SYNCING' | 'MAINTENANCE'

export interface NodeFacts {
  readonly liveness: Liveness
  readonly admin: Admin
  readonly condition: Condition
}

export interface StatusProjection {
  readonly status: RestStatus
  readonly runtimeStatus: RuntimeStatus
  readonly degraded?: true
  readonly suspect?: true
}

/** Liveness outranks admin, admin outranks suspicion, suspicion outranks condition. */
export function projectStatus(facts: NodeFacts): StatusProjection {
  if (facts.liveness === 'dead') return { status: 'failed', runtimeStatus: 'OFFLINE' }
  if (facts.liveness === 'left') return { status: 'inactive', runtimeStatus: 'OFFLINE' }
  const marks = {
    ...(facts.condition === 'degraded' ? { degraded: true as const } : {}),
    ...(facts.liveness === 'suspect' ? { suspect: true as const } : {}),
  }
  if (facts.admin !== 'open') {
    return { status: facts.admin, runtimeStatus: 'MAINTENANCE', ...marks }
  }
  return { status: 'active', runtimeStatus: runtimeStatusOf(facts), ...marks }
}

/** Whether a node's status matches a filter written in either vocabulary, in any case. */
export function matchesStatus(facts: NodeFacts, wanted: string): boolean {
  const { status, runtimeStatus } = projectStatus(facts)
  return status === wanted.toLowerCase() || runtimeStatus === wanted.toUpperCase()
}

/** The four counts of the health answer: they always add up to the total. */
export function countStatuses(nodes: Iterable<NodeFacts>): {
  readonly total: number
  readonly active: number
  readonly inactive: number
  readonly draining: number
} {
  const counts = { total: 0, active: 0, inactive: 0, draining: 0 }
  for (const facts of nodes) {
    const { status } = projectStatus(facts)
    counts.total += 1
    counts[status === 'active' || status === 'draining' ? status : 'inactive'] += 1
  }
  return counts
}

/** A heartbeat proves life and nothing else: drain and maintenance stay (C5). */
export function factsAfterHeartbeat(facts: NodeFacts): NodeFacts {
  return facts.liveness === 'alive' ? facts : { ...facts, liveness: 'alive' }
}

/** What a node says of itself, from what it knows of itself. */
export function decideCondition(own: {
  readonly syncing: boolean
  readonly stalledLately: boolean
  readonly check?: DeepCheck | undefined
}): Condition {
  const failing = own.check !== undefined && Object.values(own.check).includes('fail')
  if (own.stalledLately || failing) return 'degraded'
  return own.syncing ? 'syncing' : 'ok'
}

function runtimeStatusOf(facts: NodeFacts): RuntimeStatus {
  if (facts.liveness === 'suspect' || facts.condition === 'degraded') return 'DEGRADED'
  return facts.condition === 'syncing' ? 'SYNCING' : 'ONLINE'
}
