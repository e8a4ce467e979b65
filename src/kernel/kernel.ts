/**
 * Kernel: what cells need of the system they live in, as an interface.
 *
 * The system implements it; cells know only this, so that no file imports itself the long way.
 */
import type { ActorDef } from './actor.ts'
import type { Cell } from './cell.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { Events } from './events.ts'
import type { Groups } from './groups.ts'
import type { Rider } from './mailbox.ts'
import type { SpawnOptions } from './props.ts'
import type { Message } from './protocol.ts'
import type { Receptionist } from './receptionist.ts'
import type { Exit, Home } from './recipient.ts'
import type { AnyRef } from './ref.ts'
import type { NameRegistry } from './registry.ts'
import type { Random } from './runtime.ts'

/** Carries local sends the long way round: through delays and a codec, as a network would. */
export interface Transit {
  /** Deliver the message, now or later, by calling `deliver` at most once. */
  send(to: Cell, message: Message, payload: unknown, rider: Rider): void
}

export interface Kernel extends Home {
  readonly dispatcher: Dispatcher
  readonly events: Events
  readonly random: Random
  readonly registry: NameRegistry
  readonly receptionist: Receptionist
  readonly groups: Groups
  readonly transit: Transit | null
  /** Shutting down: nothing new may start. */
  readonly stopping: boolean
  nextUid(): number
  openContext(cell: Cell): Revocable
  cellOf(ref: AnyRef): Cell
  /** Resolves when the actor has ended. */
  stop(ref: AnyRef): Promise<void>
  spawnChild(parent: Cell, def: ActorDef, init: unknown, options: SpawnOptions): Cell
  /** A cell has left the tree: its registered names are free from now on. */
  forget(cell: Cell): void
  /** The root has ended, and with it everything. */
  rootEnded(exit: Exit): void
}

/** A context that can be taken away when its incarnation ends. */
export interface Revocable {
  revoke(): void
}
