/**
 * Inspector: any actor can be looked at, without stopping it and whatever it is doing.
 *
 * It reads; nothing of the actor runs, so a busy actor, a stuck one and one with a full queue
 * answer alike. The system hands it out once, at its start: a ref alone gives no right to look.
 */
import type { Cell, Phase } from './cell.ts'
import { noSuchActorError } from './cell.ts'
import { childrenOf, descendantsOf } from './family.ts'
import * as flag from './flags.ts'
import { type ErrorView, errorView, snapshotOf } from './inspect-snapshot.ts'
import * as limits from './limits.ts'
import { Machine } from './machine-state.ts'
import type { Watcher } from './recipient.ts'
import type { AnyRef } from './ref.ts'
import { WatchRecord } from './watch.ts'

/** An actor is named by its ref or by its path. */
export type Target = AnyRef | string

/** One line about one actor. */
export interface ActorLine {
  readonly path: string
  readonly protocol: string
  readonly phase: Phase
  readonly incarnation: number
  /** Messages that wait. */
  readonly queue: number
  readonly processed: number
  readonly restarts: number
  /** An operator holds it still. */
  readonly suspended: boolean
}

export interface ActorView extends ActorLine {
  readonly uid: number
  /** The state of a state machine, the number of behaviours on top, or the protocol alone. */
  readonly behaviour: string
  readonly capacity: number
  readonly stashed: number
  /** The message of the turn under way. */
  readonly busyWith: string | null
  readonly children: readonly string[]
  readonly watchers: readonly string[]
  readonly watching: readonly string[]
  readonly links: readonly string[]
  /** Keys of the running timers. */
  readonly timers: readonly string[]
  /** Streams that it feeds. */
  readonly streams: number
  readonly lastFailure: FailureView | null
  /** A copy; what the actor does later does not show in it. */
  readonly state: unknown
}

export interface FailureView {
  readonly error: ErrorView
  /** The message, signal or stage of life in which it happened. */
  readonly message: string
  /** Time of day. */
  readonly at: number
}

export interface ActorNode extends ActorLine {
  readonly children: readonly ActorNode[]
  /** Everybody below, also those that are not shown. */
  readonly descendants: number
}

export interface ActorListing {
  readonly actors: readonly ActorLine[]
  readonly total: number
  readonly waiting: number
  readonly suspended: number
  readonly byPhase: Readonly<Partial<Record<Phase, number>>>
}

export interface InspectHome {
  readonly root: Cell
  cellOf(ref: AnyRef): Cell
  findCell(path: string): Cell | null
}

export class Inspector {
  readonly #home: InspectHome

  constructor(home: InspectHome) {
    this.#home = home
  }

  inspect(target: Target): ActorView {
    return viewOf(livingCell(this.#home, target))
  }

  /** All actors, parents before children; counted in full, shown up to a limit. */
  list(limit: number = limits.listedActors): ActorListing {
    const cells = [this.#home.root]
    const byPhase: Partial<Record<Phase, number>> = {}
    let waiting = 0
    let suspended = 0
    for (let i = 0; i < cells.length; i++) {
      const cell = cells[i] as Cell
      for (const child of childrenOf(cell)) cells.push(child)
      byPhase[cell.phase] = (byPhase[cell.phase] ?? 0) + 1
      waiting += cell.mailbox.size
      if ((cell.flags & flag.PAUSED) !== 0) suspended++
    }
    const actors = cells.slice(0, limit).map(lineOf)
    return { actors, total: cells.length, waiting, suspended, byPhase }
  }

  /** An actor and those below it, so many levels deep. */
  tree(target: Target = '/', depth: number = limits.snapshotDepth): ActorNode {
    return nodeOf(livingCell(this.#home, target), depth)
  }
}

/** The actor that is meant; a coded refusal if it does not live here. */
export function livingCell(home: InspectHome, target: Target): Cell {
  const cell = typeof target === 'string' ? home.findCell(target) : home.cellOf(target)
  if (cell !== null && cell.phase !== 'ended') return cell
  throw noSuchActorError({ path: typeof target === 'string' ? target : String(target) })
}

function lineOf(cell: Cell): ActorLine {
  return {
    path: cell.path,
    protocol: cell.props.def.protocol.id,
    phase: cell.phase,
    incarnation: cell.incarnation,
    queue: cell.mailbox.size,
    processed: cell.processed,
    restarts: cell.extras?.restarts ?? 0,
    suspended: (cell.flags & flag.PAUSED) !== 0,
  }
}

function viewOf(cell: Cell): ActorView {
  const { extras } = cell
  return {
    ...lineOf(cell),
    uid: cell.uid,
    behaviour: behaviourOf(cell),
    capacity: cell.props.capacity,
    stashed: extras?.stash?.length ?? 0,
    busyWith: busyWith(cell),
    children: childrenOf(cell).slice(0, limits.listedActors).map(pathOf),
    watchers: [...(extras?.watchers ?? [])].slice(0, limits.listedActors).map(watcherOf),
    watching: [...(extras?.watching?.keys() ?? [])].map((to) => to.address.path),
    links: [...(extras?.links ?? [])].map(pathOf),
    timers: extras?.timers?.keys ?? [],
    streams: extras?.pumps?.size ?? 0,
    lastFailure: lastFailureOf(cell),
    state: snapshotOf(cell.state),
  }
}

function behaviourOf(cell: Cell): string {
  const { id } = cell.props.def.protocol
  if (cell.state instanceof Machine) return `${id} ${String(cell.state.state)}`
  const above = cell.extras?.behaviours?.length ?? 0
  return above === 0 ? id : `${id} +${above}`
}

function busyWith(cell: Cell): string | null {
  if ((cell.flags & flag.BUSY) === 0) return null
  return cell.turn?.message?.name ?? cell.phase
}

function lastFailureOf(cell: Cell): FailureView | null {
  const last = cell.extras?.lastFailure ?? null
  if (last === null) return null
  return { error: errorView(last.error), message: last.message, at: last.at }
}

function pathOf(cell: Cell): string {
  return cell.path
}

/** Not everybody who watches is an actor of this system. */
function watcherOf(watcher: Watcher): string {
  return watcher instanceof WatchRecord ? watcher.watcher.path : watcher.constructor.name
}

function nodeOf(cell: Cell, depth: number): ActorNode {
  if (depth <= 0) return { ...lineOf(cell), children: [], descendants: descendantsOf(cell).length }
  const all = childrenOf(cell).map((child) => nodeOf(child, depth - 1))
  const descendants = all.reduce((sum, child) => sum + child.descendants + 1, 0)
  return { ...lineOf(cell), children: all.slice(0, limits.listedActors), descendants }
}
