/**
 * LinksOut: the numbers by which this side of a link calls the other side's actors.
 *
 * A number is spoken for as long as the epoch of the link lasts or until the other side says
 * that the actor is gone. Each named actor counts what was sent to it on either lane, because its
 * messages keep their order even when a large one takes the slower way.
 */
import { kind } from '../../protocols/actor-link.ts'
import type { Frame } from '../../protocols/actor-link.ts'
import type { Protocol } from '../kernel/index.ts'
import type { LaneName } from './lanes.ts'
import type { RemoteActor } from './remote-actor.ts'

export interface LinkOut {
  readonly number: number
  readonly sent: Record<LaneName, number>
}

export class LinksOut {
  readonly #byActor = new Map<RemoteActor, LinkOut>()
  readonly #byNumber = new Map<number, RemoteActor>()
  readonly #protocols = new Map<Protocol, number>()
  #numbers = 0

  /** The link of an actor; `introduce` gets the frames that name it for the first time. */
  of(actor: RemoteActor, introduce: (frame: Frame) => void): LinkOut {
    const known = this.#byActor.get(actor)
    if (known !== undefined) return known
    const protocol = this.#protocolOf(actor.protocol, introduce)
    const link = { number: ++this.#numbers, sent: { small: 0, bulk: 0 } }
    introduce([kind.bind, link.number, actor.address.path, actor.address.uid, protocol])
    this.#byActor.set(actor, link)
    this.#byNumber.set(link.number, actor)
    return link
  }

  /** The other side has let this number go. */
  forget(number: number): void {
    const actor = this.#byNumber.get(number)
    this.#byNumber.delete(number)
    if (actor !== undefined) this.#byActor.delete(actor)
  }

  clear(): void {
    this.#byActor.clear()
    this.#byNumber.clear()
    this.#protocols.clear()
  }

  #protocolOf(protocol: Protocol, introduce: (frame: Frame) => void): number {
    const known = this.#protocols.get(protocol)
    if (known !== undefined) return known
    const number = this.#protocols.size
    const names = protocol.table.map(({ name }) => name)
    introduce([kind.define, number, protocol.id, names])
    this.#protocols.set(protocol, number)
    return number
  }
}
