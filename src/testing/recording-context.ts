/**
 * RecordingContext: a context that does what it is told and writes down that it did.
 */
import {
  type ActorDef,
  type AnyRef,
  type Cell,
  Context,
  durationMs,
  type Duration,
  type Later,
  type Messages,
  type Ref,
  type Replier,
  type SpawnArguments,
  type TimerOptions,
} from '../kernel/index.ts'
import type { Effect, Scheduled } from './effect.ts'

export class RecordingContext extends Context<Messages, unknown> {
  readonly #record: (effect: Effect) => void

  constructor(cell: Cell, record: (effect: Effect) => void) {
    super(cell)
    this.#record = record
  }

  override spawn<N extends Messages, A>(def: ActorDef<N, A>, ...rest: SpawnArguments<A>): Ref<N> {
    const ref = super.spawn(def, ...rest)
    const [init, options = {}] = rest
    this.#record({ kind: 'spawned', ref, def: def as unknown as ActorDef, init, options })
    return ref
  }

  override stop(child?: AnyRef): void {
    super.stop(child)
    if (child === undefined || child === this.self) return
    this.#record({ kind: 'stopped', ref: child, reason: null })
  }

  override watch(ref: AnyRef): void {
    super.watch(ref)
    this.#record({ kind: 'watched', ref, message: null })
  }

  override watchWith(ref: AnyRef, name: string, payload: never): void {
    super.watchWith(ref, name, payload)
    this.#record({ kind: 'watched', ref, message: name })
  }

  override unwatch(ref: AnyRef): void {
    super.unwatch(ref)
    this.#record({ kind: 'unwatched', ref })
  }

  override link(ref: AnyRef): void {
    super.link(ref)
    this.#record({ kind: 'linked', ref })
  }

  override unlink(ref: AnyRef): void {
    super.unlink(ref)
    this.#record({ kind: 'unlinked', ref })
  }

  override after(key: string, delay: Duration, name: string, payload: never): void {
    super.after(key, delay, name, payload)
    this.#scheduled({ key, timer: 'once', everyMs: durationMs(delay), name, payload })
  }

  override every(
    key: string,
    interval: Duration,
    name: string,
    payload: never,
    options: TimerOptions = {},
  ): void {
    super.every(key, interval, name, payload, options)
    const timer = options.kind ?? 'fixed-rate'
    this.#scheduled({ key, timer, everyMs: durationMs(interval), name, payload })
  }

  override cancelTimer(key: string): void {
    super.cancelTimer(key)
    this.#record({ kind: 'timer-cancelled', key })
  }

  override setReceiveTimeout(after: Duration): void {
    super.setReceiveTimeout(after)
    this.#record({ kind: 'receive-timeout', afterMs: durationMs(after) })
  }

  override cancelReceiveTimeout(): void {
    super.cancelReceiveTimeout()
    this.#record({ kind: 'receive-timeout', afterMs: null })
  }

  override stash(): Later<never> {
    const marker = super.stash()
    this.#record({ kind: 'stashed' })
    return marker
  }

  override unstashAll(): void {
    super.unstashAll()
    this.#record({ kind: 'unstashed' })
  }

  override become(...how: Parameters<Context<Messages, unknown>['become']>): void {
    super.become(...how)
    this.#record({ kind: 'became', messages: Object.keys(how[0]) })
  }

  override unbecome(): void {
    super.unbecome()
    this.#record({ kind: 'unbecame' })
  }

  override replyLater<O>(keep: (replier: Replier<O>) => void): Later<O> {
    const marker = super.replyLater(keep)
    this.#record({ kind: 'answers-later' })
    return marker
  }

  #scheduled(timer: Omit<Scheduled, 'kind'>): void {
    this.#record({ kind: 'scheduled', ...timer })
  }
}
