/**
 * Payload: makes a value fit to cross a thread, or says which field of it cannot.
 *
 * A structured clone would silently strip classes, refs and the codes of errors, and copy the
 * whole slab behind a small view. One walk refuses what it would change and puts carriers where a
 * clone has no form; a value that needs none goes out as it is. Depth and size have limits.
 */
import { types } from 'node:util'
import { type AnyRef, EdgeError, hasCode, isRef } from '../../src/kernel/index.ts'
import { errorFormOf } from './error-form.ts'
import { checkMovables, type Movable, move } from './transfer.ts'
import { copyOf, isTypedArray, type Place, placeOf, withMoved } from './views.ts'

export interface PayloadLimits {
  readonly depthMax: number
  readonly valuesMax: number
  readonly bytesMax: number
}

/** Names a ref in plain data. */
export type RefForm = (ref: AnyRef) => unknown
/** Whether a ref can cross at all. */
export type RefFits = (ref: AnyRef) => boolean

/** The field by which a carrier is known; plain data that has it too are carried themselves. */
export const mark = '$shoal'
const nothing: readonly Movable[] = []

export interface Carrier {
  readonly [mark]: 'ref' | 'error' | 'plain'
  data: unknown
}

interface CarriedRef {
  readonly ref: AnyRef
  readonly carrier: Carrier
}

/** A checked payload on its way: what was moved is moved, what refs mean is said at the border. */
export class Parcel {
  readonly value: unknown
  /** Carriers are inside: the receiver has to bring them to life. */
  readonly carried: boolean
  readonly transfer: readonly Movable[]
  readonly #refs: readonly CarriedRef[]

  constructor(
    value: unknown,
    carried: boolean,
    extra: { readonly transfer: readonly Movable[]; readonly refs: readonly CarriedRef[] },
  ) {
    this.value = value
    this.carried = carried
    this.transfer = extra.transfer
    this.#refs = extra.refs
  }

  /** Say what the refs inside mean on the other side of one border. */
  address(refForm: RefForm): void {
    for (const { ref, carrier } of this.#refs) carrier.data = refForm(ref)
  }
}

const noExtra = { transfer: nothing, refs: [] }

export class Packer {
  readonly #limits: PayloadLimits
  readonly #refFits: RefFits | null
  /** Where the walk is, one step per level; read only by a refusal. */
  readonly #path: (string | number)[] = []
  #subject = 'payload'
  #moving: readonly Movable[] = nothing
  /** Where views lie in the buffers that are about to move. */
  #places = new Map<ArrayBufferView, Place>()
  #values = 0
  #bytes = 0
  #carried = false
  #refs: CarriedRef[] = []

  constructor(limits: PayloadLimits, refFits: RefFits | null) {
    this.#limits = limits
    this.#refFits = refFits
  }

