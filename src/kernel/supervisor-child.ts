/**
 * ChildSpec: one child of a supervisor, described by data and checked before anything starts.
 *
 * A specification says what to start, when to restart it and how long its end may take. A bad one
 * is refused where it is declared, with the id and the value.
 */
import type { ActorDef } from './actor.ts'
import { EdgeError } from './errors.ts'
import * as limits from './limits.ts'
import type { MailboxOptions } from './mailbox.ts'
import { propsOf, type SpawnOptions } from './props.ts'
import type { Messages } from './protocol.ts'
import type { Exit } from './recipient.ts'
import { restartRule, type RestartOptions, type Rule } from './supervision.ts'

/** `permanent`: after any end; `transient`: after an abnormal one; `temporary`: never. */
export type RestartType = 'permanent' | 'transient' | 'temporary'
/** Milliseconds until it is ended by force; `brutal`: at once; `infinity`: never. */
export type Shutdown = number | 'brutal' | 'infinity'
export type ChildType = 'worker' | 'supervisor'

export interface ChildSpec {
  /** Unique among its siblings; also the name of the actor. */
  readonly id: string
  readonly start: ActorDef
  readonly args?: unknown
  /** Default: permanent. */
  readonly restart?: RestartType
  /** Default: 5,000 ms for a worker, `infinity` for a supervisor. */
  readonly shutdown?: Shutdown
  readonly type?: ChildType
  /** Its end may end the supervisor; see `autoShutdown`. */
  readonly significant?: boolean
  /** The child's own budget and back-off; default: 10 restarts in 10 s, unless a group has one. */
  readonly restarts?: Omit<RestartOptions, 'children'>
  readonly mailbox?: MailboxOptions
}

/** A specification whose arguments fit what its actor takes, as the compiler sees it. */
export function child<M extends Messages, A>(
  spec: Omit<ChildSpec, 'start' | 'args'> & { readonly start: ActorDef<M, A> } & ([A] extends [void]
      ? { readonly args?: undefined }
      : { readonly args: A }),
): ChildSpec {
  return spec
}

/** A checked specification with nothing left open. */
export interface CheckedChild {
  readonly id: string
  readonly start: ActorDef
  readonly args: unknown
  readonly restart: RestartType
  readonly brutal: boolean
  readonly graceMs: number
  readonly type: ChildType
  readonly significant: boolean
  /** Null when only the group has a budget. */
  readonly rule: Rule | null
  readonly spawn: SpawnOptions
}

export function checkChild(
  spec: ChildSpec,
  given: { readonly grouped: boolean; readonly isSupervisor: boolean },
): CheckedChild {
  const id = checkId(spec)
  checkStart(id, spec.start)
  const type = oneOf(id, 'type', spec.type ?? (given.isSupervisor ? 'supervisor' : 'worker'), [
    'worker',
    'supervisor',
  ])
  const restart = oneOf(id, 'restart', spec.restart ?? 'permanent', [
    'permanent',
    'transient',
    'temporary',
  ])
  const significant = spec.significant ?? false
  if (significant && restart === 'permanent') {
    throw invalidChild(id, 'is significant and permanent: it never ends, so it can end nothing')
  }
  const shutdown = spec.shutdown ?? (type === 'supervisor' ? 'infinity' : limits.stopGraceMs)
  const spawn: SpawnOptions = {
    name: id,
    ...(spec.mailbox === undefined ? {} : { mailbox: spec.mailbox }),
  }
  propsOf(spec.start, spawn)
  return {
    id,
    start: spec.start,
    args: spec.args,
    restart,
    brutal: shutdown === 'brutal',
    graceMs: graceOf(id, shutdown),
    type,
    significant,
    rule: ruleOf(spec, given.grouped),
    spawn,
  }
}

/** Whether a child that ended like this is restarted. */
export function restartsAfter(restart: RestartType, exit: Exit): boolean {
  if (restart === 'transient') return exit.reason !== 'normal' && exit.reason !== 'shutdown'
  return restart === 'permanent'
}

function ruleOf(spec: ChildSpec, grouped: boolean): Rule | null {
  if (spec.restarts === undefined && grouped) return null
  return restartRule({
    max: limits.restartsMax,
    within: limits.restartsWithinMs,
    ...spec.restarts,
  })
}

function graceOf(id: string, shutdown: Shutdown): number {
  if (shutdown === 'brutal') return 0
  if (shutdown === 'infinity') return Infinity
  if (typeof shutdown === 'number' && shutdown >= 0) return shutdown
  throw invalidChild(
    id,
    `has a shutdown of ${String(shutdown)}: give milliseconds from 0 on, 'brutal' or 'infinity'`,
  )
}

function checkId(spec: ChildSpec): string {
  const id: unknown = spec?.id
  if (typeof id === 'string' && /^[\w.~:@+=-]+$/.test(id) && id.length <= limits.nameLengthMax) {
    return id
  }
  throw new EdgeError(
    'invalid_child_spec',
    `A child has the id ${id === undefined ? 'undefined' : JSON.stringify(id)}; give each a name ` +
      `of letters, digits and _ - . ~ : @ + =, ${limits.nameLengthMax} characters at most`,
  )
}

function checkStart(id: string, start: unknown): void {
  const valid = typeof start === 'object' && start !== null && 'behaviour' in start
  if (!valid) throw invalidChild(id, 'has no start: give the value that actor() returned')
}

function oneOf<T extends string>(id: string, what: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value
  throw invalidChild(id, `has ${what} ${JSON.stringify(value)}: give ${allowed.join(', ')}`)
}

export function invalidChild(id: string, why: string): EdgeError {
  return new EdgeError('invalid_child_spec', `Child ${id} ${why}`, { detail: { id } })
}
