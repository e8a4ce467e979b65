/**
 * Views: typed arrays and other views, told apart from the buffers behind them.
 *
 * A clone of a view copies its whole buffer, and a view of a buffer that moved is empty for ever;
 * so a small view goes out on a buffer of its own, and a moved one is made anew.
 */
import { types } from 'node:util'

const typedArrays = /^(?:Big)?(?:Int|Uint|Float)(?:8|16|32|64)(?:Clamped)?Array$/

export function isTypedArray(className: string): boolean {
  return typedArrays.test(className)
}

/** Where a view lies in its buffer; a view cannot say it any more once the buffer has moved. */
export interface Place {
  readonly offset: number
  readonly length: number
}

export function placeOf(view: ArrayBufferView): Place {
  const length = 'length' in view ? (view.length as number) : view.byteLength
  return { offset: view.byteOffset, length }
}

/** A view of the same kind with the same bytes, on a buffer of its own. */
export function copyOf(view: ArrayBufferView): ArrayBufferView {
  const { byteOffset, byteLength } = view
  const bytes = view.buffer.slice(byteOffset, byteOffset + byteLength)
  return viewOn(view, bytes, { ...placeOf(view), offset: 0 })
}

/** The value with every moved buffer in place of the emptied one. */
export function withMoved(
  value: unknown,
  moved: ReadonlyMap<ArrayBuffer, ArrayBuffer>,
  places: ReadonlyMap<ArrayBufferView, Place>,
): unknown {
  const renew = (old: unknown): unknown => {
    if (typeof old !== 'object' || old === null) return old
    if (old instanceof ArrayBuffer) return moved.get(old) ?? old
    if (ArrayBuffer.isView(old)) {
      const buffer = moved.get(old.buffer as ArrayBuffer)
      const place = places.get(old)
      return buffer === undefined || place === undefined ? old : viewOn(old, buffer, place)
    }
    if (Array.isArray(old)) return unlessSame(old, old, old.map(renew))
    if (types.isMap(old)) {
      const flat = [...old].flat(1)
      const renewed = flat.map(renew)
      if (sameItems(flat, renewed)) return old
      return new Map([...old.keys()].map((_, at) => [renewed[2 * at], renewed[2 * at + 1]]))
    }
    if (types.isSet(old)) return unlessSame(old, [...old], new Set([...old].map(renew)))
    const prototype: unknown = Object.getPrototypeOf(old)
    if (prototype !== Object.prototype && prototype !== null) return old
    const fields = Object.values(old)
    const renewed = fields.map(renew)
    if (sameItems(fields, renewed)) return old
    return Object.fromEntries(Object.keys(old).map((key, at) => [key, renewed[at]]))
  }
  return renew(value)
}

function sameItems(before: readonly unknown[], after: readonly unknown[]): boolean {
  return before.every((item, at) => Object.is(item, after[at]))
}

function unlessSame<T extends Iterable<unknown>>(
  old: T,
  before: readonly unknown[],
  after: Iterable<unknown>,
): T | Iterable<unknown> {
  return sameItems(before, [...after]) ? old : after
}

type ViewClass = new (buffer: ArrayBufferLike, offset: number, length: number) => ArrayBufferView

/** A Buffer comes out as the plain Uint8Array that it would be on the other side anyway. */
function viewOn(view: ArrayBufferView, buffer: ArrayBufferLike, place: Place): ArrayBufferView {
  const View = Buffer.isBuffer(view) ? Uint8Array : (view.constructor as ViewClass)
  return new View(buffer, place.offset, place.length)
}
