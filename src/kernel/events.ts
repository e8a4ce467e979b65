/**
 * Events: what happens in a system, published by type to whoever subscribed.
 *
 * A throwing subscriber harms neither the publisher nor its neighbours; after `unsubscribe` has
 * returned nothing more arrives.
 */

/** What the kernel itself publishes; other layers add their own by declaration merging. */
export interface EventTypes {
  'actor.started': { readonly path: string; readonly incarnation: number }
  'actor.failed': ActorFailed
  'actor.restarted': {
    readonly path: string
    readonly incarnation: number
    readonly error: unknown
    readonly level: 'warn' | 'error'
  }
  'actor.stopped': { readonly path: string; readonly reason: string }
  'actor.stuck': { readonly path: string; readonly message: string; readonly afterMs: number }
  'actor.abandoned': { readonly path: string; readonly message: string }
  'hook.failed': { readonly path: string; readonly hook: string; readonly error: unknown }
  'subscriber.failed': { readonly type: string; readonly error: unknown }
}

/** A crash report: enough to find the cause, nothing of the payload's content. */
export interface ActorFailed {
  readonly path: string
  readonly incarnation: number
  readonly message: string
  readonly error: unknown
  readonly directive: string
}

export type EventType = keyof EventTypes
export type Subscriber<T extends EventType> = (event: EventTypes[T], type: T) => void
type AnySubscriber = (event: unknown, type: EventType) => void

export class Events {
  readonly #subscribers = new Map<EventType, Set<AnySubscriber>>()
  readonly #all = new Set<AnySubscriber>()

  /** Subscribing the same function twice delivers once. Returns its own undoing. */
  subscribe<T extends EventType>(type: T, subscriber: Subscriber<T>): () => void {
    const known = this.#subscribers.get(type) ?? new Set<AnySubscriber>()
    this.#subscribers.set(type, known)
    // The map's key decides the event's type, so the wider signature is never called wrongly.
    known.add(subscriber as AnySubscriber)
    return () => void known.delete(subscriber as AnySubscriber)
  }

  subscribeAll(subscriber: AnySubscriber): () => void {
    this.#all.add(subscriber)
    return () => void this.#all.delete(subscriber)
  }

  /** Whether anybody would hear: spares the cost of describing what nobody reads. */
  wanted(type: EventType): boolean {
    return this.#all.size > 0 || (this.#subscribers.get(type)?.size ?? 0) > 0
  }

  publish<T extends EventType>(type: T, event: EventTypes[T]): void {
    const chosen = this.#subscribers.get(type)
    if (chosen !== undefined) for (const subscriber of chosen) this.#call(subscriber, type, event)
    for (const subscriber of this.#all) this.#call(subscriber, type, event)
  }

  #call(subscriber: AnySubscriber, type: EventType, event: unknown): void {
    try {
      subscriber(event, type)
    } catch (error) {
      if (type !== 'subscriber.failed') this.publish('subscriber.failed', { type, error })
    }
  }
}
