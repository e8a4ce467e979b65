/**
 * Stall: what a node concludes when its own event loop stood still.
 *
 * An observer that slept has heard nobody, so its silence says nothing about others (FD-3): it
 * calls itself degraded, waits longer for its own probes and accuses no one for a period. One
 * that slept through half a lease can no longer know whether it still holds it: it fences itself.
 */
export type StallLevel = 'none' | 'degraded' | 'fenced'

export interface StallRules {
  /** A gap up to this is ordinary scheduling noise: the answer time of a probe. */
  readonly toleratedMs: number
  readonly leaseMs: number
  readonly probeIntervalMs: number
}

export interface StallDecision {
  readonly level: StallLevel
  /** Accuse nobody for so long. */
  readonly muteMs: number
  /** Own deadlines that ran during the gap move by so much. */
  readonly shiftMs: number
}

const calm: StallDecision = { level: 'none', muteMs: 0, shiftMs: 0 }

/** Judge a gap between when the node wanted to run and when it did. */
export function decideStall(gapMs: number, rules: StallRules): StallDecision {
  if (gapMs <= rules.toleratedMs) return calm
  const level = gapMs > rules.leaseMs / 2 ? 'fenced' : 'degraded'
  return { level, muteMs: rules.probeIntervalMs, shiftMs: gapMs }
}
