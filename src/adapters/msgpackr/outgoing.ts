/**
 * Outgoing: checks one value before it is packed, and puts carriers where MessagePack has no form.
 *
 * One walk does both, because a separate check would cost as much again. A value that needs no
 * carrier is handed on as it is, without a copy. Depth, number of values and a lower bound of the
 * size are kept on the way, so a value that is too large is refused before a byte is allocated.
 */
import { types } from 'node:util'

import { EdgeError, hasCode } from '../../kernel/index.ts'
import type { CodecLimits, RefCodec } from '../../ports/codec.ts'
import { errorDataOf } from './error-values.ts'
import type { ErrorClasses } from './error-values.ts'
import {
  ErrorCarrier,
  MapCarrier,
  NEGATIVE_ZERO,
  RefCarrier,
  SetCarrier,
  Utf16Carrier,
} from './extensions.ts'
import { isTypedArrayName } from './typed-arrays.ts'
import { fitsUtf8, utf16BytesOf } from './utf16.ts'

interface OutgoingOptions {
  readonly limits: CodecLimits
  readonly refs: RefCodec | undefined
  readonly errors: ErrorClasses
}

export class Outgoing {
  readonly #limits: CodecLimits
  readonly #refs: RefCodec | undefined
  readonly #errors: ErrorClasses
  /** Where the walk is, one step for each level; written always, read only by a refusal. */
  readonly #path: (string | number)[] = []
  #subject = 'payload'
  #values = 0
  #bytes = 0

  constructor(options: OutgoingOptions) {
    this.#limits = options.limits
    this.#refs = options.refs
    this.#errors = options.errors
  }

  /** Answer what to pack in place of the value, or throw the refusal. */
  prepare(value: unknown, subject: string): unknown {
    this.#subject = subject
    this.#values = 0
    this.#bytes = 0
    const prepared = this.#carry(value, 0)
    this.#count(0)
    return prepared
  }

