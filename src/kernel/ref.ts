/**
 * Ref: the handle by which an actor is spoken to, wherever it lives.
 *
 * Each protocol gets one generated class whose methods are its messages; no Proxy, so awaiting,
 * logging, cloning or stringifying a ref sends nothing. A ref survives restarts of its actor.
 */
import { type AskOptions, sendAsk } from './ask.ts'
import { TracedTell } from './envelope.ts'
import { EdgeError } from './errors.ts'
import type { Rider } from './mailbox.ts'
import type {
  AnySpec,
  AskSpec,
  Message,
  Messages,
  Protocol,
  StreamSpec,
  TellSpec,
} from './protocol.ts'
import type { Address, Recipient } from './recipient.ts'
import { openStream } from './stream.ts'
import { activeTurn, current } from './turn.ts'

declare const speaks: unique symbol

/** The method of a message: a tell returns nothing, an ask promises, a stream is iterated. */
export type Method<S extends AnySpec> =
  S extends AskSpec<infer I, infer O>
    ? (payload: I, options?: AskOptions) => Promise<O>
    : S extends StreamSpec<infer I, infer O>
      ? (payload: I, options?: AskOptions) => AsyncIterableIterator<O>
      : S extends TellSpec<infer I>
        ? (payload: I) => void
        : never

export type Methods<M extends Messages> = { readonly [K in keyof M]: Method<M[K]> }

/** A ref to an actor that speaks (at least) these messages. */
export type Ref<M extends Messages = Messages> = AnyRef & Methods<M>
export type RefOf<P> = P extends Protocol<infer M> ? Ref<M> : never
/** A ref that can say only some of the messages. */
export type Narrow<M extends Messages, K extends keyof M> = Ref<Pick<M, K>>

/** Any ref, whatever it speaks: enough to watch, stop, compare, log and pass on. */
export class AnyRef {
  readonly #to: Recipient
  declare readonly [speaks]: true

  constructor(to: Recipient) {
    this.#to = to
  }

  static recipientOf(ref: AnyRef): Recipient {
    if (typeof ref === 'object' && ref !== null && #to in ref) return ref.#to
    throw new EdgeError(
      'foreign_ref',
      'The value is not a ref of this copy of shoal; pass the ref itself, and make sure that ' +
        'only one copy of the package is installed',
    )
  }

  /** For logs and JSON: where the actor lives. */
  toJSON(): { readonly $ref: string } {
    return { $ref: formatAddress(this.#to.address) }
  }

  toString(): string {
    return formatAddress(this.#to.address)
  }
}

export function isRef(value: unknown): value is AnyRef {
  return value instanceof AnyRef
}

export function addressOf(ref: AnyRef): Address {
  return AnyRef.recipientOf(ref).address
}

/** Two refs are equal when they lead to the same actor, also after one crossed a network. */
export function sameActor(a: AnyRef, b: AnyRef): boolean {
  const left = addressOf(a)
  const right = addressOf(b)
  return left.node === right.node && left.path === right.path && left.uid === right.uid
}

export function formatAddress({ node, path, uid }: Address): string {
  return `shoal://${node}${path}#${uid}`
}

type RefClass = new (to: Recipient) => AnyRef
const classes = new WeakMap<Protocol, RefClass>()
const protocols = new WeakMap<object, Protocol>()

/** The generated class of a protocol. */
export function refClass(protocol: Protocol): RefClass {
  const made = classes.get(protocol)
  if (made !== undefined) return made
  const generated = class extends AnyRef {}
  Object.defineProperty(generated, 'name', { value: `Ref<${protocol.id}>` })
  for (const message of protocol.table) {
    Object.defineProperty(generated.prototype, message.name, {
      value: methodFor(message),
      enumerable: false,
    })
  }
  classes.set(protocol, generated)
  protocols.set(generated.prototype, protocol)
  return generated
}

/** What a ref was made to say; null for a value that is no generated ref. */
export function protocolOf(ref: AnyRef): Protocol | null {
  return protocols.get(Object.getPrototypeOf(ref) as object) ?? null
}

function methodFor(
  message: Message,
): (this: AnyRef, payload: unknown, options?: AskOptions) => unknown {
  if (message.kind === 'ask') {
    return function (payload, options) {
      if (payload === null) return Promise.reject(nullMessageError(message))
      return sendAsk(AnyRef.recipientOf(this), message, payload, options)
    }
  }
  if (message.kind === 'stream') {
    return function (payload, options) {
      if (payload === null) throw nullMessageError(message)
      return openStream(AnyRef.recipientOf(this), message, payload, options)
    }
  }
  return function (payload) {
    if (payload === null) throw nullMessageError(message)
    sendTell(AnyRef.recipientOf(this), message, payload)
  }
}

export function sendTell(to: Recipient, message: Message, payload: unknown): void {
  if (to.home.tracer !== null) to.accept(message, payload, tracedRider(to, message))
  else to.accept(message, payload, current.cell)
}

function tracedRider(to: Recipient, message: Message): Rider {
  const turn = activeTurn(to.home.carrier)
  const trace = to.home.tracer?.inject(turn?.envelope?.trace, message, to)
  const sender = turn?.cell ?? null
  return trace === undefined ? sender : new TracedTell(sender, trace)
}

function nullMessageError(message: Message): EdgeError {
  return new EdgeError(
    'invalid_message',
    `Message ${message.name} of ${message.protocol} was sent with null; ` +
      'send undefined when it has no payload, or an object that says what is absent',
    { detail: { protocol: message.protocol, message: message.name } },
  )
}

/** Send by a name that is only known at run time, as a command line or a gateway does. */
export function sendByName(
  ref: AnyRef,
  protocol: Protocol,
  call: { readonly name: string; readonly payload?: unknown; readonly options?: AskOptions },
): unknown {
  const message = protocol.table.find((candidate) => candidate.name === call.name)
  if (message === undefined) {
    const known = protocol.table.map((candidate) => candidate.name).join(', ')
    throw new EdgeError(
      'unknown_message',
      `Protocol ${protocol.id} has no message ${JSON.stringify(call.name)}; it has: ${known}`,
      { detail: { protocol: protocol.id, message: call.name } },
    )
  }
  return methodFor(message).call(ref, call.payload, call.options)
}
