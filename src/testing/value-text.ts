/**
 * ValueText: any value in one line, as a person would write it and always in the same words.
 *
 * Failures of expectations and the event log show payloads with it. It never calls code of the
 * value but `toString` of refs, and it is bounded, so that a large or circular payload is no
 * trouble.
 */
import { isRef } from '../kernel/index.ts'

const depthMax = 5
const itemsMax = 12
const charactersMax = 400

export function textOf(value: unknown): string {
  const text = describe(value, [])
  return text.length <= charactersMax ? text : `${text.slice(0, charactersMax)}…`
}

/** A message as it would be sent: its name and its payload, if it has one. */
export function messageText(name: string, payload: unknown): string {
  return payload === undefined ? name : `${name} ${textOf(payload)}`
}

function describe(value: unknown, above: readonly object[]): string {
  switch (typeof value) {
    case 'string':
      return quoted(value)
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value)
    case 'bigint':
      return `${value}n`
    case 'function':
      return `[function ${value.name || 'without a name'}]`
    case 'object':
      return value === null ? 'null' : describeObject(value, above)
    case 'boolean':
    case 'symbol':
    case 'undefined':
      return String(value)
  }
}

function quoted(text: string): string {
  const shown = text.length <= charactersMax ? text : `${text.slice(0, charactersMax)}…`
  return `'${JSON.stringify(shown)
    .slice(1, -1)
    .replaceAll(String.raw`\"`, '"')}'`
}

function describeObject(value: object, above: readonly object[]): string {
  if (isRef(value)) return `<${String(value)}>`
  if (above.includes(value)) return '[circular]'
  const inside = [...above, value]
  if (value instanceof Error) return errorText(value)
  if (value instanceof Date) return dateText(value)
  if (ArrayBuffer.isView(value)) return `[${nameOf(value)} of ${value.byteLength} bytes]`
  if (value instanceof ArrayBuffer) return `[ArrayBuffer of ${value.byteLength} bytes]`
  if (value instanceof Promise) return '[promise]'
  if (above.length >= depthMax) return Array.isArray(value) ? '[…]' : '{…}'
  if (Array.isArray(value)) return `[${listed(value, (item) => describe(item, inside))}]`
  if (value instanceof Set) return `Set {${listed([...value], (item) => describe(item, inside))}}`
  if (value instanceof Map) {
    const pair = ([key, item]: [unknown, unknown]): string =>
      `${describe(key, inside)} => ${describe(item, inside)}`
    return `Map {${listed([...value], pair)}}`
  }
  return fieldsText(value, inside)
}

function fieldsText(value: object, inside: readonly object[]): string {
  const name = nameOf(value)
  const fields = listed(Object.keys(value), (key) => {
    const shown = /^[A-Za-z_$][\w$]*$/.test(key) ? key : quoted(key)
    const field = Object.getOwnPropertyDescriptor(value, key)
    if (field?.get !== undefined) return `${shown}: [getter]`
    return `${shown}: ${describe(field?.value, inside)}`
  })
  const braces = fields === '' ? '{}' : `{ ${fields} }`
  return name === '' || name === 'Object' ? braces : `${name} ${braces}`
}

function errorText(error: Error): string {
  const code = 'code' in error ? ` (${String(error.code)})` : ''
  return `${error.name}${code}: ${error.message}`
}

function dateText(date: Date): string {
  return Number.isNaN(date.getTime()) ? 'Date(invalid)' : `Date(${date.toISOString()})`
}

function nameOf(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (typeof prototype !== 'object' || prototype === null) return ''
  const made: unknown = Reflect.get(prototype, 'constructor')
  return typeof made === 'function' ? made.name : ''
}

function listed<T>(items: readonly T[], show: (item: T) => string): string {
  const shown = items.slice(0, itemsMax).map(show)
  if (items.length > itemsMax) shown.push(`${items.length - itemsMax} more`)
  return shown.join(', ')
}
