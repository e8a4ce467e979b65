/**
 * PinoLog: the Log port on pino, one JSON line for each call.
 *
 * Lines go to the error output unless a file is named, since the standard output belongs to data.
 * Fields are cleaned of secrets before pino sees them, and of all that could make writing fail.
 */
import { destination, pino, stdTimeFunctions } from 'pino'
import type { DestinationStream, Logger } from 'pino'

import { createRedaction } from '../../../protocols/redaction.ts'
import type { Redact } from '../../../protocols/redaction.ts'
import type { Log, LogFields, LogLevel } from '../../ports/log.ts'

export interface PinoLogOptions {
  readonly level?: Log['level']
  /** More names of fields to hide. */
  readonly redact?: readonly string[]
  /** A file to append to in place of the error output. */
  readonly file?: string
  /** Where lines go instead, such as a test's list. */
  readonly write?: (line: string) => void
}

const STANDARD_ERROR = 2

/** Names that every line has already; a field of that name gets a trailing underscore. */
const RESERVED = new Set(['level', 'time', 'message'])

export function createPinoLog(options: PinoLogOptions = {}): Log {
  const stream = streamOf(options)
  const logger = pino(
    {
      level: options.level ?? 'info',
      base: null,
      messageKey: 'message',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    stream,
  )
  return new PinoLog({ logger, redact: createRedaction(options.redact), fields: {} })
}

function streamOf({ file, write }: PinoLogOptions): DestinationStream {
  if (write !== undefined) return { write }
  const stream = destination({ dest: file ?? STANDARD_ERROR, sync: true, mkdir: true, mode: 0o600 })
  // A full disk or a closed terminal must not end the node: the line is lost, the node goes on.
  stream.on('error', () => undefined)
  return stream
}

interface PinoLogState {
  readonly logger: Logger
  readonly redact: Redact
  /** Clean fields of every line; pino's own children would write a repeated name twice. */
  readonly fields: LogFields
}

class PinoLog implements Log {
  readonly #state: PinoLogState
  readonly #logger: Logger

  constructor(state: PinoLogState) {
    this.#state = state
    this.#logger = state.logger
  }

  get level(): Log['level'] {
    return this.#logger.level as Log['level']
  }

  enabled(level: LogLevel): boolean {
    return this.#logger.isLevelEnabled(level)
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

  child(fields: LogFields): Log {
    return new PinoLog({ ...this.#state, fields: this.#with(fields) })
  }

  flush(): Promise<void> {
    return new Promise((resolve) => {
      this.#logger.flush(() => resolve())
    })
  }

  #write(level: LogLevel, message: string, fields: LogFields | undefined): void {
    if (!this.enabled(level)) return
    this.#logger[level](fields === undefined ? this.#state.fields : this.#with(fields), message)
  }

  #with(fields: LogFields): LogFields {
    const all = { ...this.#state.fields }
    for (const [name, value] of Object.entries(this.#state.redact(fields))) {
      all[RESERVED.has(name) ? `${name}_` : name] = value
    }
    return all
  }
}
