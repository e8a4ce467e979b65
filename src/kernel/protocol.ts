/**
 * Protocol: what can be said to an actor, as a value apart from any behaviour.
 *
 * A protocol names its messages and says of each whether it is told, asked or streamed; payload
 * and reply live in the types alone, so a protocol costs nothing at run time but one small
 * record per message. The same value types handlers, local refs, worker refs and remote refs.
 */
import { EdgeError } from './errors.ts'

export interface MessageOptions {
  /** The handler may run while another asynchronous turn of the same actor is under way. */
  readonly interleave?: boolean
  /** Higher goes first in a priority mailbox. Default 0. */
  readonly priority?: number
  /** Overtakes ordinary messages in a control-aware mailbox. */
  readonly control?: boolean
  /** Does not count as activity for a receive time-out. */
  readonly quiet?: boolean
}

declare const types: unique symbol

export interface TellSpec<I> {
  readonly kind: 'tell'
  readonly options: MessageOptions
  readonly [types]?: { readonly in: I }
}
export interface AskSpec<I, O> {
  readonly kind: 'ask'
  readonly options: MessageOptions
  readonly [types]?: { readonly in: I; readonly out: O }
}
export interface StreamSpec<I, O> {
  readonly kind: 'stream'
  readonly options: MessageOptions
  readonly [types]?: { readonly in: I; readonly out: O }
}

export type AnySpec = TellSpec<unknown> | AskSpec<unknown, unknown> | StreamSpec<unknown, unknown>

export type Messages = Readonly<Record<string, AnySpec>>

/** Names that JavaScript itself calls on any object: they would be sent by accident. */
export const reservedNames = [
  'then',
  'catch',
  'finally',
  'toJSON',
  'toString',
  'toLocaleString',
  'valueOf',
  'inspect',
  'constructor',
  'prototype',
  '__proto__',
  'hasOwnProperty',
  'isPrototypeOf',
  'propertyIsEnumerable',
  '__defineGetter__',
  '__defineSetter__',
  '__lookupGetter__',
  '__lookupSetter__',
] as const

type Reserved = (typeof reservedNames)[number]
/** Makes a reserved message name a compile error at its own line. */
type Unreserved<M> = { readonly [K in keyof M]: K extends Reserved ? never : unknown }

/** One message of one protocol, as the kernel carries it. */
export interface Message {
  readonly protocol: string
  readonly name: string
  readonly kind: 'tell' | 'ask' | 'stream'
  /** Position in the protocol's handler table; negative for messages of the kernel itself. */
  readonly index: number
  readonly options: MessageOptions
}

export interface Protocol<M extends Messages = Messages> {
  readonly id: string
  readonly messages: M
  /** The same messages in the order of their index. */
  readonly table: readonly Message[]
}

export function tell<I = void>(options: MessageOptions = {}): TellSpec<NoInfer<I>> {
  return { kind: 'tell', options }
}

export function ask<I = void, O = void>(
  options: MessageOptions = {},
): AskSpec<NoInfer<I>, NoInfer<O>> {
  return { kind: 'ask', options }
}

export function stream<I = void, O = void>(
  options: MessageOptions = {},
): StreamSpec<NoInfer<I>, NoInfer<O>> {
  return { kind: 'stream', options }
}

const idShape = /^[a-z0-9][a-z0-9.-]*\/[0-9]+$/
const nameShape = /^[A-Za-z_$][\w$]*$/

export function protocol<const M extends Messages>(
  id: string,
  messages: M & Unreserved<M>,
): Protocol<M> {
  if (!idShape.test(id)) {
    throw new EdgeError(
      'invalid_protocol',
      `Protocol id ${JSON.stringify(id)} is not of the form 'name/1'; name it like 'shop.cart/1'`,
    )
  }
  const table = Object.keys(messages).map((name, index): Message => {
    const spec = messages[name]
    checkMessage(id, name, spec)
    return { protocol: id, name, kind: spec.kind, index, options: spec.options }
  })
  return { id, messages, table }
}

function checkMessage(
  id: string,
  name: string,
  spec: AnySpec | undefined,
): asserts spec is AnySpec {
  const reserved: readonly string[] = reservedNames
  if (reserved.includes(name) || !nameShape.test(name)) {
    throw new EdgeError(
      'invalid_protocol',
      `Protocol ${id} cannot have a message named ${JSON.stringify(name)}: ` +
        'JavaScript gives that name a meaning of its own; choose another word',
    )
  }
  if (spec === undefined || !['tell', 'ask', 'stream'].includes(spec?.kind)) {
    throw new EdgeError(
      'invalid_protocol',
      `Message ${name} of protocol ${id} is neither tell(), ask() nor stream()`,
    )
  }
}

/** What goes in and what comes out of a message, and its method on a ref. */
export type Input<S> =
  S extends TellSpec<infer I>
    ? I
    : S extends AskSpec<infer I, unknown>
      ? I
      : S extends StreamSpec<infer I, unknown>
        ? I
        : never
export type Output<S> =
  S extends AskSpec<unknown, infer O> ? O : S extends StreamSpec<unknown, infer O> ? O : void
