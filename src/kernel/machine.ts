/**
 * Machine: an actor whose behaviour is a table of states, in the manner of gen_statem.
 *
 * In each state every message has a handler of that state or the common one; the compiler names
 * the missing. A transition asked for with `goto` happens when the turn's handler has ended: the
 * old state's exit, the new one's entry, then what was postponed comes back in order, after the
 * next events that the turn queued. A turn that fails asks for nothing.
 */
import type { ActorDef, Handler, Handlers, Signals } from './actor.ts'
import { actor } from './actor.ts'
import type { Context } from './context.ts'
import type { Duration } from './duration.ts'
import { EdgeError } from './errors.ts'
import { type CompiledState, Machine, type StateTable } from './machine-state.ts'
import { isPromise } from './promise.ts'
import type { Messages, Protocol } from './protocol.ts'
import { answeredLater } from './settle.ts'
import type { Policy } from './supervision.ts'
import { carryTurn } from './turn.ts'
import type { MailboxOptions } from './mailbox.ts'

type MachineContext<M extends Messages, S extends string, D> = Context<M, Machine<M, S, D>>

/** Handlers of one state: those that the common ones cover may be left out. */
export type StateHandlers<M extends Messages, St, C extends keyof M> = {
  readonly [K in Exclude<keyof M, C>]: Handler<M[K], St, M>
} & { readonly [K in C]?: Handler<M[K], St, M> }

export interface StateSpec<M extends Messages, S extends string, D, C extends keyof M> {
  readonly on: StateHandlers<M, Machine<M, S, D>, C>
  /** Runs when the state begins; `from` is null at the start of an incarnation. */
  readonly enter?: (machine: Machine<M, S, D>, ctx: MachineContext<M, S, D>, from: S | null) => void
  readonly exit?: (machine: Machine<M, S, D>, ctx: MachineContext<M, S, D>, to: S) => void
  /** Happens when the state has lasted so long; leaving the state calls it off. */
  readonly timeout?: {
    readonly after: Duration
    readonly then: (machine: Machine<M, S, D>, ctx: MachineContext<M, S, D>) => void | Promise<void>
  }
}

export interface MachineSpec<M extends Messages, S extends string, D, A, C extends keyof M> {
  readonly data: (init: A, ctx: MachineContext<M, S, D>) => D | Promise<D>
  readonly initial: NoInfer<S>
  readonly states: { readonly [K in S]: StateSpec<M, S, D, NoInfer<C>> }
  /** Handlers for every state that has none of its own. */
  readonly common?: { readonly [K in C]: Handler<M[K], Machine<M, S, D>, M> }
  readonly signals?: Signals<M, Machine<M, S, D>>
  readonly supervise?: Policy
  readonly mailbox?: MailboxOptions
  readonly stashCapacity?: number
}

export function machine<
  M extends Messages,
  S extends string,
  D,
  A = void,
  C extends keyof M = never,
>(protocol: Protocol<M>, spec: MachineSpec<M, S, D, A, C>): ActorDef<M, A> {
  const states = compileStates(protocol, spec)
  const { data, initial, signals, supervise, mailbox, stashCapacity } = spec
  const open = (made: D, ctx: MachineContext<M, S, D>): Machine<M, S, D> =>
    new Machine<M, S, D>({ initial, data: made, states }, ctx)
  return actor<M, Machine<M, S, D>, A>(protocol, {
    state: (init, ctx) => {
      const made = data(init, ctx)
      // A factory that gives data may give them later.
      return isPromise(made) ? Promise.resolve(made).then((d) => open(d, ctx)) : open(made, ctx)
    },
    on: dispatching(protocol),
    signals: {
      ...signals,
      dispose: (held) => {
        held.close()
        signals?.dispose?.(held)
      },
    },
    ...(supervise === undefined ? {} : { supervise }),
    ...(mailbox === undefined ? {} : { mailbox }),
    ...(stashCapacity === undefined ? {} : { stashCapacity }),
  })
}

type AnyHandler = (machine: unknown, payload: unknown, ctx: unknown) => unknown

