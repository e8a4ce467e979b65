/**
 * Router: an actor that speaks its routees' protocol and gives each message to one or all of them.
 *
 * A message passes straight from its sender's call into the routee's queue; only while the router
 * itself has messages waiting does it queue behind them, so that order holds. The asker is
 * answered by the routee directly. A message that no routee can take is a dead letter, never kept.
 */
import { type ActorDef, actor, type Handlers } from './actor.ts'
import type { Cell } from './cell.ts'
import { EdgeError } from './errors.ts'
import { extrasOf } from './extras.ts'
import { ROUTED } from './flags.ts'
import { hashText } from './hash.ts'
import type { Rider } from './mailbox.ts'
import type { Message, Messages, Protocol } from './protocol.ts'
import { isServiceKey, type ServiceKey } from './receptionist.ts'
import type { Exit, Recipient, Watcher } from './recipient.ts'
import { AnyRef, type Ref } from './ref.ts'
import {
  type CheckedRouting,
  checkRouting,
  type Chooser,
  openChooser,
  type Routee,
  type Routing,
} from './routing.ts'
import { scatter } from './scatter.ts'
import { answeredLater } from './settle.ts'
import { resume } from './supervision.ts'
import { current } from './turn.ts'

export interface RouterHooks {
  /** A routee has ended and has left the router. */
  readonly left?: (router: Router, exit: Exit) => void
  readonly routed?: (router: Router) => void
}

class Member implements Routee, Watcher {
  readonly ref: AnyRef
  readonly to: Recipient
  readonly seed: number
  readonly #router: Router
  reachable = true

  constructor(router: Router, ref: AnyRef) {
    this.#router = router
    this.ref = ref
    this.to = AnyRef.recipientOf(ref)
    const { node, path } = this.to.address
    this.seed = hashText(`${node}${path}`)
  }

  ended(_recipient: Recipient, exit: Exit): void {
    this.#router.lost(this.ref, exit)
  }
}

export class Router {
  readonly #cell: Cell
  readonly #routing: CheckedRouting
  readonly #choose: Chooser
  readonly #hooks: RouterHooks
  readonly #members = new Map<Recipient, Member>()
  /** Those that messages go to: the reachable ones, or all when none is reachable. */
  #routees: readonly Member[] = []

  constructor(cell: Cell, routing: CheckedRouting, hooks: RouterHooks = {}) {
    this.#cell = cell
    this.#routing = routing
    this.#choose = openChooser(routing, cell.home.random)
    this.#hooks = hooks
  }

