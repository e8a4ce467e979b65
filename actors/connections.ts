/**
 * Connections: keeps this node connected to those that it should be connected to.
 *
 * The net redials for ever and settles who dials; this actor says whom to keep. Those are the
 * seeds, the members of the plan, peers remembered from an earlier life until membership says
 * what became of them, and for a while those for whom messages wait. Told by the membership actor
 * alone; survives a crash by being told the plan again with the next change of the members.
 */
import {
  connectionsMax,
  rememberedPeerMs,
  rememberedPeersMax,
  wantedConnectionMs,
} from '../protocols/limits.ts'
import { actor, ask, protocol, restart, tell } from '../src/kernel/index.ts'
import { planConnections } from '../src/model/connection-plan.ts'
import type { DialTarget, Net } from '../src/ports/net.ts'
import type { RememberedPeer } from '../src/ports/peer-memory.ts'

export interface KnownPeer {
  readonly peerId: string
  readonly addresses: readonly string[]
  /** Left peers are not dialled any more; the dead are, in case that they live after all. */
  readonly gone: boolean
}

export const Connections = protocol('shoal.connections/1', {
  /** Everybody that membership knows, this node left out. */
  plan: tell<{ readonly peers: readonly KnownPeer[] }>(),
  wanted: tell<{ readonly peerId: string }>(),
  /** Meet whoever listens there. */
  seek: tell<{ readonly addresses: readonly string[] }>(),
  /** Let go of everybody: this node leaves. */
  release: tell(),
  /** Ids that are kept now, in order. */
  kept: ask<void, readonly string[]>(),
  /** Wishes end with time. */
  review: tell({ quiet: true }),
})

export interface ConnectionsInit {
  readonly net: Net
  readonly seeds: readonly string[]
  readonly remembered: readonly RememberedPeer[]
  readonly max?: number
}

interface Wish {
  readonly addresses: readonly string[]
  readonly untilMs: number
}

interface State {
  readonly net: Net
  readonly max: number
  /** Addresses of peers from an earlier life that membership has not spoken of. */
  readonly remembered: Map<string, readonly string[]>
  readonly wishes: Map<string, Wish>
  readonly kept: Map<string, string>
  peers: readonly KnownPeer[]
}

export const connections = actor(Connections, {
  state: (init: ConnectionsInit, ctx): State => {
    const state = openState(init, ctx.wall())
    for (const address of init.seeds) init.net.keep(targetOf(address))
    apply(state)
    ctx.every('review', wantedConnectionMs / 4, 'review', undefined)
    return state
  },
  on: {
    plan: (state, { peers }) => {
      state.peers = peers
      for (const { peerId } of peers) state.remembered.delete(peerId)
      apply(state)
    },
    wanted: (state, { peerId }, ctx) => {
      const addresses = addressesOf(state, peerId)
      state.wishes.set(peerId, { addresses, untilMs: ctx.now() + wantedConnectionMs })
      apply(state)
    },
    seek: ({ net }, { addresses }) => {
      for (const address of addresses) net.keep(targetOf(address))
    },
    release: (state) => {
      state.peers = []
      state.wishes.clear()
      state.remembered.clear()
      apply(state)
    },
    kept: ({ kept }) => [...kept.keys()].toSorted(),
    review: (state, _, ctx) => {
      for (const [peerId, { untilMs }] of state.wishes) {
        if (ctx.now() >= untilMs) state.wishes.delete(peerId)
      }
      apply(state)
    },
  },
  supervise: restart({ max: 10, within: '10s' }),
})

function openState(init: ConnectionsInit, wallMs: number): State {
  const fresh = init.remembered
    .filter(({ seenAtMs, peerId }) => {
      return wallMs - seenAtMs < rememberedPeerMs && peerId !== init.net.peerId
    })
    .toSorted((a, b) => b.seenAtMs - a.seenAtMs)
    .slice(0, rememberedPeersMax)
  return {
    net: init.net,
    max: init.max ?? connectionsMax,
    remembered: new Map(fresh.map(({ peerId, addresses }) => [peerId, addresses])),
    wishes: new Map(),
    kept: new Map(),
    peers: [],
  }
}

/** Make what is kept equal to what should be: the difference alone is told to the net. */
function apply(state: State): void {
  const wanted = wantedOf(state)
  for (const peerId of state.kept.keys()) {
    if (wanted.has(peerId)) continue
    state.kept.delete(peerId)
    state.net.release(peerId)
  }
  for (const [peerId, addresses] of wanted) {
    const told = addresses.join(' ')
    if (state.kept.get(peerId) === told) continue
    state.kept.set(peerId, told)
    state.net.keep({ peerId, addresses })
  }
}

function wantedOf(state: State): ReadonlyMap<string, readonly string[]> {
  const { net, max, peers, remembered, wishes } = state
  const wanted = new Map<string, readonly string[]>(remembered)
  const addresses = new Map(peers.map((peer) => [peer.peerId, peer.addresses]))
  const others = peers.filter(({ gone }) => !gone).map(({ peerId }) => peerId)
  for (const peerId of planConnections({ self: net.peerId, others, max })) {
    wanted.set(peerId, addresses.get(peerId) ?? [])
  }
  for (const [peerId, wish] of wishes) {
    if (!wanted.has(peerId)) wanted.set(peerId, wish.addresses)
  }
  return wanted
}

function addressesOf({ peers, remembered, net }: State, peerId: string): readonly string[] {
  const known = peers.find((peer) => peer.peerId === peerId)?.addresses
  return known ?? remembered.get(peerId) ?? net.peer(peerId)?.about.addresses ?? []
}

/** An address may name its peer, as in `/ip4/10.0.0.7/tcp/4001/p2p/12D3Koo…`. */
export function targetOf(address: string): DialTarget {
  const peerId = /\/p2p\/([^/]+)$/.exec(address)?.[1]
  return peerId === undefined ? { addresses: [address] } : { peerId, addresses: [address] }
}
