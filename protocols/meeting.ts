/**
 * Meeting: when two nodes dial each other again, and which of two simultaneous dials stays.
 *
 * Both ends decide alone and must come to the same answer; nothing here may depend on what only
 * one of them knows, but for the dial that it has under way itself.
 */

export interface RedialRule {
  readonly msMin: number
  readonly msMax: number
}

/**
 * The pause before the next dial after `failures` in a row: doubled each time, then spread over
 * half to one and a half of itself, so that many nodes that lost one peer do not return at once.
 */
export function redialPauseMs(failures: number, chance: number, rule: RedialRule): number {
  const grown = Math.min(rule.msMax, rule.msMin * 2 ** Math.min(failures, 30))
  return Math.min(rule.msMax, Math.round(grown * (0.5 + chance)))
}

/**
 * How much longer the peer with the higher id leaves the dial to the other. Where many nodes start
 * at once a dial takes seconds, and whoever waits for less only adds to that.
 */
export function yieldMs(waitedMs: number, dialMs: number, msMax: number): number {
  const patienceMs = Math.min(msMax, dialMs * 3)
  return Math.max(0, Math.min(dialMs, patienceMs - waitedMs))
}

/**
 * How many dials may be under way: as many as are done within a second. Nodes that start together
 * on one machine would otherwise take so much of it that no hello is over in time.
 */
export function dialsAtOnce(dialMs: number, rule: { first: number; max: number }): number {
  if (dialMs === 0) return rule.first
  return Math.max(1, Math.min(rule.max, Math.floor(1_000 / dialMs)))
}

export interface HelloMeeting {
  readonly self: string
  /** Who dialled the connection on which the hello arrived; never ourselves. */
  readonly dialer: string
  /** We have a dial to the same peer under way that is not proven yet. */
  readonly dialing: boolean
  /** The proven connection to the same peer, if there is one. */
  readonly proven: { readonly dialer: string; readonly forMs: number } | undefined
  /** How long two simultaneous dials can cross each other. */
  readonly graceMs: number
}

/**
 * What a listener does with a hello. While both dial, the lower id's dial wins. Nobody says hello
 * to a peer that it has, therefore a hello beside an older connection means that the dialer lost
 * that one, perhaps with all its memory, and that ours is half open.
 */
export function decideHello(meeting: HelloMeeting): 'accept' | 'replace' | 'duplicate' {
  const { self, dialer, dialing, proven, graceMs } = meeting
  if (proven === undefined) return dialing && self < dialer ? 'duplicate' : 'accept'
  const crossed = proven.dialer === self && proven.forMs < graceMs
  return crossed && self < dialer ? 'duplicate' : 'replace'
}
