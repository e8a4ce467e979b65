/**
 * MembershipRunning: the state of the membership actor, and how it begins.
 */
import type { DeepCheck, MeasuredResources } from '../protocols/membership.ts'
import type { MemberChange, MembershipCounters } from '../protocols/membership-actor.ts'
import type { Context, Feed, Ref, Replier } from '../src/kernel/index.ts'
import { createMembership } from '../src/model/membership-state.ts'
import type { MembershipState, Probe } from '../src/model/membership-state.ts'
import type { RememberedPeer } from '../src/ports/peer-memory.ts'
import type { Connections } from './connections.ts'
import type { MembershipInit } from './membership-init.ts'
import { MemberLinks } from './membership-links.ts'
import type { MembershipLoopMessages } from './membership-loop.ts'
import type { Viewer } from './membership-view.ts'

export type LoopContext = Context<MembershipLoopMessages, Running>

export interface Running {
  readonly init: MembershipInit
  readonly model: MembershipState
  readonly links: MemberLinks
  readonly viewer: Viewer
  readonly connections: Ref<typeof Connections.messages>
  readonly feeds: Set<Feed<MemberChange>>
  readonly leavers: Replier<void>[]
  /** Which life of each peer is known: its actor system. */
  readonly lives: Map<string, number>
  readonly strikes: Map<string, number>
  readonly remembered: Map<string, RememberedPeer>
  /** Members whose responder said that they are busy. */
  readonly busy: Map<string, { readonly busyMs: number; readonly heardAtMs: number }>
  /** Probes whose target's responder was asked. */
  readonly asked: WeakSet<Probe>
  readonly tally: Tally
  readonly undo: (() => void)[]
  resources: MeasuredResources | undefined
  check: DeepCheck | undefined
  /** When this actor last ran. */
  lastTurnMs: number
  /** When the timer rings that is set now. */
  armedForMs: number
  planStale: boolean
  memoryStale: boolean
  saving: boolean
}

/** Counters that are not those of the links. */
export interface Tally {
  malformed: number
  crowded: number
  stalls: number
  fences: number
  conflicts: number
  heardBusy: number
}

export async function openLinks(init: MembershipInit, wake: () => void): Promise<MemberLinks> {
  return MemberLinks.open({ net: init.net, codec: init.codec, wake })
}

export function openRunning(
  init: MembershipInit,
  given: {
    readonly links: MemberLinks
    readonly connections: Ref<typeof Connections.messages>
    readonly nowMs: number
  },
): Running {
  const model = openModel(init)
  const { net, recalled } = init
  const busy: Running['busy'] = new Map()
  return {
    init,
    model,
    links: given.links,
    viewer: { model, connected: (peerId) => net.peer(peerId) !== undefined, busy },
    connections: given.connections,
    feeds: new Set(),
    leavers: [],
    lives: new Map(),
    strikes: new Map(),
    remembered: new Map((recalled?.peers ?? []).map((peer) => [peer.peerId, peer])),
    tally: { malformed: 0, crowded: 0, stalls: 0, fences: 0, conflicts: 0, heardBusy: 0 },
    busy,
    asked: new WeakSet(),
    undo: [],
    resources: undefined,
    check: undefined,
    lastTurnMs: given.nowMs,
    armedForMs: Number.POSITIVE_INFINITY,
    planStale: false,
    memoryStale: false,
    saving: false,
  }
}

export function countersOf({ tally, links }: Running): MembershipCounters {
  return { ...tally, ...links.counters }
}

/** A card holds so many addresses, each so long. */
const addressesMax = 16
const addressLengthMax = 256

export function ownAddresses({ net }: MembershipInit): readonly string[] {
  return net
    .addresses()
    .filter((address) => address.length <= addressLengthMax)
    .slice(0, addressesMax)
}

function openModel(init: MembershipInit): MembershipState {
  const { identity, offer, liveness } = init
  return createMembership({
    self: identity.peerId,
    profile: init.profile,
    limits: init.limits.model,
    incarnation: identity.incarnation,
    card: {
      name: identity.name,
      nodeId: identity.nodeId,
      life: identity.incarnation,
      addresses: ownAddresses(init),
      zone: offer.zone ?? '',
      weight: offer.weight ?? 1,
      capabilities: offer.capabilities ?? [],
      version: offer.version,
      admin: 'open',
      ...(liveness === undefined ? {} : { responder: liveness.responder }),
    },
  })
}
