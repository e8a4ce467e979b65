/**
 * MemoryCodec: the Codec port as readable text, for tests and simulations.
 *
 * What arrives shares nothing with what was sent; refs, errors and the values that JSON does not
 * know cross by a mark. The engine's own serialisation would not do: its bytes depend on how the
 * engine happens to hold a number. Bytes stay in this process: nothing here fears strangers.
 */
import { codecBytesMax, codecDepthMax, codecValuesMax } from '../../../protocols/limits.ts'
import { EdgeError } from '../../kernel/index.ts'
import type { Codec, CodecLimits, CodecOptions, RefCodec } from '../../ports/codec.ts'

const mark = '\u0000'
const toBytes = new TextEncoder()
const toText = new TextDecoder()

type Field = readonly [key: string, value: unknown]

export function createMemoryCodec(options: CodecOptions = {}): Codec {
  const limits: CodecLimits = {
    bytesMax: codecBytesMax,
    depthMax: codecDepthMax,
    valuesMax: codecValuesMax,
    ...options.limits,
  }
  const { refs } = options
  return {
    limits,
    encode: (value, subject = 'payload') => {
      const tree = outgoing(value, { refs, subject, left: limits.depthMax })
      const bytes = toBytes.encode(JSON.stringify(tree))
      if (bytes.length <= limits.bytesMax) return bytes
      throw new EdgeError(
        'payload_too_large',
        `${subject} takes ${bytes.length} bytes; at most ${limits.bytesMax} fit: send less at once`,
      )
    },
    decode: (bytes) => incoming(JSON.parse(toText.decode(bytes)) as unknown, refs),
  }
}

interface Walk {
  readonly refs: RefCodec | undefined
  readonly subject: string
  readonly left: number
}

/** The value as JSON can say it; what it cannot is marked. */
function outgoing(value: unknown, walk: Walk): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : marked('number', numberText(value))
    case 'bigint':
      return marked('bigint', String(value))
    case 'undefined':
      return marked('undefined', null)
    case 'object':
      return value === null ? null : outgoingObject(value, walk)
    case 'function':
    case 'symbol':
      throw new EdgeError('payload_not_cloneable', `${walk.subject} holds a ${typeof value}`)
  }
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

function marked(kind: string, data: unknown): object {
  return { [mark]: kind, data }
}

function outgoingObject(value: object, walk: Walk): unknown {
  if (walk.left === 0) {
    throw new EdgeError('payload_too_deep', `${walk.subject} is nested too deeply or in a circle`)
  }
  const deeper = { ...walk, left: walk.left - 1 }
  const list = (items: Iterable<unknown>): unknown[] =>
    Array.from(items, (item) => outgoing(item, deeper))
  if (walk.refs?.isRef(value) === true)
    return marked('ref', outgoing(walk.refs.dehydrate(value), deeper))
  if (Array.isArray(value)) return list(value)
  if (value instanceof Error) return marked('error', errorFields(value, deeper))
  if (value instanceof Map) return marked('map', list([...value].flat()))
  if (value instanceof Set) return marked('set', list(value))
  if (value instanceof Date) return marked('date', value.getTime())
  if (value instanceof Uint8Array) return marked('bytes', [...value])
  return fieldsOf(Object.entries(value), (item) => outgoing(item, deeper))
}

function errorFields(error: Error, walk: Walk): unknown {
  const { name, message, cause } = error
  const fields = outgoing(Object.fromEntries(Object.entries(error)), walk)
  const why = cause === undefined ? {} : { cause: outgoing(cause, walk) }
  return { known: error instanceof EdgeError, name, message, fields, ...why }
}

function incoming(value: unknown, refs: RefCodec | undefined): unknown {
  if (typeof value !== 'object' || value === null) return value
  const inside = (item: unknown): unknown => incoming(item, refs)
  if (Array.isArray(value)) return value.map(inside)
  const { [mark]: kind, data } = value as Record<string, unknown>
  switch (kind) {
    case undefined:
      return fieldsOf(Object.entries(value), inside)
    case 'ref':
      return refs?.hydrate(inside(data))
    case 'error':
      return errorOf(data as Record<string, unknown>, inside)
    case 'map':
      return new Map(pairsOf((data as unknown[]).map(inside)))
    case 'set':
      return new Set((data as unknown[]).map(inside))
    case 'date':
      return new Date(data as number)
    case 'bytes':
      return Uint8Array.from(data as number[])
    case 'number':
      return Number(data)
    case 'bigint':
      return BigInt(data as string)
    default:
      return undefined
  }
}

function* pairsOf(items: readonly unknown[]): Iterable<readonly [unknown, unknown]> {
  for (let at = 0; at < items.length; at += 2) yield [items[at], items[at + 1]]
}

function errorOf(data: Record<string, unknown>, inside: (item: unknown) => unknown): Error {
  const message = String(data['message'])
  const error = data['known'] === true ? new EdgeError('unknown', message) : new Error(message)
  Object.assign(error, inside(data['fields']))
  Object.defineProperty(error, 'name', { value: data['name'], configurable: true, writable: true })
  if ('cause' in data) error.cause = inside(data['cause'])
  return error
}

function fieldsOf(fields: readonly Field[], map: (item: unknown) => unknown): object {
  const made: Record<string, unknown> = {}
  for (const [key, item] of fields) {
    if (item !== undefined) made[key] = map(item)
  }
  return made
}
