/**
 * Actor: a behaviour for a protocol, as a value that can be spawned any number of times.
 *
 * It holds how state is made, what each message does, and what happens at the turning points of
 * a life. Handlers are exhaustive: the compiler names the one that is missing.
 */
import type { Context } from './context.ts'
import { EdgeError } from './errors.ts'
import type { Transit } from './kernel.ts'
import type { MailboxOptions } from './mailbox.ts'
import type { AskSpec, Messages, Protocol, StreamSpec, TellSpec } from './protocol.ts'
import type { Exit } from './recipient.ts'
import type { Refusal } from './refusal.ts'
import type { AnyRef } from './ref.ts'
import type { Policy } from './supervision.ts'
import { carrySignals, carryTurn } from './turn.ts'

declare const later: unique symbol
/** Returned by an ask handler that will answer through `ctx.replyLater`. */
export interface Later<O> {
  readonly [later]: O
}

/** What an ask's handler returns: the answer, a coded refusal, or word that it comes later. */
export type Answer<O> = O | Refusal | Later<O>

/** Returned by a state factory or a handler that wants its actor to end. */
export const stopped: unique symbol = Symbol('stopped')
export type Stopped = typeof stopped

export type Handler<S, St, M extends Messages> =
  S extends AskSpec<infer I, infer O>
    ? (state: St, payload: I, ctx: Context<M, St>) => Answer<O> | Promise<Answer<O>>
    : S extends StreamSpec<infer I, infer O>
      ? (state: St, payload: I, ctx: Context<M, St>) => AsyncIterable<O> | Iterable<O>
      : S extends TellSpec<infer I>
        ? (state: St, payload: I, ctx: Context<M, St>) => void | Stopped | Promise<void | Stopped>
        : never

export type Handlers<M extends Messages, St> = { readonly [K in keyof M]: Handler<M[K], St, M> }

/** A watched actor has ended. `cause` is known to parents and linked actors only. */
export interface Terminated {
  readonly ref: AnyRef
  readonly reason: Exit['reason']
  readonly cause?: unknown
}

export interface Signals<M extends Messages, St> {
  /** The last thing an actor does, in the state it ended with. */
  readonly postStop?: (state: St, ctx: Context<M, St>) => void | Promise<void>
  /** Runs on the old state before a restart; `postStop` does not. */
  readonly preRestart?: (state: St, error: unknown, ctx: Context<M, St>) => void | Promise<void>
  /** Frees what an incarnation holds: once at restart and at stop, never at resume. */
  readonly dispose?: (state: St) => void
  readonly terminated?: (state: St, event: Terminated, ctx: Context<M, St>) => void | Promise<void>
  /** A linked actor ended abnormally; having this handler means to survive it. */
  readonly linkBroken?: (state: St, event: Terminated, ctx: Context<M, St>) => void | Promise<void>
  /** Nothing arrived for the time set with `ctx.setReceiveTimeout`. */
  readonly receiveTimeout?: (state: St, ctx: Context<M, St>) => void | Promise<void>
}

export interface Behaviour<M extends Messages, St, A> {
  readonly state: (init: A, ctx: Context<M, St>) => St | Stopped | Promise<St | Stopped>
  readonly on: Handlers<M, St>
  readonly signals?: Signals<M, St>
  /** What becomes of an instance that fails; default: stop. A spawn may say otherwise. */
  readonly supervise?: Policy
  readonly mailbox?: MailboxOptions
  /** A state factory that takes longer counts as failed. */
  readonly startTimeoutMs?: number
  /** An asynchronous turn that takes longer is stuck: it is reported, abandoned and supervised. */
  readonly turnDeadlineMs?: number
  readonly stashCapacity?: number
}

type AnyHandler = (state: unknown, payload: unknown, ctx: unknown) => unknown

/** What the kernel needs of a behaviour, with the types already checked at the definition. */
export interface ActorDef<M extends Messages = Messages, A = never> {
  readonly protocol: Protocol<M>
  readonly handlers: readonly AnyHandler[]
  readonly behaviour: Behaviour<Messages, unknown, unknown>
  /** Takes each message at the call site: an actor that lives elsewhere packs it there. */
  readonly transit?: Transit
  readonly [takes]?: (init: A) => void
}
declare const takes: unique symbol

export function actor<M extends Messages, St, A = void>(
  protocol: Protocol<M>,
  behaviour: Behaviour<M, St, A>,
): ActorDef<M, A> {
  const handlers = compileHandlers(protocol, behaviour.on)
  const { signals } = behaviour
  const carried =
    signals === undefined ? behaviour : { ...behaviour, signals: carrySignals(signals) }
  return {
    protocol,
    handlers,
    // Inside the kernel states and payloads are opaque; only the definition's own code reads them.
    behaviour: carried as unknown as Behaviour<Messages, unknown, unknown>,
  }
}

/** Handlers in the order of the protocol's table. */
export function compileHandlers(protocol: Protocol, on: object): readonly AnyHandler[] {
  for (const name of Object.keys(on)) {
    if (protocol.table.some((message) => message.name === name)) continue
    throw new EdgeError(
      'unknown_message',
      `Protocol ${protocol.id} has no message ${JSON.stringify(name)} to handle`,
    )
  }
  return protocol.table.map((message): AnyHandler => {
    const handler: unknown = Object.hasOwn(on, message.name)
      ? Reflect.get(on, message.name)
      : undefined
    if (typeof handler === 'function') return carryTurn(handler as AnyHandler)
    throw new EdgeError(
      'missing_handler',
      `The actor for ${protocol.id} has no handler for ${message.name}; add one under "on"`,
    )
  })
}
