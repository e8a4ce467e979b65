/**
 * Membership: knows who is in the cluster, and tells everybody here who needs to know.
 *
 * The pure model decides; this actor gives it time, messages and measurements, and carries out
 * what it answers. Told by the net, its own timers, its children and whoever asks. Tells peers,
 * the mesh (a system is gone), connections (whom to keep) and its readers. Survives a throwing
 * input by giving up that input alone: its state is the view, which must not be lost.
 */
import { memberChangesMax, rememberEveryMs, stallLookMs } from '../protocols/limits.ts'
import type { Admin, MeasuredResources } from '../protocols/membership.ts'
import type { MemberChange } from '../protocols/membership-actor.ts'
import { actor, feed, resume } from '../src/kernel/index.ts'
import type { Feed, Later } from '../src/kernel/index.ts'
import { connections } from './connections.ts'
import type { ConnectionsInit } from './connections.ts'
import { health } from './health.ts'
import { heartbeat } from './heartbeat.ts'
import { takeArrivals } from './membership-arrivals.ts'
import type { MembershipInit } from './membership-init.ts'
import { MembershipLoop } from './membership-loop.ts'
import { savePeers } from './membership-memory.ts'
import { countersOf, openLinks, openRunning, ownAddresses } from './membership-running.ts'
import type { LoopContext, Running } from './membership-running.ts'
import { aboutSelf, step, tellTopic } from './membership-step.ts'
import { memberOf, viewOf } from './membership-view.ts'

export const membership = actor(MembershipLoop, {
  state: open,
  on: {
    view: (state, _, ctx) =>
      viewOf(state.viewer, { nowMs: ctx.now(), counters: countersOf(state) }),
    leave: (state, _, ctx) => leave(state, ctx),
    setAdmin: (state, { admin }, ctx) => setAdmin(state, admin, ctx),
    setSyncing: (state, { syncing }, ctx) => {
      turn(state, ctx, () => step(state, { type: 'syncing', value: syncing }, ctx))
    },
    setOffer: (state, change, ctx) => {
      turn(state, ctx, () => step(state, { type: 'card', change }, ctx))
    },
    changes: (state, _, ctx) => openFeed(state, ctx),
    wanted: ({ connections: keeper }, wish) => keeper.wanted(wish),
    join: ({ connections: keeper }, seeds) => keeper.seek(seeds),
    stalled: (state, { gapMs }, ctx) => turn(state, ctx, () => noteStall(state, gapMs, ctx)),
    wake: (state, _, ctx) => turn(state, ctx, () => takeArrivals(state, ctx)),
    tick: (state, _, ctx) => {
      state.armedForMs = Number.POSITIVE_INFINITY
      turn(state, ctx, () => step(state, { type: 'tick' }, ctx))
    },
    watch: (state, _, ctx) => {
      state.links.tend(ctx.now())
      state.init.liveness?.beat()
      turn(state, ctx, () => takeArrivals(state, ctx))
    },
    save: (state, _, ctx) => savePeers(state, ctx),
    measured: (state, { resources }, ctx) => {
      state.resources = resources
      turn(state, ctx, () => beat(state, ctx))
    },
    checked: (state, { check }, ctx) => {
      state.check = check
      turn(state, ctx, () => beat(state, ctx))
    },
  },
  signals: { postStop: close, dispose: ({ links }) => links.close() },
  supervise: resume(),
})

async function open(init: MembershipInit, ctx: LoopContext): Promise<Running> {
  const { self } = ctx
  const links = await openLinks(init, () => self.wake())
  const running = openRunning(init, {
    links,
    connections: ctx.spawn(connections, connectionsInit(init), { name: 'connections' }),
    nowMs: ctx.now(),
  })
  spawnMeters(init, ctx)
  listenToTopic(running)
  turn(running, ctx, () => step(running, { type: 'join', peers: [] }, ctx))
  ctx.every('watch', stallLookMs, 'watch', undefined, { kind: 'fixed-delay' })
  ctx.every('save', rememberEveryMs, 'save', undefined, { kind: 'fixed-delay' })
  savePeers(running, ctx)
  return running
}

function connectionsInit({ net, seeds, recalled, limits }: MembershipInit): ConnectionsInit {
  const { connections: max } = limits
  return { net, seeds, remembered: recalled?.peers ?? [], ...(max === undefined ? {} : { max }) }
}

