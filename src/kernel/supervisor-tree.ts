/**
 * SupervisorTree: the children of one incarnation of a supervisor.
 *
 * Children report their ends from their own slices; the supervisor deals with each in a turn of its
 * own, behind what already waits for it. A child is restarted in place: same ref, same queue, next
 * incarnation. A restart that fails is tried again after the messages that wait by then.
 */
import type { Cell } from './cell.ts'
import { Deadline } from './deadline.ts'
import { extrasOf } from './extras.ts'
import type { ChildGuard } from './guard.ts'
import { type HaltRequest, release, requestHalt, requestStop, revive } from './halt.ts'
import type { Exit } from './recipient.ts'
import { SUPERVISE, type SignalWork } from './signals.ts'
import { type RestartGrant, SupervisorBudget } from './supervisor-budget.ts'
import { type CheckedChild, restartsAfter } from './supervisor-child.ts'
import { childStartError, endedError, exhaustedError } from './supervisor-errors.ts'
import { ChildRecord, type Outcome } from './supervisor-record.ts'
import type { CheckedSupervisor } from './supervisor-spec.ts'

const interrupted: Outcome = { kind: 'interrupted' }

export class SupervisorTree implements ChildGuard {
  readonly spec: CheckedSupervisor
  readonly cell: Cell
  /** In the order in which they are started. */
  readonly records = new Map<string, ChildRecord>()
  readonly #budget: SupervisorBudget
  #ending = false
  /** Children not stopped yet, once the supervisor ends. */
  #stopOrder: ChildRecord[] | null = null
  #retry: Deadline | null = null

  constructor(cell: Cell, spec: CheckedSupervisor) {
    this.cell = cell
    this.spec = spec
    this.#budget = new SupervisorBudget(spec.group)
    extrasOf(cell).guard = this
  }