/** One handler per message that looks up the one of the state the machine is in. */
function dispatching<M extends Messages, S extends string, D>(
  protocol: Protocol<M>,
): Handlers<M, Machine<M, S, D>> {
  const handlers = protocol.table.map(({ name }): [string, AnyHandler] => [
    name,
    (held, payload, ctx) => {
      const current = held as Machine<M, S, D>
      return (current.handlerOf(name) as AnyHandler)(held, payload, ctx)
    },
  ])
  // Each handler was typed by its own state; the compiler has seen them all.
  return Object.fromEntries(handlers) as unknown as Handlers<M, Machine<M, S, D>>
}

function compileStates<M extends Messages, S extends string, D, A, C extends keyof M>(
  protocol: Protocol<M>,
  spec: MachineSpec<M, S, D, A, C>,
): StateTable<M, S, D> {
  const names = Object.keys(spec.states) as S[]
  if (!names.includes(spec.initial)) {
    throw new EdgeError(
      'invalid_option',
      `The machine for ${protocol.id} begins in ${JSON.stringify(spec.initial)}, which is no ` +
        `state of it; its states are ${names.join(', ')}`,
    )
  }
  for (const { name, options } of protocol.table) {
    if (options.interleave !== true) continue
    throw new EdgeError(
      'invalid_option',
      `Message ${name} of ${protocol.id} interleaves, but a state machine takes one message ` +
        'after the other; declare it without { interleave: true }',
    )
  }
  const specs = Object.entries<StateSpec<M, S, D, C>>(spec.states)
  const common: object = spec.common ?? {}
  return new Map(
    specs.map(([name, state]) => [name as S, compileState(protocol, { name, state, common })]),
  )
}

interface OneState<M extends Messages, S extends string, D, C extends keyof M> {
  readonly name: string
  readonly state: StateSpec<M, S, D, C>
  readonly common: object
}

function compileState<M extends Messages, S extends string, D, C extends keyof M>(
  protocol: Protocol<M>,
  { name: state, state: { on, enter, exit, timeout }, common }: OneState<M, S, D, C>,
): CompiledState<M, S, D> {
  checkNames(protocol, state, on)
  const handlers = protocol.table.map(({ name }): [string, AnyHandler] => {
    const own: unknown = Object.hasOwn(on, name) ? Reflect.get(on, name) : undefined
    const shared: unknown = Object.hasOwn(common, name) ? Reflect.get(common, name) : undefined
    const handler = own ?? shared
    if (typeof handler === 'function') return [name, asTurn(handler as AnyHandler)]
    throw new EdgeError(
      'missing_handler',
      `State ${state} of the machine for ${protocol.id} has no handler for ${name}; add one ` +
        'under its "on", or under "common"',
    )
  })
  return {
    handlers: new Map(handlers),
    enter: enter ?? null,
    exit: exit ?? null,
    timeout: timeout === undefined ? null : { ...timeout, turn: asTurn(timeoutTurn(timeout)) },
  }
}

function timeoutTurn<M extends Messages, S extends string, D, C extends keyof M>({
  then,
}: NonNullable<StateSpec<M, S, D, C>['timeout']>): AnyHandler {
  return (held, _payload, ctx) => then(held as Machine<M, S, D>, ctx as MachineContext<M, S, D>)
}

function checkNames(protocol: Protocol, state: string, on: object): void {
  for (const name of Object.keys(on)) {
    if (protocol.table.some((message) => message.name === name)) continue
    throw new EdgeError(
      'unknown_message',
      `Protocol ${protocol.id} has no message ${JSON.stringify(name)} to handle in ${state}`,
    )
  }
}

type AnyMachine = Machine<Messages, string, unknown>

/** What the handler asked for happens once it has ended, whether at once or later. */
function asTurn(handler: AnyHandler): AnyHandler {
  if (handler.constructor.name === 'AsyncFunction') {
    return carryTurn(async (held: unknown, payload: unknown, ctx: unknown) => {
      const turn = (held as AnyMachine).begin()
      const result = await handler(held, payload, ctx)
      return (held as AnyMachine).commit(turn, ctx) ? answeredLater : result
    })
  }
  return (held, payload, ctx) => {
    const turn = (held as AnyMachine).begin()
    const result = handler(held, payload, ctx)
    const commit = (value: unknown): unknown =>
      (held as AnyMachine).commit(turn, ctx) ? answeredLater : value
    return isPromise(result) ? result.then(commit) : commit(result)
  }
}
