/**
 * SupervisorSpec: a supervisor described by data, checked where it is declared.
 *
 * It names the strategy, the children in their order, and the budgets: one per child unless the
 * supervisor declares one for the whole group with `intensity` or `period`.
 */
import type { ActorDef } from './actor.ts'
import { durationMs, type Duration } from './duration.ts'
import { EdgeError } from './errors.ts'
import * as limits from './limits.ts'
import { type Rule, restartRule } from './supervision.ts'
import { type CheckedChild, checkChild, type ChildSpec, invalidChild } from './supervisor-child.ts'

/**
 * Who is restarted with a child that ended: nobody else, all its siblings, or those that were
 * started after it.
 */
export type RestartStrategy = 'one-for-one' | 'one-for-all' | 'rest-for-one'
/** Whether the end of significant children ends the supervisor: never, the first, or the last. */
export type AutoShutdown = 'never' | 'any' | 'all'

export interface SupervisorSpec {
  readonly strategy?: RestartStrategy
  /** Restarts of all children together within `period`; default 1 once `period` is given. */
  readonly intensity?: number
  /** Default 5 s once `intensity` is given. */
  readonly period?: Duration
  readonly autoShutdown?: AutoShutdown
  readonly children?: readonly ChildSpec[]
}

export interface CheckedSupervisor {
  readonly strategy: RestartStrategy
  readonly autoShutdown: AutoShutdown
  /** The budget of the group; null when each child has its own. */
  readonly group: Rule | null
  readonly children: readonly CheckedChild[]
  readonly check: (spec: ChildSpec) => CheckedChild
}

export function checkSupervisor(
  spec: SupervisorSpec,
  isSupervisor: (start: ActorDef) => boolean,
): CheckedSupervisor {
  const strategy = spec.strategy ?? 'one-for-one'
  if (!['one-for-one', 'one-for-all', 'rest-for-one'].includes(strategy)) {
    throw invalidSpec(
      `strategy ${JSON.stringify(strategy)}: give one-for-one, one-for-all or rest-for-one`,
    )
  }
  const autoShutdown = spec.autoShutdown ?? 'never'
  if (!['never', 'any', 'all'].includes(autoShutdown)) {
    throw invalidSpec(`autoShutdown ${JSON.stringify(autoShutdown)}: give never, any or all`)
  }
  const group = groupOf(spec)
  const check = (child: ChildSpec): CheckedChild => {
    const checked = checkChild(child, {
      grouped: group !== null,
      isSupervisor: isSupervisor(child?.start),
    })
    if (checked.significant && autoShutdown === 'never') {
      throw invalidChild(checked.id, "is significant, but its supervisor's autoShutdown is never")
    }
    return checked
  }
  return { strategy, autoShutdown, group, children: checkAll(spec.children ?? [], check), check }
}

function checkAll(
  specs: readonly ChildSpec[],
  check: (spec: ChildSpec) => CheckedChild,
): readonly CheckedChild[] {
  const ids = new Set<string>()
  return specs.map((spec) => {
    const checked = check(spec)
    if (ids.has(checked.id)) throw invalidChild(checked.id, 'is declared twice: rename one of them')
    ids.add(checked.id)
    return checked
  })
}

function groupOf({ intensity, period }: SupervisorSpec): Rule | null {
  if (intensity === undefined && period === undefined) return null
  const max = intensity ?? limits.groupIntensity
  const within = period === undefined ? limits.groupPeriodMs : durationMs(period)
  if (!(max >= 0)) throw invalidSpec(`intensity ${max}: give a count of at least 0`)
  if (!(within > 0)) throw invalidSpec(`period ${String(period)}: give a time above 0`)
  return restartRule({ max, within })
}

function invalidSpec(why: string): EdgeError {
  return new EdgeError('invalid_supervisor_spec', `A supervisor was declared with ${why}`)
}
