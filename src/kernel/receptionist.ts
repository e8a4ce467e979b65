/**
 * Receptionist: who offers a service, found by a key that knows the protocol.
 *
 * Registering an actor twice lists it once, and it is struck off when it ends. A subscriber hears
 * of the current set at once and then of each change. Services of other nodes are entered by
 * whoever talks to those nodes; a node that cannot be reached keeps its services apart.
 */
import { EdgeError } from './errors.ts'
import type { Kernel } from './kernel.ts'
import type { Messages, Protocol } from './protocol.ts'
import type { AnyRef, Ref } from './ref.ts'
import { checkSpeaks } from './registry.ts'
import { type Listed, Roster } from './roster.ts'
import { Subscription, type TellsTaking } from './subscription.ts'

/** What a service is looked up by: a name and the protocol that it speaks. */
export class ServiceKey<M extends Messages = Messages> {
  readonly name: string
  readonly protocol: Protocol<M>

  constructor(protocol: Protocol<M>, name: string) {
    this.protocol = protocol
    this.name = name
  }

  /** Equal for equal names and protocols, also on another node. */
  get id(): string {
    return `${this.protocol.id} ${this.name}`
  }
}

export function serviceKey<M extends Messages>(protocol: Protocol<M>, name: string): ServiceKey<M> {
  return new ServiceKey(protocol, name)
}

export function isServiceKey<M extends Messages>(
  value: ServiceKey<M> | readonly unknown[],
): value is ServiceKey<M> {
  return value instanceof ServiceKey
}

/** Who offers a service at one moment. */
export interface Listing<M extends Messages = Messages> {
  readonly key: ServiceKey<M>
  /** Those that can be reached. */
  readonly refs: readonly Ref<M>[]
  /** Those too whose node cannot be reached right now. */
  readonly all: readonly Ref<M>[]
}

/** Acknowledges a registration. */
export interface Registered<M extends Messages = Messages> {
  readonly key: ServiceKey<M>
  readonly ref: Ref<M>
}

type ListingListener<M extends Messages> = (listing: Listing<M>) => void

export class Receptionist {
  readonly #home: Kernel
  readonly #roster: Roster
  readonly #listeners = new Map<string, Map<unknown, () => void>>()
  readonly #actors = new Map<string, Subscription>()

  constructor(home: Kernel) {
    this.#home = home
    this.#roster = new Roster(home, 'receptionist')
  }

  /** Only actors of this system can be registered; others register with their own. */
  register<M extends Messages>(key: ServiceKey<M>, ref: Ref<M>): Registered<M> {
    const cell = this.#home.cellOf(ref)
    checkSpeaks(ref, key.protocol, key.name)
    if (cell.phase === 'ended') throw endedError(cell.path, key)
    if (this.#roster.find(key.id, ref) === null) this.#roster.add(key.id, ref)
    return { key, ref }
  }

  /** True when it was registered. */
  deregister<M extends Messages>(key: ServiceKey<M>, ref: Ref<M>): boolean {
    this.#home.cellOf(ref)
    return this.#roster.remove(key.id, ref)
  }

  find<M extends Messages>(key: ServiceKey<M>): Listing<M> {
    const standing = this.#roster.standing(key.id)
    const reachable = standing.filter(({ node }) => this.#roster.reachable(node))
    // Only refs that speak the key's protocol were let in under its id.
    return {
      key,
      refs: reachable.map(({ ref }) => ref as Ref<M>),
      all: standing.map(({ ref }) => ref as Ref<M>),
    }
  }

  /** The same function twice for one key is one subscription. Returns its own undoing. */
  subscribe<M extends Messages>(key: ServiceKey<M>, listener: ListingListener<M>): () => void {
    const listeners = this.#listeners.get(key.id) ?? new Map<unknown, () => void>()
    this.#listeners.set(key.id, listeners)
    const known = listeners.get(listener)
    if (known !== undefined) return known
    const tell = (): void => listener(this.find(key))
    const leave = this.#roster.subscribe(key.id, tell)
    const cancel = (): void => {
      leave()
      if (listeners.get(listener) !== cancel) return
      listeners.delete(listener)
      if (listeners.size === 0) this.#listeners.delete(key.id)
    }
    listeners.set(listener, cancel)
    this.#home.events.guarded('receptionist', tell)
    return cancel
  }

  /** Tell an actor of the current set and of each change, by a message of its own. */
  subscribeActor<M extends Messages, R extends AnyRef>(
    key: ServiceKey<M>,
    ref: R,
    name: TellsTaking<R, Listing<M>>,
  ): () => void {
    const id = `${key.id} ${String(ref)} ${name}`
    const known = this.#actors.get(id)
    if (known !== undefined) return () => known.cancel()
    let leave = (): void => {}
    const subscription = new Subscription(ref, name, () => {
      this.#actors.delete(id)
      leave()
    })
    this.#actors.set(id, subscription)
    leave = this.subscribe(key, (listing) => subscription.send(listing))
    subscription.watch()
    return () => subscription.cancel()
  }

  /** What this system offers, by key id, for those who tell other nodes. */
  get local(): Listed {
    return this.#roster.local
  }

  /** Hear the id of each key whose services changed. */
  onChange(listener: (keyId: string) => void): () => void {
    return this.#roster.subscribeAll(listener)
  }

  /** From now on the node offers exactly this. */
  replaceNode(node: string, offered: Listed): void {
    this.#roster.replaceNode(node, offered)
  }

  dropNode(node: string): void {
    this.#roster.dropNode(node)
  }

  setReachable(node: string, reachable: boolean): void {
    this.#roster.setReachable(node, reachable)
  }
}

function endedError(path: string, key: ServiceKey): EdgeError {
  return new EdgeError(
    'no_such_actor',
    `${path} has ended and cannot be registered as ${key.id}; spawn it again`,
    { detail: { path, key: key.id } },
  )
}
