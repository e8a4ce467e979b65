/**
 * Supervision: what becomes of an actor that failed, as data and one pure decision.
 *
 * A policy finds a rule for an error; the rule names a directive and its budget. Budgets are
 * sliding windows: a restart at time t counts while `now - t <= within`, and an action is allowed
 * while the count including it is at most `max`.
 */
import { EdgeError } from './errors.ts'
import { durationMs, type Duration } from './duration.ts'
import * as limits from './limits.ts'

export type Directive = 'restart' | 'resume' | 'stop' | 'escalate'

export interface Backoff {
  readonly minMs: number
  readonly maxMs: number
  /** Share of the delay that is random, 0 to 1. */
  readonly jitter: number
  /** Quiet time after which the next delay is the smallest again. */
  readonly resetAfterMs: number
  /** Messages kept while the actor waits for its restart. */
  readonly stash: number
}

export interface Rule {
  readonly directive: Directive
  readonly max: number
  readonly withinMs: number
  readonly backoff: Backoff | null
  /** Children live through the restart instead of being stopped first. */
  readonly keepChildren: boolean
  /** Failures of one incarnation chain after which the log level rises to error. */
  readonly loudAfter: number
}

/** Finds the rule for an error; null leaves it to an outer policy, and at last to `stop`. */
export type Policy = (error: unknown) => Rule | null | Promise<Rule | null>

export interface RestartOptions {
  /** Restarts allowed within the window; 0 means never. Default: without limit. */
  readonly max?: number
  readonly within?: Duration
  readonly backoff?: {
    readonly min: Duration
    readonly max: Duration
    readonly jitter?: number
    readonly resetAfter?: Duration
    readonly stash?: number
  }
  readonly children?: 'stop' | 'keep'
  readonly loudAfter?: number
}

const plain: Omit<Rule, 'directive'> = {
  max: Infinity,
  withinMs: Infinity,
  backoff: null,
  keepChildren: false,
  loudAfter: 1,
}
const stopRule: Rule = { ...plain, directive: 'stop' }
const resumeRule: Rule = { ...plain, directive: 'resume' }
const escalateRule: Rule = { ...plain, directive: 'escalate' }

export const stopOnFailure: Policy = () => stopRule
/** Keep the state, give up the message. */
export const resume = (): Policy => () => resumeRule
export const stopping = (): Policy => stopOnFailure
/** Let the parent fail with the same cause. */
export const escalate = (): Policy => () => escalateRule

export function restart(options: RestartOptions = {}): Policy {
  const rule = restartRule(options)
  return () => rule
}

/** The default for children of supervisors: ten restarts in ten seconds. */
export const supervised: Policy = restart({
  max: limits.restartsMax,
  within: limits.restartsWithinMs,
})

export type ErrorMatcher =
  | string
  | ((error: unknown) => boolean)
  | (abstract new (...args: never[]) => Error)

/** Apply `policy` to errors that match: a class, a code, or a test of your own. */
export function on(matcher: ErrorMatcher, policy: Policy): Policy {
  return (error) => (matches(matcher, error) ? policy(error) : null)
}

/** The first policy that has a rule for the error decides. */
export function firstOf(...policies: readonly Policy[]): Policy {
  const from = (index: number, error: unknown): ReturnType<Policy> => {
    const policy = policies[index]
    if (policy === undefined) return null
    const rule = policy(error)
    if (rule instanceof Promise) return rule.then((found) => found ?? from(index + 1, error))
    return rule ?? from(index + 1, error)
  }
  return (error) => from(0, error)
}

/** Decide by code, at once or after a while; the actor is suspended until the answer is there. */
export function decide(choose: (error: unknown) => Policy | Promise<Policy>): Policy {
  return (error) => {
    const chosen = choose(error)
    return chosen instanceof Promise ? chosen.then((policy) => policy(error)) : chosen(error)
  }
}

