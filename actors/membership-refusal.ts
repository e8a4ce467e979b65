/**
 * MembershipRefusal: whether a failed dial means that the other machine says nobody listens.
 *
 * A refusal is evidence, silence is not: only when every address that was tried refused, the
 * dial as a whole did.
 */

const depthMax = 6

export function isRefused(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > depthMax) return false
  if ('errors' in error && Array.isArray(error.errors) && error.errors.length > 0) {
    return error.errors.every((each: unknown) => isRefused(each, depth + 1))
  }
  if ('code' in error && error.code === 'ECONNREFUSED') return true
  return 'cause' in error && isRefused(error.cause, depth + 1)
}
