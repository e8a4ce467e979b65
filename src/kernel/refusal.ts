/**
 * Refusal: an expected "no" to an ask, as a value that its handler returns.
 *
 * The asker gets the coded error; the actor has not failed, and nobody supervises anything. What a
 * handler throws is another matter: that is a crash.
 */
import type { EdgeError } from './errors.ts'

export class Refusal {
  readonly error: EdgeError

  constructor(error: EdgeError) {
    this.error = error
  }
}

export function refuse(error: EdgeError): Refusal {
  return new Refusal(error)
}
