/**
 * Status: members as people and the REST surface list them.
 *
 * Three facts are kept about a node; the two vocabularies of status words are projections.
 */
import type { NodeStatus, StatusReport } from '../protocols/control.ts'
import type { Member, MemberView } from '../protocols/membership-actor.ts'
import { projectStatus } from './model/membership-status.ts'

export function statusReport(view: MemberView, wallNow: number): StatusReport {
  return {
    nodes: view.members.map((member) => nodeStatus(member)),
    seen_by: view.self.nodeId,
    as_of: new Date(wallNow).toISOString(),
    view_hash: view.viewHash,
  }
}

function nodeStatus(member: Member): NodeStatus {
  const { heartbeat } = member
  const projected = projectStatus(member)
  return {
    node_id: member.nodeId,
    peer_id: member.peerId,
    name: member.name,
    status: projected.status,
    runtime_status: projected.runtimeStatus,
    liveness: member.liveness,
    admin: member.admin,
    condition: member.condition,
    self: member.self,
    addresses: member.addresses,
    round_trip_ms: member.roundTripMs === undefined ? null : round(member.roundTripMs),
    last_heartbeat: heartbeat === undefined ? null : new Date(heartbeat.sentAtMs).toISOString(),
  }
}

function round(ms: number): number {
  return Math.round(ms * 1_000) / 1_000
}
