/**
 * Membership story: one node called `me` among scripted others, on a clock turned by hand.
 *
 * The others answer only where the test says so; every effect of the node is kept for looking at.
 */
import { membershipLimits } from '../../protocols/limits.ts'
import type { MemberCard, MemberClaim, SwimMessage } from '../../protocols/membership.ts'
import { membershipProfiles } from '../../src/model/membership-profile.ts'
import { createMembership } from '../../src/model/membership-state.ts'
import type { MembershipEffect, MembershipInput } from '../../src/model/membership-state.ts'
import { stepMembership } from '../../src/model/membership-step.ts'
import { seededRandom } from '../../src/model/membership-world.ts'

const profile = membershipProfiles.lan
const card: Omit<MemberCard, 'revision' | 'condition'> = {
  name: 'n',
  addresses: [],
  zone: 'z',
  weight: 1,
  capabilities: [],
  version: '1',
  admin: 'open',
}
export const fullCard: MemberCard = { ...card, condition: 'ok', revision: 0 }

export class Story {
  readonly state = createMembership({
    self: 'me',
    profile,
    limits: membershipLimits,
    card,
    incarnation: 7,
  })
  readonly effects: MembershipEffect[] = []
  readonly #random = seededRandom(1)
  nowMs = 1_000

  constructor(others: readonly string[] = []) {
    this.input({ type: 'join', peers: [] })
    this.hear(...others.map((id) => alive(id)))
    this.run(500, others)
    this.effects.length = 0
  }

  input(input: MembershipInput): readonly MembershipEffect[] {
    const effects = stepMembership(this.state, input, this.nowMs, this.#random)
    this.effects.push(...effects)
    return effects
  }

  message(from: string, message: SwimMessage): readonly MembershipEffect[] {
    return this.input({ type: 'message', from, message })
  }

  hear(...claims: readonly MemberClaim[]): readonly MembershipEffect[] {
    return this.message('gossiper', { type: 'gossip', news: { claims, heartbeats: [] } })
  }

  /** Let time pass, ticking whenever the state wants to; whoever answers, answers at once. */
  run(durationMs: number, answering: readonly string[] = []): void {
    const endMs = this.nowMs + durationMs
    while (this.state.dueMs <= endMs) {
      this.nowMs = Math.max(this.nowMs, this.state.dueMs)
      for (const effect of this.input({ type: 'tick' })) this.#answer(effect, answering)
    }
    this.nowMs = endMs
  }

  /** Let time pass without running: the event loop stands still. */
  sleep(durationMs: number): void {
    this.nowMs += durationMs
  }

  liveness(id: string): string | undefined {
    return this.state.table.get(id)?.liveness
  }

  sent(type: SwimMessage['type']): readonly { to: string; message: SwimMessage }[] {
    return this.effects.flatMap((effect) =>
      effect.type === 'send' && effect.message.type === type
        ? [{ to: effect.to, message: effect.message }]
        : [],
    )
  }

  events(): readonly string[] {
    return this.effects.flatMap((effect) =>
      effect.type === 'event' ? [`${effect.event} ${effect.member.id}`] : [],
    )
  }

  #answer(effect: MembershipEffect, answering: readonly string[]): void {
    if (effect.type !== 'send' || !answering.includes(effect.to)) return
    const { message } = effect
    if (message.type === 'ping') this.message(effect.to, { type: 'ack', seq: message.seq })
    if (message.type === 'ping-req') this.message(effect.to, { type: 'nack', seq: message.seq })
  }
}

export function alive(id: string): MemberClaim {
  return { id, incarnation: 1, liveness: 'alive', card: fullCard }
}
