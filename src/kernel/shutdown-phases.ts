/**
 * ShutdownPhases: the order in which a system goes down, from what each phase waits for.
 *
 * Phases form a graph: a phase begins when those named in its `after` are over. The order is
 * topological and, among phases that could go next, that of their declaration (Kahn, 1962). A
 * cycle, or a phase that waits for one that does not exist, is refused when it is declared.
 */
import { durationMs, type Duration } from './duration.ts'
import { EdgeError } from './errors.ts'
import * as limits from './limits.ts'

export interface PhaseOptions {
  /** Phases that must be over before this one begins. */
  readonly after?: readonly string[]
  /** How long the tasks of the phase may take together. */
  readonly timeout?: Duration
  /** Whether the shutdown goes on when a task failed or the time is over. Default true. */
  readonly recover?: boolean
}

export interface Phase {
  readonly name: string
  readonly after: readonly string[]
  readonly timeoutMs: number
  readonly recover: boolean
}

/** The phase in which the actors end; what comes before may still ask them. */
export const actorsPhase = 'actors'

/** Each begins when the one before is over. More can be declared, and these be changed. */
const usual: Readonly<Record<string, PhaseOptions>> = {
  /** Take no new work: close doors, say that this system drains. */
  refuse: {},
  /** Let what was accepted come to its end. */
  finish: { after: ['refuse'] },
  /** Give what this system owns to others. */
  handOver: { after: ['finish'] },
  /** Say goodbye to the others. */
  leave: { after: ['handOver'] },
  [actorsPhase]: { after: ['leave'], timeout: limits.shutdownActorsMs },
  /** Let go of files, sockets and threads. */
  release: { after: [actorsPhase] },
}

/** The usual phases with those declared, in the order in which they run. */
export function phasesOf(declared: Readonly<Record<string, PhaseOptions>> = {}): readonly Phase[] {
  const options = new Map(Object.entries(usual))
  for (const [name, given] of Object.entries(declared)) {
    options.set(name, { ...options.get(name), ...given })
  }
  const phases = [...options].map(([name, given]) => resolve(name, given))
  for (const phase of phases) checkPhase(phase, options)
  return inOrder(phases)
}

function resolve(name: string, options: PhaseOptions): Phase {
  return {
    name,
    after: options.after ?? [],
    timeoutMs: durationMs(options.timeout ?? limits.shutdownPhaseMs),
    recover: options.recover ?? true,
  }
}

function checkPhase(phase: Phase, known: ReadonlyMap<string, PhaseOptions>): void {
  if (!(phase.timeoutMs > 0)) {
    throw invalidPhases(`phase ${phase.name} has a timeout of ${phase.timeoutMs} ms; give more`)
  }
  const missing = phase.after.find((name) => !known.has(name))
  if (missing === undefined) return
  throw invalidPhases(
    `phase ${phase.name} comes after ${JSON.stringify(missing)}, which is no phase; ` +
      `there are: ${[...known.keys()].join(', ')}`,
  )
}

function inOrder(phases: readonly Phase[]): readonly Phase[] {
  const ordered: Phase[] = []
  const over = new Set<string>()
  let left = [...phases]
  while (left.length > 0) {
    const next = left.find(({ after }) => after.every((name) => over.has(name)))
    if (next === undefined) {
      const cycle = left.map(({ name, after }) => `${name} after ${after.join(' and ')}`)
      throw invalidPhases(`these wait for each other: ${cycle.join('; ')}; break the cycle`)
    }
    ordered.push(next)
    over.add(next.name)
    left = left.filter((phase) => phase !== next)
  }
  return ordered
}

function invalidPhases(why: string): EdgeError {
  return new EdgeError('invalid_phases', `Shutdown phases refused: ${why}`)
}
