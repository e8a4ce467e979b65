/**
 * MembershipView: what the model knows, as others may read it.
 */
import { busyShownMs } from '../protocols/limits.ts'
import type { MemberRecord } from '../protocols/membership.ts'
import type {
  Member,
  MemberHeartbeat,
  MembershipCounters,
  MemberView,
} from '../protocols/membership-actor.ts'
import { systemName } from '../src/mesh/index.ts'
import { heartbeatStaleAfterMs } from '../src/model/membership-heartbeat.ts'
import type { MembershipState } from '../src/model/membership-state.ts'
import { estimateRoundTripMs } from '../src/model/vivaldi.ts'

export interface Viewer {
  readonly model: MembershipState
  readonly connected: (peerId: string) => boolean
  readonly busy: ReadonlyMap<string, { readonly busyMs: number; readonly heardAtMs: number }>
}

export function viewOf(
  viewer: Viewer,
  at: { readonly nowMs: number; readonly counters: MembershipCounters },
): MemberView {
  const { model } = viewer
  const members = [...model.table]
    .map((record) => memberOf(viewer, record, at.nowMs))
    .toSorted((a, b) => (a.peerId < b.peerId ? -1 : 1))
  return {
    self: members.find(({ self }) => self) ?? memberOf(viewer, ownRecord(model), at.nowMs),
    members,
    viewHash: model.table.viewHash,
    phase: model.phase,
    profile: model.profile.name,
    atMs: at.nowMs,
    counters: at.counters,
  }
}

export function memberOf(viewer: Viewer, record: MemberRecord, nowMs: number): Member {
  const { model, connected } = viewer
  const { id, incarnation, liveness, sinceMs, card } = record
  const life = card.life ?? incarnation
  return {
    nodeId: card.nodeId ?? id,
    peerId: id,
    name: card.name,
    self: id === model.self,
    incarnation,
    life,
    system: systemName(id, life),
    liveness,
    admin: card.admin,
    condition: card.condition,
    sinceMs,
    addresses: card.addresses,
    zone: card.zone,
    weight: card.weight,
    capabilities: card.capabilities,
    version: card.version,
    connected: id === model.self || connected(id),
    ...placeOf(model, id),
    ...busyOf(viewer, id, nowMs),
    ...heartbeatOf(model, id, nowMs),
  }
}

export function ownRecord(model: MembershipState): MemberRecord {
  const { self: id, incarnation, card } = model
  return { id, incarnation, liveness: 'alive', sinceMs: 0, card }
}

function placeOf(model: MembershipState, id: string): Pick<Member, 'coordinate' | 'roundTripMs'> {
  if (id === model.self) return { coordinate: model.coordinate, roundTripMs: 0 }
  const heard = model.heartbeats.get(id)?.heartbeat.coordinate
  const coordinate = model.coordinates.get(id) ?? heard
  if (coordinate === undefined) return {}
  return { coordinate, roundTripMs: estimateRoundTripMs(model.coordinate, coordinate) }
}

function busyOf({ busy }: Viewer, id: string, nowMs: number): Pick<Member, 'busyMs'> {
  const heard = busy.get(id)
  if (heard === undefined || nowMs - heard.heardAtMs > busyShownMs) return {}
  return { busyMs: heard.busyMs }
}

function heartbeatOf(
  model: MembershipState,
  id: string,
  nowMs: number,
): { readonly heartbeat?: MemberHeartbeat } {
  const heard = model.heartbeats.get(id)
  if (heard === undefined) return {}
  const { heartbeat, heardAtMs } = heard
  const { sentAtMs, resources, check } = heartbeat
  const ageMs = nowMs - heardAtMs
  const stale = ageMs > heartbeatStaleAfterMs(model.profile, model.table.size)
  const checked = check === undefined ? {} : { check }
  return { heartbeat: { heardAtMs, ageMs, stale, sentAtMs, resources, ...checked } }
}
