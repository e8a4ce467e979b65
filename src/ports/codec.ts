/**
 * Codec: turns a message body into bytes, or bytes into a message body.
 *
 * What leaves is what arrives: a value is carried exactly, or refused with one of four codes.
 * Both directions keep the same limits, so what one node may send every node may read. A decoder
 * meets hostile bytes: it throws nothing but coded errors and allocates nothing on the word of a
 * length that the bytes do not back.
 */

/** The only codes that a codec throws. */
export type CodecErrorCode =
  | 'payload_not_cloneable'
  | 'payload_too_large'
  | 'payload_too_deep'
  | 'decode_failed'

export interface CodecLimits {
  /** The most bytes of one encoded body. */
  readonly bytesMax: number
  /** The deepest nesting of containers; a cycle is met as too deep. */
  readonly depthMax: number
  /** The most values of one body: every element, key and field counts. */
  readonly valuesMax: number
}

export interface Codec {
  readonly limits: CodecLimits
  /** Encode a value; `subject` names it in refusals, such as `counter.add`. */
  encode(value: unknown, subject?: string): Uint8Array
  /** Decode one whole body. What it returns shares no memory with `bytes`. */
  decode(bytes: Uint8Array): unknown
}

/** How actor refs cross: as plain data that the receiving node turns into a ref of its own. */
export interface RefCodec {
  /** Asked of every object that is not plain data. */
  isRef(value: object): boolean
  /** Answer plain data that the codec can carry. */
  dehydrate(ref: object): unknown
  /** Make the ref; what it throws becomes `decode_failed`. */
  hydrate(data: unknown): unknown
}

/** Makes one class of errors again on the receiving side. */
export interface ErrorClass {
  readonly name: string
  /** Make an error of the class; the codec then sets name, code, cause and other fields. */
  create(message: string): Error
}

export interface CodecOptions {
  readonly limits?: Partial<CodecLimits>
  readonly refs?: RefCodec
  /** Classes beside the language's own; errors of any other class arrive as `RemoteError`. */
  readonly errors?: readonly ErrorClass[]
}
