/**
 * Equality: whether two payloads say the same.
 *
 * Structure counts, identity does not; refs are the same when they lead to the same actor. NaN
 * equals NaN and 0 differs from -0, because a codec must keep both.
 */
import { isRef, sameActor } from '../kernel/index.ts'

export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (isRef(a) || isRef(b)) return isRef(a) && isRef(b) && sameActor(a, b)
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  if (a instanceof Date) return Object.is(a.getTime(), (b as Date).getTime())
  if (a instanceof Set) return sameList([...a], [...(b as Set<unknown>)])
  if (a instanceof Map) return sameList([...a], [...(b as Map<unknown, unknown>)])
  if (ArrayBuffer.isView(a)) return sameList(bytesOf(a), bytesOf(b as ArrayBufferView))
  if (a instanceof Error) return sameError(a, b as Error)
  return sameFields(a, b)
}

function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, at) => sameValue(item, b[at]))
}

function bytesOf(view: ArrayBufferView): readonly number[] {
  return [...new Uint8Array(view.buffer, view.byteOffset, view.byteLength)]
}

function sameError(a: Error, b: Error): boolean {
  return a.name === b.name && a.message === b.message && sameFields(a, b)
}

function sameFields(a: object, b: object): boolean {
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every(
    (key) => Object.hasOwn(b, key) && sameValue(Reflect.get(a, key), Reflect.get(b, key)),
  )
}