  pack(value: unknown, subject: string, transfer: readonly Movable[] = nothing): Parcel {
    if (transfer.length > 0) checkMovables(transfer)
    this.#begin(subject, transfer)
    const walked = this.#walk(value, 0)
    this.#count(0)
    const carried = this.#carried
    if (transfer.length === 0 && !carried) return new Parcel(walked, false, noExtra)
    if (transfer.length === 0) {
      return new Parcel(walked, carried, { transfer: nothing, refs: this.#refs })
    }
    const moved = move(transfer)
    const now = transfer.map((one) => (one instanceof ArrayBuffer ? (moved.get(one) ?? one) : one))
    const whole = withMoved(walked, moved, this.#places)
    return new Parcel(whole, carried, { transfer: now, refs: this.#refs })
  }

  #begin(subject: string, transfer: readonly Movable[]): void {
    this.#subject = subject
    this.#moving = transfer
    this.#values = 0
    this.#bytes = 0
    this.#carried = false
    if (this.#places.size > 0) this.#places = new Map()
    if (this.#refs.length > 0) this.#refs = []
  }

  #walk(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case 'string':
        this.#bytes += value.length
        return value
      case 'object':
        return value === null ? null : this.#walkObject(value, depth)
      case 'function':
      case 'symbol':
        throw this.#unfit(depth, `a ${typeof value}`)
      default:
        return value
    }
  }

  #walkObject(value: object, depth: number): unknown {
    if (depth >= this.#limits.depthMax) throw this.#tooDeep(depth)
    if (Array.isArray(value)) return this.#walkArray(value, depth)
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype === Object.prototype || prototype === null) return this.#walkPlain(value, depth)
    return this.#walkExotic(value, depth)
  }

  #walkArray(list: readonly unknown[], depth: number): readonly unknown[] {
    this.#count(list.length)
    let copy: unknown[] | undefined
    for (let at = 0; at < list.length; at++) {
      this.#path[depth] = at
      const item = list[at]
      const walked = this.#walk(item, depth + 1)
      if (!Object.is(walked, item)) (copy ??= list.slice())[at] = walked
    }
    return copy ?? list
  }

  #walkPlain(value: object, depth: number): object {
    const record = value as Readonly<Record<string, unknown>>
    let copy: Record<string, unknown> | undefined
    let fields = 0
    for (const key in record) {
      if (!Object.hasOwn(record, key)) continue
      fields++
      this.#path[depth] = key
      const field = record[key]
      const walked = this.#walk(field, depth + 1)
      if (!Object.is(walked, field)) (copy ??= { ...record })[key] = walked
    }
    this.#count(fields)
    const plain = copy ?? value
    return Object.hasOwn(record, mark) ? this.#carrier('plain', plain) : plain
  }

  #walkExotic(value: object, depth: number): unknown {
    if (isRef(value)) return this.#walkRef(value, depth)
    if (isError(value)) return this.#walkError(value, depth)
    const name = value.constructor?.name ?? ''
    if (types.isMap(value) && name === 'Map') {
      return new Map(this.#walkArray([...value], depth) as readonly [unknown, unknown][])
    }
    if (types.isSet(value) && name === 'Set') return new Set(this.#walkArray([...value], depth))
    if (ArrayBuffer.isView(value)) return this.#walkView(value, name, depth)
    if (types.isAnyArrayBuffer(value)) return this.#walkBuffer(value, depth)
    if (types.isDate(value) || types.isRegExp(value)) return value
    if (this.#moving.some((movable) => movable === value)) return value
    if (Object.prototype.toString.call(value) === '[object WebAssembly.Module]') return value
    throw this.#unfit(depth, name === '' ? 'an object of no known class' : `a ${name}`)
  }

  #walkRef(ref: AnyRef, depth: number): Carrier {
    if (this.#refFits === null) throw this.#unfit(depth, 'an actor ref')
    if (!this.#refFits(ref)) throw this.#unfit(depth, `${String(ref)}, a ref to another node`)
    const carrier = this.#carrier('ref', null)
    this.#refs.push({ ref, carrier })
    return carrier
  }

  /** An error must always be able to say what went wrong: what is unfit in it becomes its name. */
  #walkError(error: Error, depth: number): Carrier {
    const inner = (value: unknown): unknown => {
      try {
        return this.#walk(value, depth + 1)
      } catch (refusal) {
        const told =
          hasCode(refusal, 'payload_not_cloneable') || hasCode(refusal, 'payload_too_deep')
        if (told) return `[${typeof value}: ${refusal.code}]`
        throw refusal
      }
    }
    return this.#carrier('error', errorFormOf(error, inner))
  }

  #walkView(view: ArrayBufferView, name: string, depth: number): unknown {
    if (name !== 'Buffer' && name !== 'DataView' && !isTypedArray(name))
      throw this.#unfit(depth, `a ${name}`)
    const { buffer } = view
    this.#checkAttached(buffer, depth)
    if (types.isSharedArrayBuffer(buffer)) return view
    if (this.#moving.includes(buffer)) {
      this.#places.set(view, placeOf(view))
      return view
    }
    this.#count(view.byteLength)
    return view.byteLength === buffer.byteLength ? view : copyOf(view)
  }

  #walkBuffer(buffer: ArrayBufferLike, depth: number): unknown {
    this.#checkAttached(buffer, depth)
    if (types.isSharedArrayBuffer(buffer)) return buffer
    if (!this.#moving.includes(buffer)) this.#count(buffer.byteLength)
    return buffer
  }

  #checkAttached(buffer: ArrayBufferLike, depth: number): void {
    if (!(buffer instanceof ArrayBuffer) || !buffer.detached) return
    throw new EdgeError(
      'transfer_refused',
      `${this.#place(depth)} was transferred before and is empty here; a buffer has one owner: ` +
        'send a copy to the second recipient',
      { detail: { place: this.#place(depth) } },
    )
  }

  #carrier(kind: Carrier[typeof mark], data: unknown): Carrier {
    this.#carried = true
    return { [mark]: kind, data }
  }

  #count(more: number): void {
    this.#values += 1
    this.#bytes += more
    const { bytesMax, valuesMax } = this.#limits
    if (this.#bytes > bytesMax) throw this.#tooLarge(`${this.#bytes} bytes`, bytesMax, 'bytes')
    if (this.#values > valuesMax) throw this.#tooLarge('more values', valuesMax, 'values')
  }

  #unfit(depth: number, what: string): EdgeError {
    const place = this.#place(depth)
    return new EdgeError(
      'payload_not_cloneable',
      `${place} is ${what}, which cannot cross to another thread; send plain data, a Map, a Set, ` +
        'a Date, a typed array, an Error or a buffer instead',
      { detail: { place, type: what } },
    )
  }

  #tooDeep(depth: number): EdgeError {
    const { depthMax } = this.#limits
    return new EdgeError(
      'payload_too_deep',
      `${this.#place(Math.min(depth, 8))} … is nested deeper than ${depthMax} levels; flatten ` +
        'it, and make sure that it does not contain itself',
      { detail: { depthMax } },
    )
  }

  #tooLarge(size: string, limit: number, unit: string): EdgeError {
    return new EdgeError(
      'payload_too_large',
      `${this.#subject} has ${size} and the limit is ${limit} ${unit}; transfer its buffers, ` +
        'or send it in parts',
      { detail: { subject: this.#subject, limit, unit } },
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

function isError(value: object): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]'
}
