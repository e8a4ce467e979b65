/**
 * FarRecipient: an actor of the other side of a link, behind a ref of this side.
 *
 * It packs what it is told and keeps nothing; when the link is gone it refuses like an actor that
 * has ended.
 */
import type {
  Address,
  Home,
  Message,
  Protocol,
  Recipient,
  Rider,
  Watcher,
} from '../../src/kernel/index.ts'
import type { Link } from './link.ts'
import { Parcel } from './payload.ts'

export class FarRecipient implements Recipient {
  readonly home: Home
  readonly address: Address
  readonly protocol: Protocol
  readonly link: Link
  /** Number of the actor on the other side. */
  readonly uid: number

  constructor(
    link: Link,
    to: { readonly uid: number; readonly protocol: Protocol; readonly address: Address },
  ) {
    this.home = link.system
    this.link = link
    this.uid = to.uid
    this.protocol = to.protocol
    this.address = to.address
  }

  /** Refuses an unfit payload at the call site: an asker hears, a teller's call throws. */
  accept(message: Message, payload: unknown, rider: Rider): void {
    const parcel = payload instanceof Parcel ? payload : this.#pack(message, payload, rider)
    if (parcel !== null) this.link.send(this, message, parcel, rider)
  }

  #pack(message: Message, payload: unknown, rider: Rider): Parcel | null {
    try {
      return this.link.pack(payload, `payload of ${message.name}`)
    } catch (refusal) {
      if (rider === null || !rider.isEnvelope || !rider.expectsReply) throw refusal
      rider.fail(refusal as Error)
      return null
    }
  }

  /** The other side knows its own turns, and refuses there. */
  wouldDeadlock(): boolean {
    return false
  }

  addWatcher(watcher: Watcher): void {
    this.link.watch(this, watcher)
  }

  removeWatcher(watcher: Watcher): void {
    this.link.unwatch(watcher)
  }
}
