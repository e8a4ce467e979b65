/**
 * Events: what happens in a system, published by type to whoever subscribed.
 *
 * A type is a word of `EventTypes`, a key made with `eventKey`, or a class: whoever subscribes to
 * a class hears of its subclasses too. A throwing subscriber harms neither the publisher nor its
 * neighbours; after `unsubscribe` has returned nothing more arrives; a subscribed actor that ends
 * is forgotten.
 */
import type { CrashReport } from './crash-report.ts'
import type { AnyRef } from './ref.ts'
import { Subscription, type TellsTaking } from './subscription.ts'

/** What the kernel itself publishes; others add types by declaration merging or `eventKey`. */
export interface EventTypes {
  'actor.started': { readonly path: string; readonly incarnation: number }
  'actor.failed': ActorFailed
  /** An incarnation ended badly; what is looked at costs only when somebody subscribed. */
  'actor.crashed': CrashReport
  'actor.restarted': {
    readonly path: string
    readonly incarnation: number
    readonly error: unknown
    readonly level: 'warn' | 'error'
  }
  'actor.stopped': { readonly path: string; readonly reason: string }
  'actor.stuck': { readonly path: string; readonly message: string; readonly afterMs: number }
  'actor.abandoned': { readonly path: string; readonly message: string }
  /** An operator holds the actor, lets it go on, or has replaced its state. */
  'actor.suspended': { readonly path: string }
  'actor.resumed': { readonly path: string }
  'actor.repaired': { readonly path: string }
  'supervisor.decided': SupervisorDecided
  'shutdown.failed': { readonly phase: string; readonly task: string; readonly error: unknown }
  'shutdown.timed-out': { readonly phase: string; readonly tasks: readonly string[] }
  'hook.failed': { readonly path: string; readonly hook: string; readonly error: unknown }
  'subscriber.failed': { readonly type: string; readonly error: unknown }
}

/** A failure and what is decided about it; nothing of the payload's content. */
export interface ActorFailed {
  readonly path: string
  readonly incarnation: number
  readonly message: string
  readonly error: unknown
  readonly directive: string
}

/** What a supervisor makes of the end of a child. */
export interface SupervisorDecided {
  /** The supervisor. */
  readonly path: string
  readonly child: string
  readonly reason: string
  readonly error: unknown
  readonly strategy: string
  /** Restarts in the window, this one included; of the group if it has a budget. */
  readonly count: number
  readonly action: 'restart' | 'give-up' | 'forget'
}

export type EventType = keyof EventTypes
declare const carries: unique symbol
/** A word of the program's own that stands for events of one shape. */
export type EventKey<E> = string & { readonly [carries]: E }
/** A class whose instances are published as events. */
export type EventClass<E extends object = object> = abstract new (...args: never[]) => E
export type Subscriber<T extends EventType> = (event: EventTypes[T], type: T) => void
/** Hears everything; `type` is the word, or the name of the event's class. */
export type AnySubscriber = (event: unknown, type: string) => void
/** The event that a type stands for. */
export type EventOf<T> = T extends EventType
  ? EventTypes[T]
  : T extends EventKey<infer E>
    ? E
    : T extends EventClass<infer E>
      ? E
      : never

export type AnyEventType = EventType | EventKey<unknown> | EventClass

export function eventKey<E>(name: string): EventKey<E> {
  // At run time a key is its name; only the compiler sees what it carries.
  return name as EventKey<E>
}

export class Events {
  /** By word, or by the prototype of a class. */
  readonly #subscribers = new Map<string | object, Set<AnySubscriber>>()
  readonly #all = new Set<AnySubscriber>()
  /** Subscriptions by class; while there is none, nothing looks for prototypes. */
  #byClass = 0
  readonly #actors = new Map<string | object, Map<string, Subscription>>()

  /** Subscribing the same function twice delivers once. Returns its own undoing. */
  subscribe<T extends EventType>(type: T, subscriber: Subscriber<T>): () => void
  subscribe<E>(type: EventKey<E>, subscriber: (event: E) => void): () => void
  subscribe<E extends object>(type: EventClass<E>, subscriber: (event: E) => void): () => void
  subscribe(type: string | EventClass, subscriber: unknown): () => void {
    // The map's key decides the event's type, so the wider signature is never called wrongly.
    return this.#add(keyOf(type), subscriber as AnySubscriber)
  }

