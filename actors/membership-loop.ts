/**
 * MembershipLoop: the protocol of membership with what the actor and its children say inside.
 */
import type { DeepCheck, MeasuredResources } from '../protocols/membership.ts'
import { Membership } from '../protocols/membership-actor.ts'
import { protocol, tell } from '../src/kernel/index.ts'

export const MembershipLoop = protocol('shoal.membership/1', {
  ...Membership.messages,
  /** Arrivals wait in the actor's own queue. */
  wake: tell(),
  /** Something that the model planned is due. */
  tick: tell(),
  /** Look how long the loop took to come back. */
  watch: tell({ quiet: true }),
  /** Write what is remembered. */
  save: tell({ quiet: true }),
  measured: tell<{ readonly resources: MeasuredResources }>(),
  checked: tell<{ readonly check: DeepCheck }>(),
})

export type MembershipLoopMessages = typeof MembershipLoop.messages