  get routees(): readonly AnyRef[] {
    return [...this.#members.values()].map(({ ref }) => ref)
  }

  get size(): number {
    return this.#members.size
  }

  /** From now on messages to the cell go on to the routees. */
  open(): this {
    extrasOf(this.#cell).router = this
    this.#cell.flags |= ROUTED
    return this
  }

  close(): void {
    for (const member of this.#members.values()) member.to.removeWatcher(member)
    this.#members.clear()
    this.#sort()
    const extras = extrasOf(this.#cell)
    if (extras.router !== this) return
    extras.router = null
    this.#cell.flags &= ~ROUTED
  }

  add(ref: AnyRef): void {
    const member = new Member(this, ref)
    if (this.#members.has(member.to)) return
    this.#members.set(member.to, member)
    this.#sort()
    member.to.addWatcher(member)
  }

  remove(ref: AnyRef): void {
    const to = AnyRef.recipientOf(ref)
    const member = this.#members.get(to)
    if (member === undefined) return
    this.#members.delete(to)
    to.removeWatcher(member)
    this.#sort()
  }

  /** Exactly these from now on; those not among `reachable` only serve when nobody else does. */
  replace(all: readonly AnyRef[], reachable: readonly AnyRef[]): void {
    for (const ref of this.routees) if (!all.includes(ref)) this.remove(ref)
    for (const ref of all) this.add(ref)
    for (const member of this.#members.values()) member.reachable = reachable.includes(member.ref)
    this.#sort()
  }

  lost(ref: AnyRef, exit: Exit): void {
    this.remove(ref)
    this.#hooks.left?.(this, exit)
  }

  /** Always takes the message: what no routee can have becomes a dead letter. */
  route(message: Message, payload: unknown, rider: Rider): true {
    this.#hooks.routed?.(this)
    const { strategy } = this.#routing
    const toAll = strategy === 'broadcast' || strategy === 'scatter-gather'
    if (toAll && message.kind !== 'stream') this.#sendToAll(message, payload, rider)
    else this.#sendToOne(message, payload, rider)
    return true
  }

  #sendToOne(message: Message, payload: unknown, rider: Rider): void {
    const fits = this.#fitting(message, rider)
    const call = { payload, name: message.name, fits }
    const routee = this.#routees.length === 0 ? null : this.#choose(this.#routees, call)
    if (routee !== null) routee.to.accept(message, payload, rider)
    else this.#drop(message, payload, rider)
  }

  #sendToAll(message: Message, payload: unknown, rider: Rider): void {
    const open = this.#routees.filter(isOpen)
    if (open.length === 0) this.#drop(message, payload, rider)
    else if (rider?.isEnvelope === true && rider.expectsReply) {
      const tos = open.map(({ to }) => to)
      const firstOnly = this.#routing.strategy === 'scatter-gather'
      scatter(tos, { message, payload, asker: rider }, { router: this.#cell.path, firstOnly })
    } else for (const { to } of open) to.accept(message, payload, rider)
  }

  /** An ask never goes to a routee that itself waits for its answer. */
  #fitting(message: Message, rider: Rider): (routee: Routee) => boolean {
    if (message.kind !== 'ask' || rider?.isEnvelope !== true) return isOpen
    const { chain } = rider
    if (chain === 0) return isOpen
    return (routee) => isOpen(routee) && !routee.to.wouldDeadlock(chain, message)
  }

  #drop(message: Message, payload: unknown, rider: Rider): void {
    const { path } = this.#cell
    if (rider?.isEnvelope === true) {
      const blocked = this.#routees.some(isOpen)
      rider.fail(blocked ? deadlockError(path, message) : noRouteeError(path, message))
      if (blocked) return
    }
    this.#cell.deadLetter('no-routee', message, payload, rider)
  }

  #sort(): void {
    const all = [...this.#members.values()]
    const reachable = all.filter((member) => member.reachable)
    this.#routees = reachable.length > 0 ? reachable : all
  }
}

function isOpen({ to }: Routee): boolean {
  return to.closed !== true
}

export interface GroupRouting<M extends Messages> extends Routing<M> {
  /** Fixed refs, or a service key whose registered actors come and go. */
  readonly routees: readonly Ref<M>[] | ServiceKey<M>
}

/** A router over actors that others have spawned; it lives on when none of them is left. */
export function groupRouter<M extends Messages>(
  protocol: Protocol<M>,
  options: GroupRouting<M>,
): ActorDef<M> {
  const routing = checkRouting(options)
  const { routees } = options
  return routingActor(protocol, (cell) => {
    const router = new Router(cell, routing)
    if (!isServiceKey(routees)) {
      for (const ref of routees) router.add(ref)
      return { router, close: () => router.close() }
    }
    const leave = cell.home.receptionist.subscribe(routees, (listing) =>
      router.replace(listing.all, listing.refs),
    )
    const close = (): void => {
      leave()
      router.close()
    }
    return { router, close }
  })
}

/** What a routing actor holds as its state. */
export interface OpenRouter {
  readonly router: Router
  readonly close: () => void
}

export function routingActor<M extends Messages, A = void>(
  protocol: Protocol<M>,
  open: (cell: Cell, init: A) => OpenRouter,
): ActorDef<M, A> {
  const handlers = protocol.table.map(({ name }) => [name, routeTurn])
  return actor<M, OpenRouter, A>(protocol, {
    state: (init, ctx) => {
      const opened = open(AnyRef.recipientOf(ctx.self) as Cell, init)
      opened.router.open()
      return opened
    },
    // One handler for whatever the protocol says: the types hold at the routees.
    on: Object.fromEntries(handlers) as Handlers<M, OpenRouter>,
    signals: { dispose: ({ close }) => close() },
    // There is no state that a failing hash key could have spoiled.
    supervise: resume(),
  })
}

/** The message of this turn waited for its place; now it goes on with all that it carries. */
function routeTurn({ router }: OpenRouter): unknown {
  const { message, payload, rider } = current
  if (message !== null) router.route(message, payload, rider)
  return answeredLater
}

function noRouteeError(path: string, message: Message): EdgeError {
  return new EdgeError(
    'no_such_actor',
    `Router ${path} has no routee that could take ${message.name}; spawn or register one`,
    { detail: { path, message: message.name } },
  )
}

function deadlockError(path: string, message: Message): EdgeError {
  return new EdgeError(
    'deadlock',
    `Ask ${message.name} to router ${path} could never be answered: the routee it belongs to ` +
      'waits in this call chain; tell it instead, or declare the message { interleave: true }',
    { detail: { path, message: message.name } },
  )
}
