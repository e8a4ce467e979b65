/**
 * EventLog: everything that happened in a test system, one line each, in order.
 *
 * Sends, arrivals, turns, answers, failures, timers, starts, stops and dead letters. Two runs with
 * one seed write the same bytes, in another process too; the digest covers also the lines that
 * are no longer kept.
 */
import * as limits from './limits.ts'

export class EventLog {
  /** False when nobody reads: lines need not be made. */
  readonly wanted: boolean
  readonly #now: () => number
  readonly #lines: string[] = []
  #total = 0
  #high = 0x811c9dc5
  #low = 0x01000193

  constructor(now: () => number, wanted = true) {
    this.#now = now
    this.wanted = wanted
  }

  add(line: string): void {
    if (!this.wanted) return
    const stamped = `${this.#now()} ${line}`
    this.#total++
    this.#mix(stamped)
    this.#lines.push(stamped)
    if (this.#lines.length >= limits.logLinesKept * 2) {
      this.#lines.splice(0, limits.logLinesKept)
    }
  }

  /** Lines written so far, kept or not. */
  get total(): number {
    return this.#total
  }

  /** The latest lines, oldest first. */
  get lines(): readonly string[] {
    return this.#lines
  }

  get text(): string {
    return this.#lines.map((line) => `${line}\n`).join('')
  }

  /** Sixteen hexadecimal digits over every line ever written. */
  get digest(): string {
    return hex(this.#high) + hex(this.#low)
  }

  /** Two FNV-1a hashes with different starts. */
  #mix(line: string): void {
    let high = this.#high
    let low = this.#low
    for (let at = 0; at < line.length; at++) {
      const unit = line.charCodeAt(at)
      high = Math.imul(high ^ unit, 0x01000193)
      low = Math.imul(low ^ unit, 0x01000197)
    }
    this.#high = Math.imul(high ^ 10, 0x01000193)
    this.#low = Math.imul(low ^ 10, 0x01000197)
  }
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0')
}
