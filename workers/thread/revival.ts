/**
 * Revival: brings the carriers in a received payload to life.
 *
 * The payload is the receiver's own copy and is changed in place; only payloads that the sender
 * marked are walked at all.
 */
import { types } from 'node:util'
import { type ErrorForm, errorOf, type KnownErrors } from './error-form.ts'
import { mark } from './payload.ts'

export interface Reviver {
  readonly errors: KnownErrors
  /** A ref from the plain data that named it. */
  readonly refOf: (form: unknown) => unknown
}

export function unpack(value: unknown, reviver: Reviver): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) value[at] = unpack(value[at], reviver)
    return value
  }
  if (types.isMap(value)) return unpackMap(value, reviver)
  if (types.isSet(value)) return unpackSet(value, reviver)
  if (Object.getPrototypeOf(value) !== Object.prototype) return value
  return unpackPlain(value as Record<string, unknown>, reviver)
}

function unpackMap(map: Map<unknown, unknown>, reviver: Reviver): unknown {
  const entries = [...map]
  map.clear()
  for (const [key, item] of entries) map.set(unpack(key, reviver), unpack(item, reviver))
  return map
}

function unpackSet(set: Set<unknown>, reviver: Reviver): unknown {
  const items = [...set]
  set.clear()
  for (const item of items) set.add(unpack(item, reviver))
  return set
}

function unpackPlain(value: Record<string, unknown>, reviver: Reviver): unknown {
  const kind = Object.hasOwn(value, mark) ? value[mark] : undefined
  if (kind === 'ref') return reviver.refOf(value['data'])
  const inside = (kind === undefined ? value : value['data']) as Record<string, unknown>
  for (const key of Object.keys(inside)) inside[key] = unpack(inside[key], reviver)
  return kind === 'error' ? errorOf(inside as unknown as ErrorForm, reviver.errors) : inside
}
