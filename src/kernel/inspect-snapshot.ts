/**
 * InspectSnapshot: a bounded copy of any value, for people and for comparing.
 *
 * The copy is plain data: later changes of the value do not show in it, no getter runs, and what
 * is too deep, too long or no data at all is named instead of copied. A digest tells whether two
 * values look alike; a shape tells what a message was made of without what it said.
 */
import { hashText } from './hash.ts'
import * as limits from './limits.ts'
import { AnyRef } from './ref.ts'

/** An object with a method of this name is shown as what that returns. */
export const shownAs: unique symbol = Symbol.for('shoal.shownAs')

/** A copy to look at, made of plain data. */
export function snapshotOf(value: unknown): unknown {
  return new Copier().copy(value, 0)
}

/** Sixteen hexadecimal digits, the same for values that look the same in a snapshot. */
export function digestOf(value: unknown): string {
  const text = textOf(snapshotOf(value))
  return hex(hashText(`1${text}`)) + hex(hashText(`2${text}`))
}

/** What a payload is made of: names and kinds, nothing of its content. */
export function shapeOf(payload: unknown): unknown {
  if (!isPlainObject(payload)) return kindOf(payload)
  const names = Object.keys(payload)
  const shown = names.slice(0, limits.shapeFields).map((name): [string, string] => {
    const field = Object.getOwnPropertyDescriptor(payload, name)
    return [short(name), field !== undefined && 'value' in field ? kindOf(field.value) : 'getter']
  })
  const left = names.length - shown.length
  return Object.fromEntries(left > 0 ? [...shown, ['…', `${left} more`]] : shown)
}

class Copier {
  /** Containers that enclose the one being copied. */
  readonly #above = new Set<object>()
  #left = limits.snapshotValues

  copy(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return short(value, limits.snapshotText)
    if (typeof value === 'function') return `[function ${value.name}]`
    if (typeof value === 'symbol') return String(value)
    if (typeof value !== 'object' || value === null) return value
    const leaf = leafOf(value)
    if (leaf !== undefined) return leaf
    if (this.#above.has(value)) return '[circular]'
    if (depth >= limits.snapshotDepth || this.#left <= 0) return `[${kindOf(value)}]`
    this.#above.add(value)
    const copy = this.#container(value, depth + 1)
    this.#above.delete(value)
    return copy
  }

  #container(value: object, depth: number): unknown {
    if (Array.isArray(value)) return this.#items(value, depth)
    if (value instanceof Map) {
      return new Map(
        this.#some([...value]).map(([key, held]) => [
          this.copy(key, depth),
          this.copy(held, depth),
        ]),
      )
    }
    if (value instanceof Set) return new Set(this.#items([...value], depth))
    const show: unknown = Reflect.get(value, shownAs)
    if (typeof show === 'function') return this.copy(Reflect.apply(show, value, []), depth)
    return this.#fields(value, depth)
  }

  #items(items: readonly unknown[], depth: number): unknown[] {
    const shown = this.#some(items).map((item) => this.copy(item, depth))
    const left = items.length - shown.length
    return left > 0 ? [...shown, `[${left} more]`] : shown
  }

  #fields(value: object, depth: number): object {
    const names = Object.keys(value)
    const shown = this.#some(names).map((name): [string, unknown] => {
      const field = Object.getOwnPropertyDescriptor(value, name)
      if (field === undefined || !('value' in field)) return [name, '[getter]']
      return [name, this.copy(field.value, depth)]
    })
    const left = names.length - shown.length
    if (left > 0) shown.push(['…', `[${left} more]`])
    if (!isPlainObject(value)) shown.unshift(['$class', className(value)])
    return Object.fromEntries(shown)
  }

  #some<T>(items: readonly T[]): readonly T[] {
    const shown = items.slice(0, Math.min(limits.snapshotEntries, this.#left))
    this.#left -= shown.length
    return shown
  }
}

/** Objects that are shown as one word, or copied whole. */
function leafOf(value: object): unknown {
  if (value instanceof AnyRef) return String(value)
  if (value instanceof Date) return new Date(value)
  if (value instanceof Error) return errorView(value)
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${kindOf(value)}]`
  if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet) {
    return `[${className(value)}]`
  }
  return undefined
}

export interface ErrorView {
  readonly name: string
  readonly message: string
  readonly code?: string
}

/** What is shown of anything that was thrown. */
export function errorView(error: unknown): ErrorView {
  if (!(error instanceof Error)) return { name: 'thrown', message: kindOf(error) }
  const message = short(error.message, limits.snapshotText)
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {}
  return { name: error.name, message, ...code }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return `string(${value.length})`
  if (typeof value !== 'object') return typeof value
  if (Array.isArray(value)) return `array(${value.length})`
  if (value instanceof Map || value instanceof Set) return `${className(value)}(${value.size})`
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    return `${className(value)}(${value.byteLength})`
  }
  return isPlainObject(value) ? `object(${Object.keys(value).length})` : className(value)
}

function className(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (typeof prototype !== 'object' || prototype === null) return 'object'
  const made = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value as unknown
  return typeof made === 'function' && made.name !== '' ? made.name : 'object'
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function short(text: string, most: number = limits.shapeName): string {
  return text.length <= most ? text : `${text.slice(0, most)}… (${text.length})`
}

/** Fields in the order of their names, so that equal values have equal texts. */
function textOf(copy: unknown): string {
  if (typeof copy === 'string') return JSON.stringify(copy)
  if (typeof copy !== 'object' || copy === null) {
    return Object.is(copy, -0) ? '-0' : `${typeof copy} ${String(copy)}`
  }
  if (copy instanceof Date) return `Date ${copy.getTime()}`
  if (Array.isArray(copy)) return `[${copy.map(textOf).join()}]`
  if (copy instanceof Set) return `Set{${[...copy].map(textOf).toSorted().join()}}`
  if (copy instanceof Map) {
    const entries = [...copy].map(([key, held]) => `${textOf(key)}=${textOf(held)}`)
    return `Map{${entries.toSorted().join()}}`
  }
  const fields = Object.entries(copy).map(([key, held]) => `${JSON.stringify(key)}:${textOf(held)}`)
  return `{${fields.toSorted().join()}}`
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0')
}