  subscribeAll(subscriber: AnySubscriber): () => void {
    this.#all.add(subscriber)
    return () => void this.#all.delete(subscriber)
  }

  /** Tell an actor of each event by a message of its own, until it ends. */
  subscribeActor<T extends AnyEventType, R extends AnyRef>(
    type: T,
    ref: R,
    name: TellsTaking<R, EventOf<T>>,
  ): () => void {
    const key = keyOf(type)
    const actors = this.#actors.get(key) ?? new Map<string, Subscription>()
    this.#actors.set(key, actors)
    const id = `${String(ref)} ${name}`
    const known = actors.get(id)
    if (known !== undefined) return () => known.cancel()
    const subscription = new Subscription(ref, name, () => {
      actors.delete(id)
      if (actors.size === 0 && this.#actors.get(key) === actors) this.#actors.delete(key)
      remove()
    })
    actors.set(id, subscription)
    const remove = this.#add(key, (event) => subscription.send(event))
    subscription.watch()
    return () => subscription.cancel()
  }

  /** Whether anybody would hear: spares the cost of describing what nobody reads. */
  wanted(type: AnyEventType): boolean {
    return this.#all.size > 0 || (this.#subscribers.get(keyOf(type))?.size ?? 0) > 0
  }

  publish<T extends EventType>(type: T, event: EventTypes[T]): void
  publish<E>(type: EventKey<E>, event: NoInfer<E>): void
  /** An instance of a class, for those who subscribed to the class or to one it extends. */
  publish(event: object): void
  publish(type: string | object, event?: unknown): void {
    if (typeof type === 'string') this.#deliver(this.#subscribers.get(type), event, type)
    else this.#publishInstance(type)
  }

  /** Run somebody else's listener; what it throws is reported and harms nobody. */
  guarded(type: string, listener: () => void): void {
    try {
      listener()
    } catch (error) {
      if (type !== 'subscriber.failed') this.publish('subscriber.failed', { type, error })
    }
  }

  #publishInstance(event: object): void {
    const chosen = this.#byClass === 0 ? undefined : this.#hearingOf(event)
    this.#deliver(chosen, event, event.constructor.name)
  }

  /** Whoever subscribed to a class and to one that it extends hears of it once. */
  #hearingOf(event: object): ReadonlySet<AnySubscriber> {
    const chosen = new Set<AnySubscriber>()
    let prototype: unknown = Object.getPrototypeOf(event)
    while (typeof prototype === 'object' && prototype !== null) {
      for (const subscriber of this.#subscribers.get(prototype) ?? []) chosen.add(subscriber)
      prototype = Object.getPrototypeOf(prototype)
    }
    return chosen
  }

  #deliver(chosen: ReadonlySet<AnySubscriber> | undefined, event: unknown, type: string): void {
    for (const subscriber of chosen ?? []) this.#call(subscriber, event, type)
    for (const subscriber of this.#all) this.#call(subscriber, event, type)
  }

  #call(subscriber: AnySubscriber, event: unknown, type: string): void {
    try {
      subscriber(event, type)
    } catch (error) {
      if (type !== 'subscriber.failed') this.publish('subscriber.failed', { type, error })
    }
  }

  #add(key: string | object, subscriber: AnySubscriber): () => void {
    const known = this.#subscribers.get(key) ?? new Set<AnySubscriber>()
    this.#subscribers.set(key, known)
    if (typeof key === 'object' && !known.has(subscriber)) this.#byClass++
    known.add(subscriber)
    return () => {
      if (!known.delete(subscriber)) return
      if (typeof key === 'object') this.#byClass--
      if (known.size === 0 && this.#subscribers.get(key) === known) this.#subscribers.delete(key)
    }
  }
}

function keyOf(type: string | EventClass): string | object {
  return typeof type === 'string' ? type : (type.prototype as object)
}
