/**
 * Effect: one thing that a behaviour did, as data that a test can look at.
 *
 * Effects stand in the order in which the behaviour caused them. What was told is not delivered,
 * what was spawned does not run: the behaviour kit shows intentions, nothing more.
 */
import type { ActorDef, AnyRef, Exit, SpawnOptions } from '../kernel/index.ts'

/** Something was sent to another actor, or to itself. */
interface Sent {
  readonly to: AnyRef
  readonly name: string
  readonly payload: unknown
}

/** An ask waits for an answer that the test gives. */
export interface Asked extends Sent {
  readonly kind: 'asked'
  succeed(value: unknown): void
  fail(error: Error): void
}

export interface Spawned {
  readonly kind: 'spawned'
  readonly ref: AnyRef
  readonly def: ActorDef
  readonly init: unknown
  readonly options: SpawnOptions
}

export interface Scheduled {
  readonly kind: 'scheduled'
  readonly key: string
  readonly timer: 'once' | 'fixed-rate' | 'fixed-delay'
  readonly everyMs: number
  readonly name: string
  readonly payload: unknown
}

export type Effect =
  | Spawned
  | ({ readonly kind: 'told' | 'streamed' | 'forwarded' } & Sent)
  | Asked
  | { readonly kind: 'watched'; readonly ref: AnyRef; readonly message: string | null }
  | { readonly kind: 'unwatched' | 'linked' | 'unlinked'; readonly ref: AnyRef }
  | Scheduled
  | { readonly kind: 'timer-cancelled'; readonly key: string }
  | { readonly kind: 'receive-timeout'; readonly afterMs: number | null }
  | { readonly kind: 'stashed' | 'unstashed' | 'answers-later' | 'unbecame' }
  | { readonly kind: 'became'; readonly messages: readonly string[] }
  /** A child was told to stop, or the actor itself has ended. */
  | { readonly kind: 'stopped'; readonly ref: AnyRef; readonly reason: Exit['reason'] | null }
  | { readonly kind: 'failed'; readonly error: unknown; readonly directive: string }
  | { readonly kind: 'restarted'; readonly incarnation: number }

export type EffectKind = Effect['kind']
export type EffectOf<K extends EffectKind> = Extract<Effect, { readonly kind: K }>
