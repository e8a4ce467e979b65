/**
 * ErrorForm: an error as plain data, so that it crosses a thread with all that it says.
 *
 * A structured clone of an error loses its class, its code and every field of its own. The form
 * keeps class name, message, stack, code, fields, `cause` and `errors`. A class that the receiver
 * does not know arrives as a RemoteError with its name; refusals are recognised by their code.
 */
import { EdgeError } from '../../src/kernel/index.ts'

export interface ErrorForm {
  readonly class: string
  readonly name: string
  readonly message: string
  readonly stack?: string
  readonly cause?: unknown
  readonly errors?: readonly unknown[]
  readonly fields?: Readonly<Record<string, unknown>>
}

/** A class of errors that keeps its identity across a thread. */
export interface KnownError {
  readonly name: string
  readonly create: (message: string) => Error
}

export type KnownErrors = ReadonlyMap<string, KnownError['create']>

/** An error of a class that this thread does not know. */
export class RemoteError extends Error {
  /** Name of the class in the thread that threw. */
  readonly remoteClass: string

  constructor(remoteClass: string, message: string) {
    super(message)
    this.name = remoteClass
    this.remoteClass = remoteClass
  }
}

const languageErrors: readonly KnownError[] = [
  { name: 'Error', create: (message) => new Error(message) },
  { name: 'EvalError', create: (message) => new EvalError(message) },
  { name: 'RangeError', create: (message) => new RangeError(message) },
  { name: 'ReferenceError', create: (message) => new ReferenceError(message) },
  { name: 'SyntaxError', create: (message) => new SyntaxError(message) },
  { name: 'TypeError', create: (message) => new TypeError(message) },
  { name: 'URIError', create: (message) => new URIError(message) },
  { name: 'AggregateError', create: (message) => new AggregateError([], message) },
  { name: 'EdgeError', create: (message) => new EdgeError('unknown', message) },
]

export function knownErrors(more: readonly KnownError[] = []): KnownErrors {
  return new Map([...languageErrors, ...more].map(({ name, create }) => [name, create]))
}

/** Fields that have a place of their own, or that nobody may set from outside. */
const reserved = new Set([
  'name',
  'message',
  'stack',
  'cause',
  'errors',
  'remoteClass',
  '__proto__',
])

/** `inner` makes a value within the error fit to cross. */
export function errorFormOf(error: Error, inner: (value: unknown) => unknown): ErrorForm {
  const fields: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(error)) {
    if (!reserved.has(key)) fields[key] = inner(value)
  }
  return {
    class: classOf(error),
    name: textOf(error.name),
    message: textOf(error.message),
    ...(typeof error.stack === 'string' && { stack: error.stack }),
    ...(Object.hasOwn(error, 'cause') && { cause: inner(error.cause) }),
    ...(error instanceof AggregateError && { errors: error.errors.map(inner) }),
    ...(Object.keys(fields).length > 0 && { fields }),
  }
}

/** The error again; what is inside it has already come to life. */
export function errorOf(form: ErrorForm, known: KnownErrors): Error {
  const error = createError(form, known)
  if (error.name !== form.name) define(error, 'name', form.name)
  if (form.stack !== undefined) define(error, 'stack', form.stack)
  if ('cause' in form) define(error, 'cause', form.cause)
  if (form.errors !== undefined) define(error, 'errors', form.errors)
  for (const [key, value] of Object.entries(form.fields ?? {})) {
    if (!reserved.has(key)) {
      Object.defineProperty(error, key, {
        value,
        enumerable: true,
        writable: true,
        configurable: true,
      })
    }
  }
  return error
}

function createError(form: ErrorForm, known: KnownErrors): Error {
  if (form.class === 'DOMException') return new DOMException(form.message, form.name)
  const create = known.get(form.class)
  return create === undefined ? new RemoteError(form.class, form.message) : create(form.message)
}

function classOf(error: Error): string {
  if (error instanceof RemoteError) return error.remoteClass
  if (error instanceof DOMException) return 'DOMException'
  const { name } = error.constructor
  return name === '' ? error.name : name
}

/** Nothing makes an error keep text in its name or message. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : String(value)
}

function define(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true })
}
