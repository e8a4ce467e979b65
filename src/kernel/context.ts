/**
 * Context: what an actor may do, for as long as its incarnation lives.
 *
 * It is the only source of time, randomness and ids for an actor, so that one seed decides a
 * whole run. When the incarnation ends the context is revoked: code that still holds it gets
 * `stale_incarnation` and changes nothing.
 */
import type { ActorDef, Handlers, Later, Signals } from './actor.ts'
import { type AnySignals, become, unbecome } from './become.ts'
import type { Cell } from './cell.ts'
import { durationMs, type Duration } from './duration.ts'
import { EdgeError } from './errors.ts'
import type { Events } from './events.ts'
import { extrasOf } from './extras.ts'
import { childNamed, childrenOf } from './family.ts'
import type { Groups } from './groups.ts'
import { requestStop } from './halt.ts'
import { nextId } from './ids.ts'
import type { Revocable } from './kernel.ts'
import type { SpawnOptions } from './props.ts'
import type { Input, Message, Messages } from './protocol.ts'
import type { Receptionist } from './receptionist.ts'
import { AnyRef, type Ref } from './ref.ts'
import type { NameRegistry } from './registry.ts'
import {
  type Continuation,
  forward,
  type Outcome,
  pipe,
  reenter,
  type Replier,
  replyLater,
} from './reentry.ts'
import { Scope } from './scope.ts'
import { stash, unstashAll } from './stash.ts'
import { type TimerKind, Timers } from './timers.ts'
import { current, Turn } from './turn.ts'
import { link, unlink, unwatch, watch } from './watch.ts'

export interface TimerOptions {
  /** When the first tick is due; default: after one interval. */
  readonly first?: Duration
  readonly kind?: Exclude<TimerKind, 'once'>
}

export class Context<M extends Messages, St> implements Revocable {
  #cell: Cell | null
  /** Whose context it was, for the error message; made only when one is needed. */
  #former: Cell | null = null
  #scopes: Set<Scope> | null = null

  constructor(cell: Cell) {
    this.#cell = cell
  }

