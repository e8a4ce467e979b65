/**
 * MembershipStep: one input into the model, and its effects carried out in their order.
 */
import { memberTopicNodesMax } from '../protocols/limits.ts'
import type { MemberClaim, MemberRecord } from '../protocols/membership.ts'
import type { MemberChange } from '../protocols/membership-actor.ts'
import { systemName } from '../src/mesh/index.ts'
import type { MembershipEffect, MembershipInput } from '../src/model/membership-state.ts'
import { stepMembership } from '../src/model/membership-step.ts'
import type { MemberEvent } from './membership-events.ts'
import { askResponders } from './membership-busy.ts'
import type { LoopContext, Running } from './membership-running.ts'
import { memberOf, ownRecord } from './membership-view.ts'

export function step(state: Running, input: MembershipInput, ctx: LoopContext): void {
  const random = (): number => ctx.random()
  for (const effect of stepMembership(state.model, input, ctx.now(), random)) {
    perform(state, effect, ctx)
  }
  askResponders(state, ctx.now())
}

function perform(state: Running, effect: MembershipEffect, ctx: LoopContext): void {
  switch (effect.type) {
    case 'send':
      state.links.send(effect.to, effect.message, addressesOf(state, effect.to))
      return
    case 'event':
      memberChanged(state, { type: eventWord(effect.event), record: effect.member }, ctx)
      return
    case 'fence':
      state.tally.fences += 1
      announce(
        state,
        { type: 'fenced', record: ownRecord(state.model), reason: effect.reason },
        ctx,
      )
      return
    case 'incarnation':
      state.memoryStale = true
      tellTopic(state, { ...aboutSelf(state), liveness: 'alive', card: state.model.card })
      return
    case 'conflict':
      state.tally.conflicts += 1
      ctx.events.publish('member.conflict', {
        peerId: state.model.self,
        incarnation: effect.incarnation,
      })
      return
    case 'left':
      for (const leaver of state.leavers.splice(0)) leaver.succeed()
      state.connections.release()
      return
    default:
      effect satisfies never
  }
}

interface Change {
  readonly type: MemberEvent
  readonly record: MemberRecord
  readonly reason?: 'stalled' | 'declared-dead'
}

function memberChanged(state: Running, change: Change, ctx: LoopContext): void {
  state.planStale = true
  state.memoryStale = true
  settleSystem(state, change)
  const { record } = change
  const grave = state.model.graves.get(record.id)
  if (change.type === 'dead' && grave?.by === state.model.self) {
    const { id, incarnation } = record
    tellTopic(state, { id, incarnation, liveness: 'dead', by: state.model.self })
  }
  announce(state, change, ctx)
}

/** An actor system is over when its node is dead, has left, or runs again as another life. */
function settleSystem(state: Running, { type, record }: Change): void {
  const { id, card, incarnation } = record
  if (id === state.model.self) return
  const life = card.life ?? incarnation
  const before = state.lives.get(id)
  const { meshLose, meshRegain } = state.init
  if (before !== undefined && before !== life) meshLose(systemName(id, before))
  state.lives.set(id, life)
  if (type === 'dead' || type === 'left') meshLose(systemName(id, life))
  else if (type === 'up') meshRegain?.(systemName(id, life))
  else if (type === 'removed') state.lives.delete(id)
}

function announce(state: Running, { type, record, reason }: Change, ctx: LoopContext): void {
  const change: MemberChange = {
    type,
    member: memberOf(state.viewer, record, ctx.now()),
    viewHash: state.model.table.viewHash,
    ...(reason === undefined ? {} : { reason }),
  }
  for (const feed of state.feeds) feed.push(change)
  ctx.events.publish(`member.${type}`, change)
}

/** Urgent news by the short way too; gossip and push-pull repair what it misses. */
export function tellTopic(state: Running, claim: MemberClaim): void {
  const { topic, net, codec } = state.init
  if (topic === undefined || state.model.table.size > memberTopicNodesMax) return
  const message = { type: 'gossip', news: { claims: [claim], heartbeats: [] } }
  const told = net.publish(topic, codec.encode(message, 'membership news'))
  // Nobody hears of a failure: the same news travels by gossip.
  void told.then(ignore, ignore)
}

export function aboutSelf({ model }: Running): Pick<MemberClaim, 'id' | 'incarnation'> {
  return { id: model.self, incarnation: model.incarnation }
}

function addressesOf({ model, remembered }: Running, id: string): readonly string[] {
  return model.table.get(id)?.card.addresses ?? remembered.get(id)?.addresses ?? []
}

function eventWord(event: Extract<MembershipEffect, { type: 'event' }>['event']): MemberEvent {
  return event.slice('member.'.length) as MemberEvent
}

function ignore(): void {}
