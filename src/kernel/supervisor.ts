/**
 * Supervisor: an actor that only starts its children, restarts them and stops them in order.
 *
 * Told by whoever manages its children; tells nobody, but publishes every decision. Survives a
 * failure that its budget cannot absorb by failing itself, so that its own parent decides: static
 * children are then started anew, those added later are gone.
 */
import { type ActorDef, actor, type Later } from './actor.ts'
import type { Cell } from './cell.ts'
import { EdgeError } from './errors.ts'
import type { Protocol } from './protocol.ts'
import { AnyRef } from './ref.ts'
import type { Replier } from './reentry.ts'
import { stoppedError } from './halt.ts'
import type { ChildSpec } from './supervisor-child.ts'
import { childStartError } from './supervisor-errors.ts'
import { type ChildCounts, type ChildView, Supervision } from './supervisor-protocol.ts'
import type { ChildRecord } from './supervisor-record.ts'
import { checkSupervisor, type SupervisorSpec } from './supervisor-spec.ts'
import { startError, SupervisorTree } from './supervisor-tree.ts'

type SupervisionMessages = typeof Supervision extends Protocol<infer M> ? M : never

/** A bad specification is refused here, where it is declared. */
export function supervisor(spec: SupervisorSpec): ActorDef<SupervisionMessages, void> {
  const checked = checkSupervisor(spec, isSupervisor)
  return actor<SupervisionMessages, SupervisorTree>(Supervision, {
    state: (_none, ctx) => new SupervisorTree(cellOf(ctx.self), checked).start(),
    // Each child has a time-out of its own.
    startTimeoutMs: Infinity,
    on: {
      startChild: (tree, child, ctx) => answer(ctx, startChild(tree, child)),
      terminateChild: (tree, { id }, ctx) => answer(ctx, terminateChild(tree, id)),
      restartChild: (tree, { id }, ctx) => answer(ctx, restartChild(tree, id)),
      deleteChild: (tree, { id }, ctx) => answer(ctx, deleteChild(tree, id)),
      whichChildren: (tree) => [...tree.records.values()].map(viewOf),
      countChildren: countChildren,
    },
  })
}

function isSupervisor(start: ActorDef): boolean {
  return start?.protocol?.id === Supervision.id
}

async function startChild(tree: SupervisorTree, spec: ChildSpec): Promise<AnyRef | null> {
  const checked = tree.spec.check(spec)
  const known = tree.records.get(checked.id)
  if (known !== undefined) throw knownError(tree, known)
  const record = tree.add(checked)
  const ref = await begin(tree, record)
  if (record.cell === null && ref instanceof EdgeError) tree.records.delete(checked.id)
  return running(ref)
}

async function terminateChild(tree: SupervisorTree, id: string): Promise<void> {
  await tree.stop(recordOf(tree, id))
}

async function restartChild(tree: SupervisorTree, id: string): Promise<AnyRef | null> {
  const record = recordOf(tree, id)
  if (record.cell !== null || record.status === 'waiting') throw runningError(tree, record)
  return running(await begin(tree, record))
}

async function deleteChild(tree: SupervisorTree, id: string): Promise<void> {
  const record = recordOf(tree, id)
  if (record.cell !== null || record.status === 'waiting') throw runningError(tree, record)
  tree.records.delete(id)
}

function countChildren(tree: SupervisorTree): ChildCounts {
  const records = [...tree.records.values()]
  const supervisors = records.filter(({ spec }) => spec.type === 'supervisor').length
  return {
    specs: records.length,
    active: records.filter(({ status }) => status === 'running').length,
    supervisors,
    workers: records.length - supervisors,
  }
}

function viewOf({ spec, cell, status }: ChildRecord): ChildView {
  const { id, type, restart } = spec
  const alive = status === 'running' || status === 'stopping'
  if (alive && cell !== null) return { id, type, restart, child: cell.ref }
  const ended = status === 'ended' || status === 'stopped'
  return { id, type, restart, child: ended ? undefined : 'restarting' }
}

/** A first start on request: the running child, null when it chose not to run, or why not. */
async function begin(
  tree: SupervisorTree,
  record: ChildRecord,
): Promise<AnyRef | null | EdgeError> {
  const outcome = await tree.startFirst(record)
  if (tree.ending) return stoppedError(tree.cell)
  const error = startError(outcome)
  return error === null
    ? (record.cell?.ref ?? null)
    : childStartError(tree.cell, record.spec, error)
}

function running(ref: AnyRef | null | EdgeError): AnyRef | null {
  if (ref instanceof EdgeError) throw ref
  return ref
}

/** Refusals go to the asker; anything else is a failure of the supervisor. */
function answer<O>(
  ctx: { replyLater<R>(keep: (replier: Replier<R>) => void): Later<R> },
  work: Promise<O>,
): Promise<O> {
  let replier: Replier<O> | null = null
  const later = ctx.replyLater<O>((kept) => {
    replier = kept
  })
  // Whoever answers later says so with this value, also as what a promise comes to.
  const answered = later as unknown as O
  return work.then(
    (value) => {
      replier?.succeed(value)
      return answered
    },
    (error: unknown) => {
      if (!(error instanceof EdgeError)) throw error
      replier?.fail(error)
      return answered
    },
  )
}

function cellOf(self: AnyRef): Cell {
  return AnyRef.recipientOf(self) as unknown as Cell
}

function recordOf(tree: SupervisorTree, id: string): ChildRecord {
  const record = tree.records.get(id)
  if (record !== undefined) return record
  const known = [...tree.records.keys()].join(', ')
  throw new EdgeError(
    'no_such_child',
    `${tree.cell.path} has no child ${JSON.stringify(id)}; it has: ${known}`,
    { detail: { path: tree.cell.path, id } },
  )
}

function knownError(tree: SupervisorTree, { spec, cell }: ChildRecord): EdgeError {
  const { path } = tree.cell
  if (cell === null) {
    return new EdgeError(
      'already_present',
      `${path} knows a child ${spec.id} that has ended; restart it, or delete it first`,
      { detail: { path, id: spec.id } },
    )
  }
  return new EdgeError(
    'already_started',
    `${path} has a child ${spec.id} that lives; use it, or choose another id`,
    { detail: { path, id: spec.id, child: cell.ref } },
  )
}

function runningError(tree: SupervisorTree, { spec }: ChildRecord): EdgeError {
  return new EdgeError(
    'child_running',
    `Child ${spec.id} of ${tree.cell.path} is running or about to restart; terminate it first`,
    { detail: { path: tree.cell.path, id: spec.id } },
  )
}
