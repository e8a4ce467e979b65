/**
 * Props: the settings of a spawn, resolved once and shared by all actors that use the same.
 */
import type { ActorDef } from './actor.ts'
import { durationMs, type Duration } from './duration.ts'
import { EdgeError } from './errors.ts'
import * as limits from './limits.ts'
import type { MailboxOptions, OnFull } from './mailbox.ts'
import { type Policy, stopOnFailure } from './supervision.ts'

export interface SpawnOptions {
  /** Unique among the living children of one parent; absent: a name is made. */
  readonly name?: string
  /** A name is made from this prefix. */
  readonly namePrefix?: string
  readonly mailbox?: MailboxOptions
  readonly supervise?: Policy
  /** How long a turn under way may take to end once the actor has to stop. */
  readonly grace?: Duration
}

export interface Props {
  readonly def: ActorDef
  readonly handlers: ActorDef['handlers']
  readonly capacity: number
  readonly onFull: OnFull
  readonly order: MailboxOptions['order']
  readonly policy: Policy
  readonly graceMs: number
  readonly startTimeoutMs: number
  readonly turnDeadlineMs: number
  readonly stashCapacity: number
}

const defaults = new WeakMap<ActorDef, Props>()

/** Spawns without settings of their own share one record per definition. */
export function propsOf(def: ActorDef, options: SpawnOptions | undefined): Props {
  if (options?.mailbox !== undefined || options?.supervise !== undefined)
    return resolve(def, options)
  if (options?.grace !== undefined) return resolve(def, options)
  const known = defaults.get(def)
  if (known !== undefined) return known
  const made = resolve(def, {})
  defaults.set(def, made)
  return made
}

function resolve(def: ActorDef, options: SpawnOptions): Props {
  const { behaviour } = def
  const mailbox = { ...behaviour.mailbox, ...options.mailbox }
  const graceMs = options.grace === undefined ? limits.stopGraceMs : durationMs(options.grace)
  return {
    def,
    handlers: def.handlers,
    capacity: checkCapacity(mailbox.capacity ?? limits.mailboxCapacity),
    onFull: mailbox.onFull ?? 'reject',
    order: mailbox.order,
    policy: options.supervise ?? behaviour.supervise ?? stopOnFailure,
    graceMs: checkGrace(graceMs),
    startTimeoutMs: behaviour.startTimeoutMs ?? limits.startTimeoutMs,
    turnDeadlineMs: behaviour.turnDeadlineMs ?? Infinity,
    stashCapacity: behaviour.stashCapacity ?? limits.stashCapacity,
  }
}

function checkCapacity(capacity: number): number {
  if (capacity === Infinity || (Number.isInteger(capacity) && capacity > 0)) return capacity
  throw new EdgeError(
    'invalid_option',
    `mailbox.capacity is ${capacity}; give a whole number of waiting messages above 0`,
  )
}

function checkGrace(graceMs: number): number {
  if (graceMs >= 0) return graceMs
  throw new EdgeError('invalid_option', `grace is ${graceMs} ms; give a time of at least 0`)
}
