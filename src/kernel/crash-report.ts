/**
 * CrashReport: what is known of an incarnation that ended badly, to find out why it did.
 *
 * Only abnormal ends have one: a failure, or a turn that was ended by force. It tells the shape of
 * the last message and a digest of the state, never their content: reports travel to logs, and
 * logs to people. It costs nothing while nobody subscribes to `actor.crashed`.
 */
import type { Cell } from './cell.ts'
import type { HaltRequest } from './halt.ts'
import { type ErrorView, digestOf, errorView, shapeOf } from './inspect-snapshot.ts'
import type { Message } from './protocol.ts'
import type { ExitReason } from './recipient.ts'

export interface CrashReport {
  readonly path: string
  readonly protocol: string
  readonly incarnation: number
  readonly reason: ExitReason
  readonly error: ErrorView | null
  /** The message, signal or stage of life in which it failed; null when it was ended by force. */
  readonly message: string | null
  /** What the message was made of; null when nothing is known. */
  readonly shape: unknown
  /** The same for states that look the same; null when there was no state yet. */
  readonly stateDigest: string | null
  /** Messages that wait, for the next incarnation or for nobody. */
  readonly queue: number
  readonly restarts: number
  /** Time of day. */
  readonly at: number
}

/** Called when a message made its actor fail: what of it may be told later. */
export function shapeForReport(
  cell: Cell,
  work: { readonly message: Message; readonly payload: unknown } | null,
): unknown {
  if (work === null || work.message.index < 0) return null
  return cell.home.events.wanted('actor.crashed') ? shapeOf(work.payload) : null
}

/** Called when an incarnation is about to be closed; its state is still there. */
export function reportCrash(cell: Cell, request: HaltRequest): void {
  const { events } = cell.home
  if (request.exit.reason !== 'failed' && request.exit.reason !== 'killed') return
  if (!events.wanted('actor.crashed')) return
  // A state may be made so that looking at it throws; the life cycle must go on all the same.
  events.guarded('actor.crashed', () => events.publish('actor.crashed', reportOf(cell, request)))
}

function reportOf(cell: Cell, { exit, error }: HaltRequest): CrashReport {
  const cause = error ?? exit.cause
  const last = cell.extras?.lastFailure ?? null
  const known = last !== null && last.error === cause ? last : null
  return {
    path: cell.path,
    protocol: cell.props.def.protocol.id,
    incarnation: cell.incarnation,
    reason: exit.reason,
    error: cause === undefined ? null : errorView(cause),
    message: known?.message ?? null,
    shape: known?.shape ?? null,
    stateDigest: cell.extras?.lived === true ? digestOf(cell.state) : null,
    queue: cell.mailbox.size,
    restarts: cell.extras?.restarts ?? 0,
    at: cell.home.clock.wall(),
  }
}