  /** Start the declared children, one after the other. */
  async start(): Promise<this> {
    for (const spec of this.spec.children) {
      const record = this.add(spec)
      const outcome = await this.startFirst(record)
      if (this.#ending) return this
      const error = startError(outcome)
      if (error !== null) throw childStartError(this.cell, spec, error)
    }
    return this
  }

  add(spec: CheckedChild): ChildRecord {
    const record = new ChildRecord(spec)
    this.records.set(spec.id, record)
    return record
  }

  /** Start a child that has no life yet; one that fails leaves nothing behind. */
  async startFirst(record: ChildRecord): Promise<Outcome> {
    record.first = true
    const outcome = await this.#begin(record)
    if (outcome.kind !== 'failed' || record.cell === null) return outcome
    record.status = 'stopping'
    release(record.cell, { reason: 'failed', cause: outcome.error })
    return outcome
  }

  /** End a child for good, in the way its specification says. */
  async stop(record: ChildRecord): Promise<Outcome> {
    if (record.cell === null) {
      record.status = 'stopped'
      return { kind: 'gone', exit: { reason: 'normal' } }
    }
    const outcome = this.#outcomeOf(record)
    this.#requestStop(record, undefined)
    return outcome
  }

  get ending(): boolean {
    return this.#ending
  }

  // What children report.

  failed(child: Cell, error: unknown): void {
    const record = this.#recordOf(child)
    if (record?.status !== 'running' || this.#ending) return
    record.status = 'failed'
    const exit: Exit = { reason: 'failed', cause: error }
    if (record.spec.restart === 'temporary') requestStop(child, exit)
    else this.#lookAt(record, exit)
  }

  started(child: Cell): void {
    const record = this.#recordOf(child)
    if (record === null) return
    if (record.status !== 'starting' && record.status !== 'restarting') return
    record.status = 'running'
    record.error = undefined
    record.settle({ kind: 'started' })
  }

  parked(child: Cell, { exit }: HaltRequest): void {
    const record = this.#recordOf(child)
    if (record === null || this.#ending) return
    switch (record.status) {
      case 'halting':
        record.status = 'waiting'
        record.settle({ kind: 'parked' })
        return
      case 'starting':
        record.status = 'waiting'
        record.settle({ kind: 'failed', error: exit.cause ?? endedError(child, exit) })
        return
      case 'restarting':
      case 'running':
        record.status = 'failed'
        this.#lookAt(record, exit)
        return
      default:
    }
  }

  keeps(child: Cell, exit: Exit): boolean {
    const record = this.#recordOf(child)
    if (record === null || this.#ending || record.status === 'stopping') return false
    const starts = record.status === 'starting' || record.status === 'restarting'
    // A state factory that chose not to run has its will; a first start is not repeated.
    if (starts && (exit.reason === 'normal' || record.first)) return false
    return restartsAfter(record.spec.restart, exit)
  }

  released(child: Cell, exit: Exit): void {
    const record = this.#recordOf(child)
    if (record === null) return
    const before = record.status
    record.cell = null
    record.status = before === 'stopping' ? 'stopped' : 'ended'
    if (record.spec.restart === 'temporary') this.records.delete(record.spec.id)
    record.settle({ kind: 'gone', exit })
    if (this.#ending) return
    if (before === 'failed') this.#report(record, exit, { count: 0, action: 'forget' })
    const itself = before === 'running' || before === 'failed' || before === 'restarting'
    if (itself) this.#considerShutdown(record)
  }

  stopNext(graceMs: number | undefined): void {
    this.#stopOrder ??= [...this.records.values()]
    const order = this.#stopOrder
    while (order.at(-1)?.cell === null) order.pop()
    const record = order.at(-1)
    if (record !== undefined) {
      if (record.status !== 'stopping') this.#requestStop(record, graceMs)
      return
    }
    const { lastChild } = this.cell
    if (lastChild !== null) requestStop(lastChild, { reason: 'shutdown' })
  }

  interrupt(): void {
    if (this.#ending) return
    this.#ending = true
    if (this.#retry !== null) this.cell.home.wheel.cancel(this.#retry)
    for (const record of this.records.values()) record.settle(interrupted)
  }

  // What the supervisor does about it.

  /** Have a turn of the supervisor deal with a child that is held or parked. */
  #lookAt(record: ChildRecord, exit: Exit): void {
    this.#turn(() => {
      if (record.status === 'failed' && !this.#ending) return this.#recover(record, exit)
      return undefined
    })
  }

  #turn(work: SignalWork): void {
    this.cell.mailbox.push(SUPERVISE, work, null)
    this.cell.wake()
  }

  #recover(record: ChildRecord, exit: Exit): Promise<void> | undefined {
    const { count, delayMs, loud } = this.#decide(record, exit)
    if (this.spec.strategy !== 'one-for-one') {
      record.dueAt = this.#now() + delayMs
      return this.#restartGroup(record, exit)
    }
    record.status = 'restarting'
    record.first = false
    this.#revive(record, {
      next: 'revive',
      exit,
      error: exit.cause,
      delayMs,
      stashLimit: record.spec.rule?.backoff?.stash ?? Infinity,
      loud: loud && count > 0,
    })
    return undefined
  }

  /** One more restart, if the budgets have room; otherwise the supervisor fails. */
  #decide(record: ChildRecord, exit: Exit): RestartGrant {
    const { rule } = record.spec
    const random = (rule?.backoff ?? null) === null ? 0 : this.cell.home.random.next()
    const grant = this.#budget.grant(rule, record.ledger, { nowMs: this.#now(), random })
    this.#report(record, exit, {
      count: grant.count,
      action: grant.allowed ? 'restart' : 'give-up',
    })
    if (grant.allowed) return grant
    if (record.cell !== null) {
      record.status = 'stopping'
      requestStop(record.cell, exit)
    }
    throw exhaustedError(this.cell, record.spec, { exit, count: grant.count })
  }

  async #restartGroup(failed: ChildRecord, exit: Exit): Promise<void> {
    const all = [...this.records.values()]
    const first = this.spec.strategy === 'one-for-all' ? 0 : all.indexOf(failed)
    const group = all.slice(first)
    for (const record of group) if (record.status === 'ended') record.status = 'waiting'
    await this.#halt(group, exit.cause)
    await this.#startDue()
  }

  /** Park the children, the last one first; temporary ones are stopped for good. */
  async #halt(records: readonly ChildRecord[], error: unknown): Promise<void> {
    for (const record of records.toReversed()) {
      if (this.#ending) return
      if (record.cell === null || record.status === 'waiting') continue
      if (record.spec.restart === 'temporary') await this.stop(record)
      else await this.#park(record, error)
    }
  }

  async #park(record: ChildRecord, error: unknown): Promise<void> {
    const { cell, spec } = record
    record.error = error
    if (cell === null) return
    if (cell.phase === 'parked') {
      record.status = 'waiting'
      return
    }
    record.status = 'halting'
    const outcome = this.#outcomeOf(record)
    const exit: Exit = { reason: 'shutdown' }
    requestHalt(cell, { next: 'park', exit, error, graceMs: spec.graceMs })
    await outcome
  }

  /** Start what waits, in order, as far as its time has come. */
  async #startDue(): Promise<void> {
    const waiting = [...this.records.values()].filter(({ status }) => status === 'waiting')
    const together = this.spec.strategy === 'one-for-all'
    const latest = Math.max(0, ...waiting.map(({ dueAt }) => dueAt))
    for (const record of waiting) {
      const dueAt = together ? latest : record.dueAt
      if (dueAt > this.#now()) {
        this.#retryAt(dueAt)
        return
      }
      record.first = false
      const outcome = await this.#begin(record)
      if (this.#ending) return
      const error = startError(outcome)
      if (error !== null && record.status === 'waiting') {
        await this.#startAgain(record, error)
        return
      }
    }
  }

  /** A restart has failed: another one is due, after what waits for the supervisor. */
  async #startAgain(record: ChildRecord, error: unknown): Promise<void> {
    const grant = this.#decide(record, { reason: 'failed', cause: error })
    record.dueAt = this.#now() + grant.delayMs
    record.error = error
    if (this.spec.strategy === 'one-for-all') await this.#halt([...this.records.values()], error)
    if (!this.#ending) this.#retryAt(record.dueAt)
  }

  #retryAt(dueAt: number): void {
    const { wheel } = this.cell.home
    if (this.#retry !== null) wheel.cancel(this.#retry)
    this.#retry = null
    const again = (): void => this.#turn(() => (this.#ending ? undefined : this.#startDue()))
    if (dueAt <= this.#now()) {
      again()
      return
    }
    this.#retry = new Deadline(again)
    wheel.arm(this.#retry, dueAt)
  }

  /** Bring a child to life: in place if it is parked, as a new actor if it has none. */
  #begin(record: ChildRecord): Promise<Outcome> {
    const { cell, spec, error } = record
    if (cell === null) {
      record.cell = this.cell.home.spawnChild(this.cell, spec.start, spec.args, spec.spawn)
    } else revive(cell, { error })
    record.status = 'starting'
    return this.#outcomeOf(record)
  }

  #revive(record: ChildRecord, request: HaltRequest): void {
    if (record.cell === null) return
    if (record.cell.phase === 'parked') revive(record.cell, request)
    else requestHalt(record.cell, request)
  }

  #requestStop(record: ChildRecord, graceMs: number | undefined): void {
    const { cell, spec } = record
    if (cell === null) return
    record.status = 'stopping'
    requestStop(
      cell,
      { reason: spec.brutal ? 'killed' : 'shutdown' },
      { graceMs: Math.min(spec.graceMs, graceMs ?? Infinity) },
    )
  }

  #considerShutdown({ spec }: ChildRecord): void {
    if (!spec.significant) return
    const { autoShutdown } = this.spec
    const others = [...this.records.values()].some(
      ({ spec: other, cell, status }) =>
        other.significant && (cell !== null || status === 'waiting'),
    )
    if (autoShutdown === 'any' || (autoShutdown === 'all' && !others)) {
      requestStop(this.cell, { reason: 'shutdown' })
    }
  }

  #report(
    { spec }: ChildRecord,
    exit: Exit,
    what: { readonly count: number; readonly action: 'restart' | 'give-up' | 'forget' },
  ): void {
    this.cell.home.events.publish('supervisor.decided', {
      path: this.cell.path,
      child: spec.id,
      reason: exit.reason,
      error: exit.cause,
      strategy: this.spec.strategy,
      ...what,
    })
  }

  #outcomeOf(record: ChildRecord): Promise<Outcome> {
    return this.#ending ? Promise.resolve(interrupted) : record.outcome()
  }

  #recordOf(child: Cell): ChildRecord | null {
    const record = this.records.get(child.name)
    return record?.cell === child ? record : null
  }

  #now(): number {
    return this.cell.home.clock.now()
  }
}

/** Why a start did not lead to a running child; null when it did, or chose not to. */
export function startError(outcome: Outcome): unknown {
  if (outcome.kind === 'failed') return outcome.error
  if (outcome.kind !== 'gone' || outcome.exit.reason === 'normal') return null
  return outcome.exit.cause ?? outcome.exit
}
