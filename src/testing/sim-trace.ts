/**
 * SimTrace: everything that passed between the nodes of a world, as one hash and some lines.
 *
 * Two runs with equal hashes saw the same bytes and events at the same virtual times. The latest
 * lines are kept for the report of a failure; a listener may have every one of them.
 */
import { simLinesKept } from './limits.ts'

export interface SimFrame {
  readonly atMs: number
  readonly from: string
  readonly to: string
  readonly protocol: string
  readonly bytes: Uint8Array
}

const prime = 0x01000193

export class SimTrace {
  readonly #lines: string[] = []
  #a = 0x811c9dc5
  #b = 0x5bd1e995
  #count = 0
  onFrame: ((frame: SimFrame) => void) | null = null
  onEvent: ((atMs: number, text: string) => void) | null = null

  /** Equal for equal runs. */
  get hash(): string {
    const words = [this.#a, this.#b].map((word) => (word >>> 0).toString(16).padStart(8, '0'))
    return words.join('')
  }

  /** Frames and events so far. */
  get count(): number {
    return this.#count
  }

  /** The latest events, oldest first. */
  get lines(): readonly string[] {
    return this.#lines.slice(-simLinesKept)
  }

  frame(frame: SimFrame): void {
    this.#count++
    this.#number(frame.atMs)
    this.#text(frame.from)
    this.#text(frame.to)
    this.#text(frame.protocol)
    this.#bytes(frame.bytes)
    this.onFrame?.(frame)
  }

  event(atMs: number, text: string): void {
    this.#count++
    this.#number(atMs)
    this.#text(text)
    this.onEvent?.(atMs, text)
    this.#lines.push(`${secondsText(atMs)} ${text}`)
    if (this.#lines.length > 2 * simLinesKept) this.#lines.splice(0, simLinesKept)
  }

  #number(value: number): void {
    const micros = Math.round(value * 1_000)
    this.#word(micros | 0)
    this.#word(Math.floor(micros / 2 ** 32))
  }

  #text(text: string): void {
    for (let at = 0; at < text.length; at++) this.#word(text.charCodeAt(at))
  }

  #bytes(bytes: Uint8Array): void {
    let a = this.#a
    let b = this.#b
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] as number
      a = Math.imul(a ^ byte, prime)
      b = (Math.imul(b, 31) + byte) | 0
    }
    this.#a = a
    this.#b = b
    this.#word(bytes.length)
  }

  #word(word: number): void {
    this.#a = Math.imul(this.#a ^ word, prime)
    this.#b = (Math.imul(this.#b, 31) + word) | 0
  }
}

/** `  12.345` seconds. */
export function secondsText(atMs: number): string {
  return (atMs / 1_000).toFixed(3).padStart(8)
}
