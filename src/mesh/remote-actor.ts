/**
 * RemoteActor: what stands behind a ref whose actor lives in another system.
 *
 * It takes messages like any recipient and hands them to the association with its node. It keeps
 * no queue and knows no state: the actor may have ended long ago.
 */
import type {
  Address,
  Home,
  Message,
  Protocol,
  Recipient,
  Rider,
  Watcher,
} from '../kernel/index.ts'
import type { Association } from './association.ts'

export class RemoteActor implements Recipient {
  readonly home: Home
  readonly address: Address
  readonly protocol: Protocol
  readonly #associationWith: (node: string) => Association
  /** That of the first use: once its node was declared gone, this ref is over for good (WA-11). */
  #association: Association | null = null

  constructor(
    home: Home,
    address: Address,
    protocol: Protocol,
    associationWith: (node: string) => Association,
  ) {
    this.home = home
    this.address = address
    this.protocol = protocol
    this.#associationWith = associationWith
  }

  accept(message: Message, payload: unknown, rider: Rider): void {
    this.#with.send(this, message, payload, rider)
  }

  /** A cycle across nodes is found by the node that closes it. */
  wouldDeadlock(): boolean {
    return false
  }

  addWatcher(watcher: Watcher): void {
    this.#with.watch(this, watcher)
  }

  removeWatcher(watcher: Watcher): void {
    this.#with.unwatch(this, watcher)
  }

  get #with(): Association {
    this.#association ??= this.#associationWith(this.address.node)
    return this.#association
  }
}
