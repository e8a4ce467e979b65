/**
 * ErrorValues: an Error as plain data, with name, message, code, cause and other fields.
 *
 * The class crosses by name. A class that the receiver does not know arrives as a `RemoteError`
 * that keeps the name; refusals are recognised by `code` and need no class. Stacks stay where
 * they were made: they name files of another machine, and the log there has them.
 */
import { EdgeError } from '../../kernel/index.ts'
import type { ErrorClass } from '../../ports/codec.ts'

/** An error of a class that this node does not know. */
export class RemoteError extends Error {
  /** Name of the class on the node that threw. */
  readonly remoteClass: string

  constructor(remoteClass: string, message: string) {
    super(message)
    this.name = remoteClass
    this.remoteClass = remoteClass
  }
}

export type ErrorClasses = ReadonlyMap<string, ErrorClass>

/** What the wire carries; `fields` holds the error's own enumerable fields. */
interface ErrorData {
  readonly class: string
  readonly name: string
  readonly message: string
  readonly cause?: unknown
  readonly errors?: unknown
  readonly fields?: Readonly<Record<string, unknown>>
}

const LANGUAGE_CLASSES: readonly ErrorClass[] = [
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

/** Fields that have a place of their own, or that must not be set from outside. */
const RESERVED = new Set([
  'name',
  'message',
  'cause',
  'errors',
  'stack',
  '__proto__',
  'remoteClass',
])

export function errorClassesOf(extra: readonly ErrorClass[]): ErrorClasses {
  return new Map([...LANGUAGE_CLASSES, ...extra].map((known) => [known.name, known]))
}

export function errorDataOf(error: Error, classes: ErrorClasses): ErrorData {
  const fields: Record<string, unknown> = {}
  for (const key of Object.keys(error)) {
    if (!RESERVED.has(key)) fields[key] = (error as unknown as Record<string, unknown>)[key]
  }
  return {
    class: wireClassOf(error, classes),
    name: textOf(error.name),
    message: textOf(error.message),
    ...(Object.hasOwn(error, 'cause') && { cause: error.cause }),
    ...(error instanceof AggregateError && { errors: [...(error.errors as unknown[])] }),
    ...(Object.keys(fields).length > 0 && { fields }),
  }
}

export function reviveError(data: unknown, classes: ErrorClasses): Error {
  if (!isErrorData(data)) throw new TypeError('an error lacks its class, name or message')
  const error = createError(data, classes)
  if (error.name !== data.name) define(error, 'name', data.name)
  if (Object.hasOwn(data, 'cause')) define(error, 'cause', data.cause)
  if (Array.isArray(data.errors)) define(error, 'errors', data.errors)
  for (const [key, field] of Object.entries(data.fields ?? {})) {
    if (!RESERVED.has(key)) assign(error, key, field)
  }
  return error
}

function createError(data: ErrorData, classes: ErrorClasses): Error {
  if (data.class === 'DOMException') return new DOMException(data.message, data.name)
  const known = classes.get(data.class)
  return known === undefined
    ? new RemoteError(data.class, data.message)
    : known.create(data.message)
}

/** The name of the nearest class that the sender knows, else of the error's own class. */
function wireClassOf(error: Error, classes: ErrorClasses): string {
  if (error instanceof RemoteError) return error.remoteClass
  if (error instanceof DOMException) return 'DOMException'
  const name = error.constructor.name === '' ? error.name : error.constructor.name
  if (classes.has(name)) return name
  return error instanceof EdgeError ? 'EdgeError' : name
}

/** Nothing makes an error keep text in its name or message; what the wire promises is text. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : String(value)
}

function isErrorData(data: unknown): data is ErrorData {
  if (typeof data !== 'object' || data === null) return false
  const { class: className, name, message, fields } = data as Partial<ErrorData>
  return (
    typeof className === 'string' &&
    typeof name === 'string' &&
    typeof message === 'string' &&
    (fields === undefined || (typeof fields === 'object' && fields !== null))
  )
}

function define(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true })
}

function assign(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, {
    value,
    writable: true,
    configurable: true,
    enumerable: true,
  })
}
