/**
 * MsgpackrCodec: the wire codec, MessagePack without shared state between messages.
 *
 * Every body stands alone, so order, loss and reconnects cannot break a later one. The sender
 * walks the value once and the receiver scans the bytes once before msgpackr does its work, which
 * is what keeps limits, prototypes and foreign extension types out of its hands.
 */
import { Packr } from 'msgpackr'

import { codecBytesMax, codecDepthMax, codecValuesMax } from '../../../protocols/limits.ts'
import { EdgeError } from '../../kernel/index.ts'
import type { Codec, CodecLimits, CodecOptions } from '../../ports/codec.ts'
import { errorClassesOf, reviveError } from './error-values.ts'
import { enterReviver, leaveReviver } from './extensions.ts'
import type { Reviver } from './extensions.ts'
import { Scanner } from './incoming.ts'
import type { ScanFault } from './incoming.ts'
import { Outgoing, tooLarge } from './outgoing.ts'

/** Above this a body gets memory of its own, so that it does not pin msgpackr's larger slab. */
const OWN_MEMORY_BYTES = 64 * 1024
const SLAB_BYTES = 8192
/** A slab that one large body grew beyond this is given back. */
const SLAB_BYTES_MAX = 1024 * 1024
/** Larger memory is not held on to between messages. */
const WHOLE_BYTES_MAX = 128 * 1024

export function createCodec(options: CodecOptions = {}): Codec {
  const limits: CodecLimits = {
    bytesMax: codecBytesMax,
    depthMax: codecDepthMax,
    valuesMax: codecValuesMax,
    ...options.limits,
  }
  return new MsgpackrCodec(limits, options)
}

class MsgpackrCodec implements Codec, Reviver {
  readonly limits: CodecLimits
  readonly #options: CodecOptions
  readonly #errors: ReturnType<typeof errorClassesOf>
  readonly #scanner: Scanner
  readonly #outgoing: Outgoing
  /** Of the memory that the last message came in. */
  #whole: Buffer = Buffer.alloc(0)
  readonly #range = { start: 0, end: 0 }
  readonly #packr = new Packr({
    useRecords: false,
    moreTypes: true,
    variableMapSize: true,
    useBigIntExtension: true,
    useToJSON: false,
  })

  constructor(limits: CodecLimits, options: CodecOptions) {
    this.limits = limits
    this.#options = options
    this.#errors = errorClassesOf(options.errors ?? [])
    this.#scanner = new Scanner(limits)
    this.#outgoing = new Outgoing({ limits, refs: options.refs, errors: this.#errors })
  }

  encode(value: unknown, subject = 'payload'): Uint8Array {
    const bytes = this.#pack(this.#outgoing.prepare(value, subject), subject)
    if (bytes.length > this.limits.bytesMax) {
      throw tooLarge(subject, `${bytes.length} bytes`, this.limits.bytesMax, 'bytes')
    }
    return bytes.length <= OWN_MEMORY_BYTES ? bytes : this.#withOwnMemory(bytes)
  }

  decode(bytes: Uint8Array): unknown {
    if (bytes.length > this.limits.bytesMax) {
      throw tooLarge('a message', `${bytes.length} bytes`, this.limits.bytesMax, 'bytes')
    }
    const fault = this.#scanner.scan(bytes)
    if (fault !== undefined) throw faultError(fault)
    const outer = enterReviver(this)
    try {
      return this.#unpack(bytes)
    } catch (cause) {
      throw new EdgeError(
        'decode_failed',
        `${bytes.length} bytes hold no message: ${String(cause)}`,
        {
          cause,
        },
      )
    } finally {
      leaveReviver(outer)
    }
  }

  reviveRef(data: unknown): unknown {
    const { refs } = this.#options
    if (refs === undefined) throw new TypeError('an actor ref came where none can be read')
    return refs.hydrate(data)
  }

  reviveError(data: unknown): unknown {
    return reviveError(data, this.#errors)
  }

  /**
   * msgpackr reads short strings several times faster from a Buffer, and keeps a view of its own
   * with each. Messages that arrived in one piece of memory therefore share one Buffer over it.
   */
  #unpack(bytes: Uint8Array): unknown {
    const { buffer } = bytes
    let whole = this.#whole
    if (whole.buffer !== buffer) {
      whole = Buffer.from(buffer)
      if (buffer.byteLength <= WHOLE_BYTES_MAX) this.#whole = whole
    }
    this.#range.start = bytes.byteOffset
    this.#range.end = bytes.byteOffset + bytes.length
    return this.#packr.unpack(whole, this.#range) as unknown
  }

  /** Copy a large body out, and let the slab be written over from where the body began. */
  #withOwnMemory(bytes: Uint8Array): Uint8Array {
    const own = new Uint8Array(bytes)
    if (bytes.buffer.byteLength > SLAB_BYTES_MAX) {
      this.#packr.useBuffer(Buffer.allocUnsafeSlow(SLAB_BYTES))
    } else {
      this.#packr.position = bytes.byteOffset
    }
    return own
  }

  #pack(prepared: unknown, subject: string): Uint8Array {
    try {
      return this.#packr.pack(prepared)
    } catch (cause) {
      throw new EdgeError(
        'payload_not_cloneable',
        `${subject} changed while it was encoded, or cannot be: ${String(cause)}`,
        { cause },
      )
    }
  }
}

function faultError(fault: ScanFault): EdgeError {
  return new EdgeError(
    fault.code,
    `the bytes hold no message: at ${fault.offset} ${fault.reason}; ` +
      'the peer speaks another version, or is broken or hostile',
    { detail: { offset: fault.offset, reason: fault.reason } },
  )
}