function spawnMeters(init: MembershipInit, ctx: LoopContext): void {
  const { host, profile, checks = [], queued = () => 0 } = init
  const { self } = ctx
  const measuring = { host, queued, intervalMs: profile.heartbeatIntervalMs }
  const report = (resources: MeasuredResources): void => self.measured({ resources })
  ctx.spawn(heartbeat, { ...measuring, report }, { name: 'heartbeat' })
  ctx.spawn(
    health,
    {
      ...measuring,
      intervalMs: profile.deepCheckIntervalMs,
      checks,
      report: (check) => self.checked({ check }),
    },
    { name: 'health' },
  )
}

function listenToTopic({ init, links, undo }: Running): void {
  const { topic, net } = init
  if (topic === undefined) return
  undo.push(net.subscribe(topic, { onMessage: ({ origin, data }) => links.hear(origin, data) }))
}

/** Whatever this actor does: first it looks whether it slept, at last it plans its next turn. */
function turn(state: Running, ctx: LoopContext, work: () => void): void {
  const nowMs = ctx.now()
  const gapMs = nowMs - state.lastTurnMs - stallLookMs
  state.lastTurnMs = nowMs
  // A timer that is set now lets the actor go on when this turn fails.
  arm(state, nowMs + state.model.profile.probeIntervalMs, ctx)
  noteStall(state, gapMs, ctx)
  work()
  if (state.planStale) tellPlan(state)
  arm(state, state.model.dueMs, ctx)
}

function arm(state: Running, atMs: number, ctx: LoopContext): void {
  if (atMs >= state.armedForMs) return
  state.armedForMs = atMs
  ctx.after('tick', Math.max(1, atMs - ctx.now()), 'tick', undefined)
}

function noteStall(state: Running, gapMs: number, ctx: LoopContext): void {
  if (gapMs <= state.model.profile.probeTimeoutMs) return
  state.tally.stalls += 1
  step(state, { type: 'stall', gapMs }, ctx)
}

function tellPlan(state: Running): void {
  state.planStale = false
  if (state.model.phase !== 'joined') return
  const others = [...state.model.table].filter(({ id }) => id !== state.model.self)
  const peers = others.map(({ id, liveness, card }) => ({
    peerId: id,
    addresses: card.addresses,
    gone: liveness === 'left',
  }))
  state.connections.plan({ peers })
}

function leave(state: Running, ctx: LoopContext): Later<void> | void {
  if (state.model.phase !== 'joined') return
  turn(state, ctx, () => step(state, { type: 'leave' }, ctx))
  tellTopic(state, { ...aboutSelf(state), liveness: 'left', by: state.model.self })
  return ctx.replyLater<void>((replier) => void state.leavers.push(replier))
}

function setAdmin(state: Running, admin: Admin, ctx: LoopContext): void {
  turn(state, ctx, () => step(state, { type: 'card', change: { admin } }, ctx))
}

/** Own figures go out; what changed about this node goes with them, lonely peers are met anew. */
function beat(state: Running, ctx: LoopContext): void {
  const { resources, check, model, init } = state
  if (resources === undefined || model.phase !== 'joined') return
  const checked = check === undefined ? {} : { check }
  step(state, { type: 'heartbeat', resources, wallMs: ctx.wall(), ...checked }, ctx)
  const addresses = ownAddresses(init)
  if (addresses.join(' ') !== model.card.addresses.join(' ')) {
    step(state, { type: 'card', change: { addresses } }, ctx)
  }
  for (const { peerId } of init.net.peers()) {
    const known = model.table.get(peerId)?.liveness
    if (known !== 'alive') step(state, { type: 'link-up', peer: peerId }, ctx)
  }
}

function openFeed(state: Running, ctx: LoopContext): Feed<MemberChange> {
  const reader: Feed<MemberChange> = feed<MemberChange>({
    capacity: memberChangesMax,
    onFull: 'close',
    onClose: () => state.feeds.delete(reader),
  })
  const { viewHash } = state.model.table
  for (const record of state.model.table) {
    reader.push({ type: 'known', member: memberOf(state.viewer, record, ctx.now()), viewHash })
  }
  state.feeds.add(reader)
  return reader
}

function close(state: Running): void {
  for (const reader of state.feeds) reader.close()
  for (const leaver of state.leavers.splice(0)) leaver.succeed()
  for (const undo of state.undo) undo()
}