  #carry(value: unknown, depth: number): unknown {
    this.#values += 1
    switch (typeof value) {
      case 'string':
        this.#bytes += value.length
        return fitsUtf8(value) ? value : new Utf16Carrier(utf16BytesOf(value))
      case 'number':
        return value === 0 && 1 / value < 0 ? NEGATIVE_ZERO : value
      case 'object':
        return value === null ? null : this.#carryObject(value, depth)
      case 'boolean':
      case 'undefined':
        return value
      case 'bigint':
        return this.#carryBigInt(value)
      case 'function':
      case 'symbol':
        throw this.#notCloneable(depth, `a ${typeof value}`)
    }
  }

  #carryBigInt(value: bigint): bigint {
    const fitsInt64 = BigInt.asIntN(64, value) === value
    if (!fitsInt64) this.#count(Math.ceil(value.toString(16).length / 2))
    return value
  }

  #carryObject(value: object, depth: number): unknown {
    if (depth >= this.#limits.depthMax) throw this.#tooDeep(depth)
    if (Array.isArray(value)) return this.#carryArray(value, depth)
    if (ArrayBuffer.isView(value) && value.constructor === Uint8Array) {
      return this.#carryBytes(value, 'Uint8Array', depth)
    }
    return isPlain(value) ? this.#carryPlain(value, depth) : this.#carryExotic(value, depth)
  }

  #carryArray(list: readonly unknown[], depth: number): readonly unknown[] {
    this.#count(list.length)
    let copy: unknown[] | undefined
    for (let at = 0; at < list.length; at += 1) {
      const item = list[at]
      this.#path[depth] = at
      if (item === undefined && !(at in list)) throw this.#notCloneable(depth + 1, 'a hole')
      const carried = this.#carry(item, depth + 1)
      if (!Object.is(carried, item)) (copy ??= list.slice())[at] = carried
    }
    return copy ?? list
  }

  #carryPlain(value: object, depth: number): object {
    const record = value as Readonly<Record<string, unknown>>
    const keys = Object.keys(record)
    this.#count(keys.length)
    let copy: Record<string, unknown> | undefined
    for (const key of keys) {
      this.#path[depth] = key
      this.#checkKey(key, depth)
      const field = record[key]
      const carried = this.#carry(field, depth + 1)
      if (!Object.is(carried, field)) (copy ??= { ...record })[key] = carried
    }
    return copy ?? value
  }

  #checkKey(key: string, depth: number): void {
    this.#values += 1
    this.#bytes += key.length
    if (key === '__proto__') throw this.#notCloneable(depth + 1, 'a field named "__proto__"')
    if (!fitsUtf8(key)) throw this.#notCloneable(depth + 1, 'a field whose name is not UTF-8')
  }

  #carryExotic(value: object, depth: number): unknown {
    if (this.#refs?.isRef(value) === true) {
      return new RefCarrier(this.#carryArray([this.#refs.dehydrate(value)], depth))
    }
    if (isErrorValue(value)) return this.#carryError(value, depth)
    const name = classNameOf(value)
    if (name === 'Map' && types.isMap(value)) {
      return new MapCarrier(this.#carryArray([...value].flat(1), depth))
    }
    if (name === 'Set' && types.isSet(value)) {
      return new SetCarrier(this.#carryArray([...value], depth))
    }
    if (name === 'Date' && types.isDate(value)) {
      return value instanceof Date ? value : new Date(Number(value))
    }
    return this.#carryBytes(value, name, depth)
  }

  #carryBytes(value: object, name: string, depth: number): unknown {
    if (types.isArrayBuffer(value)) {
      if (value.detached) throw this.#notCloneable(depth, 'a detached ArrayBuffer')
      this.#count(value.byteLength)
      return value
    }
    if (!ArrayBuffer.isView(value)) throw this.#notCloneable(depth, name)
    if (types.isArrayBuffer(value.buffer) && value.buffer.detached) {
      throw this.#notCloneable(depth, `a ${name} whose buffer was transferred away`)
    }
    this.#count(value.byteLength)
    if (name === 'Buffer') return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    if (!isTypedArrayName(name)) throw this.#notCloneable(depth, name)
    return value
  }

  /** An error must always be able to say what went wrong: its unfit fields become their names. */
  #carryError(error: Error, depth: number): ErrorCarrier {
    const carried: Record<string, unknown> = {}
    for (const [key, field] of Object.entries(errorDataOf(error, this.#errors))) {
      this.#path[depth] = key
      this.#checkKey(key, depth)
      carried[key] = this.#carryErrorField(key, field, depth + 1)
    }
    return new ErrorCarrier(carried)
  }

  #carryErrorField(key: string, field: unknown, depth: number): unknown {
    if (key === 'errors') {
      this.#values += 1
      return (field as readonly unknown[]).map((inner) => this.#carryOrName(inner, depth + 1))
    }
    if (key !== 'fields') return this.#carryOrName(field, depth)
    this.#values += 1
    const carried: Record<string, unknown> = {}
    for (const [name, inner] of Object.entries(field as object)) {
      this.#path[depth] = name
      this.#checkKey(name, depth)
      carried[name] = this.#carryOrName(inner, depth + 1)
    }
    return carried
  }

  #carryOrName(field: unknown, depth: number): unknown {
    try {
      return this.#carry(field, depth)
    } catch (refusal) {
      const unfit =
        hasCode(refusal, 'payload_not_cloneable') || hasCode(refusal, 'payload_too_deep')
      if (unfit) return `[${kindOf(field)}: ${refusal.code}]`
      throw refusal
    }
  }

  /** Keep the two limits that grow with the value; `more` bytes or values are known to follow. */
  #count(more: number): void {
    this.#bytes += more
    const { bytesMax, valuesMax } = this.#limits
    if (this.#bytes > bytesMax) {
      throw tooLarge(this.#subject, `at least ${this.#bytes} bytes`, bytesMax, 'bytes')
    }
    if (this.#values > valuesMax) {
      throw tooLarge(this.#subject, `more than ${valuesMax} values`, valuesMax, 'values')
    }
  }

  #notCloneable(depth: number, what: string): EdgeError {
    const place = this.#place(depth)
    return new EdgeError(
      'payload_not_cloneable',
      `${place} is ${what}, which cannot cross to another node; send plain data, a Map, a Set, ` +
        'a Date, a typed array, an Error or an actor ref instead',
      { detail: { place, type: what } },
    )
  }

  #tooDeep(depth: number): EdgeError {
    const limit = this.#limits.depthMax
    const place = this.#place(Math.min(depth, 8))
    return new EdgeError(
      'payload_too_deep',
      `${place} … is nested deeper than ${limit} levels; flatten it, ` +
        'and make sure that it does not contain itself',
      { detail: { place, depthMax: limit } },
    )
  }

  #place(depth: number): string {
    let place = this.#subject
    for (const step of this.#path.slice(0, depth)) {
      place += typeof step === 'number' ? `[${step}]` : `.${step.slice(0, 64)}`
    }
    return place
  }
}

/** The refusal of a value that is too large, in bytes or in number of values. */
export function tooLarge(subject: string, size: string, limit: number, unit: string): EdgeError {
  return new EdgeError(
    'payload_too_large',
    `${subject} has ${size} and the limit is ${limit} ${unit}; send it in parts or as a stream`,
    { detail: { subject, size, limit, unit } },
  )
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return true
  // A plain object of another realm: its prototype is the root of its chain.
  return Object.getPrototypeOf(prototype) === null && classNameOf(value) === 'Object'
}

function isErrorValue(value: object): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]'
}

function classNameOf(value: object): string {
  const made: unknown = (value as { constructor?: unknown }).constructor
  return typeof made === 'function' && made.name !== '' ? made.name : 'an object of no named class'
}

function kindOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? classNameOf(value) : typeof value
}
