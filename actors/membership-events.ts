/**
 * MembershipEvents: what membership publishes on the system's stream of events.
 */
import type { MemberChange } from '../protocols/membership-actor.ts'

declare module '../src/kernel/index.ts' {
  interface EventTypes {
    'member.up': MemberChange
    'member.suspect': MemberChange
    'member.cleared': MemberChange
    'member.dead': MemberChange
    'member.left': MemberChange
    'member.updated': MemberChange
    'member.removed': MemberChange
    /** This node must let go of what it owns. */
    'member.fenced': MemberChange
    /** Someone else speaks with this node's identity: a cloned machine or a forgotten disk. */
    'member.conflict': { readonly peerId: string; readonly incarnation: number }
    /** A peer sent what is no message of its protocol. */
    'member.malformed': { readonly peerId: string; readonly strikes: number }
    /** What should survive a restart was not written. */
    'member.forgetful': { readonly error: unknown }
  }
}

export type MemberEvent = Exclude<MemberChange['type'], 'known'>
