/**
 * Log: what a node tells the people who run it, one structured line at a time.
 *
 * Fields are data, not prose; secrets are replaced before a line leaves the process. Writing a
 * log line never throws and never waits.
 */

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'

export type LogFields = Readonly<Record<string, unknown>>

export interface Log {
  readonly level: LogLevel | 'silent'
  /** Whether a line of this level would be written; ask before building costly fields. */
  enabled(level: LogLevel): boolean
  trace(message: string, fields?: LogFields): void
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  fatal(message: string, fields?: LogFields): void
  /** A log whose every line also carries these fields. */
  child(fields: LogFields): Log
  /** Write out what is buffered. */
  flush(): Promise<void>
}
