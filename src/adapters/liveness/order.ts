/**
 * ResponderOrder: what the responder thread is given, and what it says back.
 */

export interface ResponderOrder {
  readonly key: Uint8Array
  readonly peerId: string
  readonly host: string
  readonly port: number
  /** When the main thread last came back, in nanoseconds of the process's monotonic clock. */
  readonly beats: BigInt64Array
  readonly answersPerSecond: number
}

export type ResponderWord =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'failed'; readonly message: string }
