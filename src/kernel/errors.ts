/**
 * EdgeError: every refusal that a caller can meet, with a stable code.
 *
 * A refusal is recognised by its `code`, never by `instanceof`: the error may have crossed a
 * thread, a peer, or a second copy of this package. Its message says what happened, with the
 * value, and what to do next; the catalogue of codes is docs/errors.md.
 */

export interface EdgeErrorOptions {
  readonly cause?: unknown
  /** Plain data for programs: paths, names, numbers. It must survive a structured clone. */
  readonly detail?: Readonly<Record<string, unknown>>
}

export class EdgeError extends Error {
  readonly code: string
  readonly detail: Readonly<Record<string, unknown>>

  constructor(code: string, message: string, options: EdgeErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.name = errorNameOf(code)
    this.code = code
    this.detail = options.detail ?? {}
  }
}

/** Tell whether a value is a refusal with this code, whichever copy of the package made it. */
export function hasCode(error: unknown, code: string): error is EdgeError {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code
}

/** `no_such_actor` is shown as `NoSuchActor`. */
function errorNameOf(code: string): string {
  return code.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
