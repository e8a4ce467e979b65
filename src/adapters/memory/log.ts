/**
 * MemoryLog: the Log port as a list of lines, for tests and simulations.
 *
 * It hides the same fields as the real one and keeps the latest lines only.
 */
import { memoryLogLinesMax } from '../../../protocols/limits.ts'
import { logLevels } from '../../../protocols/log-level.ts'
import { createRedaction } from '../../../protocols/redaction.ts'
import type { Redact } from '../../../protocols/redaction.ts'
import type { Log, LogFields, LogLevel } from '../../ports/log.ts'

export interface LogLine {
  readonly level: LogLevel
  readonly message: string
  readonly fields: LogFields
}

export interface MemoryLogOptions {
  readonly level?: Log['level']
  /** More names of fields to hide. */
  readonly redact?: readonly string[]
}

export class MemoryLog implements Log {
  readonly level: Log['level']
  /** The latest lines, oldest first, of this log and its children. */
  readonly lines: LogLine[]
  readonly #redact: Redact
  readonly #fields: LogFields

  private constructor(state: MemoryLogState) {
    this.level = state.level
    this.lines = state.lines
    this.#redact = state.redact
    this.#fields = state.fields
  }

  static create(options: MemoryLogOptions = {}): MemoryLog {
    const { level = 'info', redact = [] } = options
    return new MemoryLog({ level, lines: [], redact: createRedaction(redact), fields: {} })
  }

  enabled(level: LogLevel): boolean {
    return logLevels[level] >= logLevels[this.level]
  }

  trace(message: string, fields?: LogFields): void {
    this.#write('trace', message, fields)
  }

  debug(message: string, fields?: LogFields): void {
    this.#write('debug', message, fields)
  }

  info(message: string, fields?: LogFields): void {
    this.#write('info', message, fields)
  }

  warn(message: string, fields?: LogFields): void {
    this.#write('warn', message, fields)
  }

  error(message: string, fields?: LogFields): void {
    this.#write('error', message, fields)
  }

  fatal(message: string, fields?: LogFields): void {
    this.#write('fatal', message, fields)
  }

  child(fields: LogFields): MemoryLog {
    const own = { ...this.#fields, ...this.#redact(fields) }
    return new MemoryLog({
      level: this.level,
      lines: this.lines,
      redact: this.#redact,
      fields: own,
    })
  }

  async flush(): Promise<void> {
    // Every line is in the list as soon as it is written.
  }

  #write(level: LogLevel, message: string, fields: LogFields = {}): void {
    if (!this.enabled(level)) return
    this.lines.push({ level, message, fields: { ...this.#fields, ...this.#redact(fields) } })
    if (this.lines.length > memoryLogLinesMax) this.lines.shift()
  }
}

interface MemoryLogState {
  readonly level: Log['level']
  readonly lines: LogLine[]
  readonly redact: Redact
  readonly fields: LogFields
}