  get #live(): Cell {
    if (this.#cell !== null) return this.#cell
    throw new EdgeError(
      'stale_incarnation',
      'This context belongs to an incarnation of an actor that has ended; ' +
        'what remained of its work has no effect',
      { detail: { path: this.#former?.path ?? '' } },
    )
  }

  get self(): Ref<M> {
    return this.#live.ref as Ref<M>
  }

  get path(): string {
    return this.#live.path
  }

  get incarnation(): number {
    return this.#live.incarnation
  }

  /** Milliseconds that only ever grow. */
  now(): number {
    return this.#live.home.clock.now()
  }

  /** The time of day, for people and stamps. */
  wall(): number {
    return this.#live.home.clock.wall()
  }

  random(): number {
    return this.#live.home.random.next()
  }

  id(): string {
    const { clock, random } = this.#live.home
    return nextId(clock, random)
  }

  /** What happens in the system, to publish and to subscribe to. */
  get events(): Events {
    return this.#live.home.events
  }

  /** Well-known names of this system. */
  get registry(): NameRegistry {
    return this.#live.home.registry
  }

  /** Who offers which service. */
  get receptionist(): Receptionist {
    return this.#live.home.receptionist
  }

  get groups(): Groups {
    return this.#live.home.groups
  }

  spawn<N extends Messages, A>(def: ActorDef<N, A>, ...[init, options]: SpawnArguments<A>): Ref<N> {
    const cell = this.#live
    return cell.home.spawnChild(cell, def, init, options ?? {}).ref as Ref<N>
  }

  get children(): readonly AnyRef[] {
    return childrenOf(this.#live).map((child) => child.ref)
  }

  child(name: string): AnyRef | null {
    return childNamed(this.#live, name)?.ref ?? null
  }

  /** Stop one of the own children, or the actor itself after this turn. */
  stop(child?: AnyRef): void {
    const cell = this.#live
    if (child === undefined || child === cell.ref) {
      requestStop(cell, { reason: 'normal' })
      return
    }
    const found = childOf(cell, child)
    if (found === undefined) throw notAChild(cell, child)
    requestStop(found, { reason: 'shutdown' })
  }

  watch(ref: AnyRef): void {
    watch(this.#live, ref, null)
  }

  /** Be told with a message of one's own instead of the `terminated` signal. */
  watchWith<K extends keyof M & string>(ref: AnyRef, name: K, payload: Input<M[K]>): void {
    const cell = this.#live
    messageOf(cell, name)
    watch(cell, ref, { name, payload })
  }

  unwatch(ref: AnyRef): void {
    unwatch(this.#live, ref)
  }

  /** An abnormal end of either takes the other down, unless it has `signals.linkBroken`. */
  link(ref: AnyRef): void {
    const cell = this.#live
    link(cell, cell.home.cellOf(ref))
  }

  unlink(ref: AnyRef): void {
    const cell = this.#live
    unlink(cell, cell.home.cellOf(ref))
  }

  /** Tell oneself once, later. Starting a timer with a key in use replaces it. */
  after<K extends keyof M & string>(
    key: string,
    delay: Duration,
    name: K,
    payload: Input<M[K]> | (() => Input<M[K]>),
  ): void {
    const cell = this.#live
    const everyMs = durationMs(delay)
    timersOf(cell).start(key, { kind: 'once', everyMs, message: messageOf(cell, name), payload })
  }

  /** Tell oneself again and again: at a fixed rate, or with a fixed delay after each handling. */
  every<K extends keyof M & string>(
    key: string,
    interval: Duration,
    name: K,
    payload: Input<M[K]> | (() => Input<M[K]>),
    options: TimerOptions = {},
  ): void {
    const cell = this.#live
    timersOf(cell).start(key, {
      kind: options.kind ?? 'fixed-rate',
      everyMs: durationMs(interval),
      ...(options.first === undefined ? {} : { firstMs: durationMs(options.first) }),
      message: messageOf(cell, name),
      payload,
    })
  }

  cancelTimer(key: string): void {
    this.#live.extras?.timers?.cancel(key)
  }

  timerActive(key: string): boolean {
    return this.#live.extras?.timers?.isActive(key) ?? false
  }

  /** Have `signals.receiveTimeout` called when nothing arrives for so long; again if it goes on. */
  setReceiveTimeout(after: Duration): void {
    timersOf(this.#live).watchIdle(durationMs(after))
  }

  cancelReceiveTimeout(): void {
    this.#live.extras?.timers?.cancelIdle()
  }

  /** Set the message of this turn aside. An ask set aside is answered when it comes back. */
  stash(): Later<never> {
    const cell = this.#live
    const turn = this.#turn
    const { message, payload, rider } = turn
    if (message === null) throw noMessage(cell, 'stash')
    stash(cell, { message, payload, rider })
    // Setting it aside again would double it.
    turn.message = null
    return stashed
  }

  unstashAll(): void {
    unstashAll(this.#live)
  }

  /** Handle later messages and signals in another way; what is not named stays as it is. */
  become(handlers: Partial<Handlers<M, St>>, signals?: Signals<M, St>): void {
    // The types of state and messages were checked at this call; the kernel never reads them.
    become(this.#live, handlers, (signals as unknown as AnySignals | undefined) ?? null)
  }

  /** Back to the behaviour before the latest one. */
  unbecome(): void {
    unbecome(this.#live)
  }

  /** Hand the message of this turn on; the one addressed answers its asker directly. */
  forward(to: Ref<M>): Later<never> {
    const cell = this.#live
    forward(cell, this.#turn, to)
    return stashed
  }

  /** Answer the ask of this turn later, from whichever turn has the answer. */
  replyLater<O>(keep: (replier: Replier<O>) => void): Later<O> {
    const cell = this.#live
    keep(replyLater<O>(cell, this.#turn))
    return stashed
  }

  /** Tell oneself what a promise came to, as a turn of its own. */
  pipeToSelf<T, K extends keyof M & string>(
    promise: PromiseLike<T>,
    name: K,
    map: (outcome: Outcome<T>) => Input<M[K]>,
  ): void {
    const cell = this.#live
    messageOf(cell, name)
    pipe(cell, promise, name, (outcome) => map(outcome as Outcome<T>))
  }

  /** Go on with the state in a turn of its own once the promise has settled. */
  reenterAfter<T>(
    promise: PromiseLike<T>,
    continuation: (state: St, outcome: Outcome<T>, ctx: Context<M, St>) => unknown,
  ): void {
    // An async function must arrive as one, so that it keeps its turn across await.
    reenter(this.#live, promise, continuation as unknown as Continuation)
  }

  /** Aborted when the answer is no longer wanted. Read it before the first await. */
  get signal(): AbortSignal {
    const { envelope } = this.#turn
    return envelope === null ? neverAborted : envelope.signal
  }

  /** Milliseconds that remain for the answer; Infinity when nobody waits. */
  get remainingMs(): number {
    const { envelope } = this.#turn
    return envelope === null ? Infinity : envelope.deadlineAt - this.#live.home.clock.now()
  }

  scope(): Scope {
    const cell = this.#live
    this.#scopes ??= new Set()
    const scopes = this.#scopes
    const scope = new Scope({
      checkChild: (child) => {
        if (childOf(cell, child as AnyRef) === undefined) throw notAChild(cell, child as AnyRef)
      },
      taskFailed: (error) =>
        cell.home.events.publish('hook.failed', { path: cell.path, hook: 'scope', error }),
      stopChild: (child) => cell.home.stop(child as AnyRef),
      scopeClosed: (closed) => void scopes.delete(closed),
    })
    scopes.add(scope)
    return scope
  }

  revoke(): void {
    const cell = this.#cell
    this.#former ??= cell
    this.#cell = null
    if (this.#scopes === null || cell === null) return
    const why = new EdgeError('stale_incarnation', `The incarnation of ${cell.path} has ended`)
    for (const scope of this.#scopes) scope.abort(why)
  }

  /** The turn that runs; after an await, the one it remembers, or else the serial one. */
  get #turn(): Turn {
    const cell = this.#live
    if (current.cell === cell) return current
    const carried = cell.home.carrier.current()
    if (carried instanceof Turn && carried.cell === cell && !carried.over) return carried
    return cell.turn ?? current
  }
}

/** The second argument of a spawn may be left out when the actor takes nothing. */
export type SpawnArguments<A> = [A] extends [void]
  ? [init?: undefined, options?: SpawnOptions]
  : [init: A, options?: SpawnOptions]

const neverAborted = new AbortController().signal
const stashed = replyLater.marker as Later<never>

function timersOf(cell: Cell): Timers {
  const extras = extrasOf(cell)
  extras.timers ??= new Timers(cell)
  return extras.timers
}

function messageOf(cell: Cell, name: string): Message {
  const { protocol } = cell.props.def
  const message = protocol.table.find((candidate) => candidate.name === name)
  if (message !== undefined) return message
  throw new EdgeError(
    'unknown_message',
    `Protocol ${protocol.id} of ${cell.path} has no message ${JSON.stringify(name)}`,
  )
}

function childOf(cell: Cell, ref: AnyRef): Cell | undefined {
  const to = AnyRef.recipientOf(ref)
  return 'parent' in to && to.parent === cell ? (to as Cell) : undefined
}

function notAChild(cell: Cell, ref: AnyRef): EdgeError {
  return new EdgeError(
    'not_a_child',
    `${cell.path} may stop only itself and its own children, not ${String(ref)}; ` +
      'tell that actor to stop, or stop it through the system',
  )
}

function noMessage(cell: Cell, what: string): EdgeError {
  return new EdgeError('no_message', `${cell.path} has no message to ${what} at this point`)
}
