/**
 * SupervisorBudget: whether one more restart of a child is allowed, and after which delay.
 *
 * A child's own budget and the group's must both have room. Only restarts that are allowed are
 * written down, so a refused one costs nothing.
 */
import { decideRestart, type RestartHistory, type Rule } from './supervision.ts'

/** What the report of a failure says about the window. */
export interface RestartGrant {
  readonly allowed: boolean
  readonly delayMs: number
  /** Restarts in the window, this one included. */
  readonly count: number
  /** Many restarts in a row are logged louder. */
  readonly loud: boolean
}

/** Restart times by who has the budget. */
export class RestartLedger {
  history: RestartHistory = []
}

interface Asked {
  readonly nowMs: number
  readonly random: number
}

export class SupervisorBudget {
  readonly #rule: Rule | null
  readonly #ledger = new RestartLedger()

  constructor(group: Rule | null) {
    this.#rule = group
  }

  grant(rule: Rule | null, ledger: RestartLedger, at: Asked): RestartGrant {
    const own = decideWith(rule, ledger, at)
    const group = decideWith(this.#rule, this.#ledger, at)
    const count = this.#rule === null ? own.count : group.count
    if (own.history === null || group.history === null) {
      return { allowed: false, delayMs: 0, count, loud: true }
    }
    ledger.history = own.history
    this.#ledger.history = group.history
    const loud = rule === null || own.count >= rule.loudAfter
    return { allowed: true, delayMs: own.delayMs, count, loud }
  }
}

interface Decided {
  /** Null when the budget is used up. */
  readonly history: RestartHistory | null
  readonly delayMs: number
  readonly count: number
}

function decideWith(rule: Rule | null, { history }: RestartLedger, at: Asked): Decided {
  if (rule === null) return { history, delayMs: 0, count: 0 }
  const decision = decideRestart(rule, history, at)
  if (decision.action === 'restart') {
    return {
      history: decision.history,
      delayMs: decision.delayMs,
      count: decision.history.length,
    }
  }
  const inWindow = history.filter((then) => at.nowMs - then <= rule.withinMs).length
  return { history: null, delayMs: 0, count: inWindow + 1 }
}