function matches(matcher: ErrorMatcher, error: unknown): boolean {
  if (typeof matcher === 'string') {
    return typeof error === 'object' && error !== null && 'code' in error && error.code === matcher
  }
  if (isErrorClass(matcher)) return error instanceof matcher
  return matcher(error)
}

function isErrorClass(
  matcher: Exclude<ErrorMatcher, string>,
): matcher is abstract new (...args: never[]) => Error {
  return matcher === Error || matcher.prototype instanceof Error
}

/** The options of a restart, checked and complete. */
export function restartRule(options: RestartOptions): Rule {
  const max = options.max ?? Infinity
  const withinMs = options.within === undefined ? Infinity : durationMs(options.within)
  if (Number.isNaN(max) || max < 0) {
    throw invalidPolicy(`max is ${max}; give a count of at least 0`)
  }
  if (!(withinMs > 0)) {
    throw invalidPolicy(`within is ${String(options.within)}; give a time above 0`)
  }
  return {
    directive: 'restart',
    max,
    withinMs,
    backoff: options.backoff === undefined ? null : backoffOf(options.backoff),
    keepChildren: options.children === 'keep',
    loudAfter: options.loudAfter ?? 1,
  }
}

function backoffOf(given: NonNullable<RestartOptions['backoff']>): Backoff {
  const minMs = durationMs(given.min)
  const maxMs = durationMs(given.max)
  const jitter = given.jitter ?? 0.2
  if (!(minMs > 0) || !(maxMs >= minMs)) {
    throw invalidPolicy(`backoff runs from ${minMs} to ${maxMs} ms; give 0 < min <= max`)
  }
  if (!(jitter >= 0 && jitter <= 1)) throw invalidPolicy(`jitter is ${jitter}; give 0 to 1`)
  return {
    minMs,
    maxMs,
    jitter,
    resetAfterMs:
      given.resetAfter === undefined ? (minMs + maxMs) / 2 : durationMs(given.resetAfter),
    stash: given.stash ?? limits.stashCapacity,
  }
}

function invalidPolicy(why: string): EdgeError {
  return new EdgeError('invalid_policy', `Restart policy refused: ${why}`)
}

/** The actor's thread is gone, and its state with it. */
const threadLost = new Set(['worker_exited', 'worker_stuck'])

/** Errors after which kept state cannot be trusted; they are never resumed. */
export function isFatal(error: unknown): boolean {
  if (error instanceof EdgeError) return threadLost.has(error.code)
  return (
    error instanceof RangeError &&
    /invalid (?:array|string|typed array|array buffer) length|array buffer allocation failed/i.test(
      error.message,
    )
  )
}

/** Restart times, oldest first. */
export type RestartHistory = readonly number[]

export type RestartDecision =
  | { readonly action: 'restart'; readonly delayMs: number; readonly history: RestartHistory }
  | { readonly action: 'give-up' }

/** Decide whether one more restart fits the budget, and after which delay. */
export function decideRestart(
  rule: Rule,
  history: RestartHistory,
  at: { readonly nowMs: number; readonly random: number },
): RestartDecision {
  const recent = recentRestarts(rule, history, at.nowMs)
  if (recent.length + 1 > rule.max) return { action: 'give-up' }
  const delayMs = rule.backoff === null ? 0 : delayOf(rule.backoff, recent.length, at.random)
  return { action: 'restart', delayMs, history: [...recent, at.nowMs + delayMs] }
}

function recentRestarts(rule: Rule, history: RestartHistory, nowMs: number): RestartHistory {
  const { backoff } = rule
  const last = history.at(-1)
  if (backoff !== null && last !== undefined && nowMs - last >= backoff.resetAfterMs) return []
  const recent = history.filter((at) => nowMs - at <= rule.withinMs)
  return rule.max === Infinity ? recent.slice(-limits.restartsKept) : recent
}

function delayOf(backoff: Backoff, before: number, random: number): number {
  const grown = Math.min(backoff.maxMs, backoff.minMs * 2 ** Math.min(before, 52))
  return grown * (1 + backoff.jitter * random)
}
