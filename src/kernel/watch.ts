/**
 * Watch: being told once when another actor has ended, wherever it lives.
 *
 * `terminated` rides in the watcher's queue behind everything its subject sent before, is never
 * refused for lack of room, and is discarded by an `unwatch` that comes in time. A link is a watch
 * both ways that also takes the other down.
 */
import type { Terminated } from './actor.ts'
import { signalsOf } from './become.ts'
import type { Cell } from './cell.ts'
import { Envelope, type Withdrawal } from './envelope.ts'
import { EdgeError } from './errors.ts'
import { extrasOf } from './extras.ts'
import { CLOSED } from './flags.ts'
import type { Exit, Recipient, Watcher } from './recipient.ts'
import { AnyRef } from './ref.ts'
import { LINK_BROKEN, type SignalWork, TERMINATED } from './signals.ts'

/** One watch of one actor by another; also the envelope of its `terminated`. */
export class WatchRecord extends Envelope implements Watcher {
  readonly watcher: Cell
  readonly ref: AnyRef
  /** A message of the watcher's own to be told instead of the signal. */
  readonly custom: WatchMessage | null
  #removed = false

  constructor(watcher: Cell, ref: AnyRef, custom: WatchMessage | null) {
    super(null)
    this.watcher = watcher
    this.ref = ref
    this.custom = custom
  }

  remove(): void {
    this.#removed = true
  }

  override withdrawn(): Withdrawal | null {
    return this.#removed ? 'stale' : null
  }

  ended(recipient: Recipient, exit: Exit): void {
    const { watcher } = this
    if (this.#removed || (watcher.flags & CLOSED) !== 0) return
    const event = terminatedEvent(this.ref, exit, isParent(watcher, recipient))
    watcher.accept(TERMINATED, this.#work(recipient, event), this)
  }

  #work(recipient: Recipient, event: Terminated): SignalWork {
    return (cell) => {
      cell.extras?.watching?.delete(recipient)
      if (this.custom !== null) return cell.handle(this.custom.name, this.custom.payload)
      return signalsOf(cell)?.terminated?.(cell.state, event, cell.typedContext)
    }
  }
}

export interface WatchMessage {
  readonly name: string
  readonly payload: unknown
}

export function watch(watcher: Cell, ref: AnyRef, custom: WatchMessage | null): void {
  const to = AnyRef.recipientOf(ref)
  const extras = extrasOf(watcher)
  extras.watching ??= new Map()
  const known = extras.watching.get(to)
  if (known !== undefined) {
    if (sameMessage(known.custom, custom)) return
    throw new EdgeError(
      'already_watching',
      `${watcher.path} already watches ${to.address.path} in another way; unwatch it first`,
      { detail: { path: to.address.path } },
    )
  }
  if (custom === null && signalsOf(watcher)?.terminated === undefined) {
    throw new EdgeError(
      'missing_handler',
      `${watcher.path} watches ${to.address.path} but has no signals.terminated to hear of its ` +
        'end; add one, or use ctx.watchWith',
    )
  }
  const record = new WatchRecord(watcher, ref, custom)
  extras.watching.set(to, record)
  to.addWatcher(record)
}

function sameMessage(one: WatchMessage | null, two: WatchMessage | null): boolean {
  return one?.name === two?.name && Object.is(one?.payload, two?.payload)
}

export function unwatch(watcher: Cell, ref: AnyRef): void {
  const to = AnyRef.recipientOf(ref)
  const record = watcher.extras?.watching?.get(to)
  if (record === undefined) return
  watcher.extras?.watching?.delete(to)
  record.remove()
  to.removeWatcher(record)
}

/** Everything this cell watched is let go; also what is already queued. */
export function unwatchAll(cell: Cell): void {
  const watching = cell.extras?.watching
  if (watching === undefined || watching === null) return
  for (const [to, record] of watching) {
    record.remove()
    to.removeWatcher(record)
  }
  watching.clear()
}

export function addWatcher(cell: Cell, watcher: Watcher): void {
  const { extras } = cell
  if (cell.phase === 'ended') {
    watcher.ended(cell, { reason: 'no-such-actor' })
    return
  }
  const known = extras ?? extrasOf(cell)
  known.watchers ??= new Set()
  known.watchers.add(watcher)
}

export function removeWatcher(cell: Cell, watcher: Watcher): void {
  cell.extras?.watchers?.delete(watcher)
}

export function tellWatchers(cell: Cell, exit: Exit): void {
  const watchers = cell.extras?.watchers
  if (watchers === undefined || watchers === null) return
  for (const watcher of watchers) watcher.ended(cell, exit)
  watchers.clear()
}

export function link(cell: Cell, other: Cell): void {
  if (other.phase === 'ended') {
    breakLink(cell, other, { reason: 'no-such-actor' })
    return
  }
  for (const [one, two] of [
    [cell, other],
    [other, cell],
  ] as const) {
    const extras = extrasOf(one)
    extras.links ??= new Set()
    extras.links.add(two)
  }
}

export function unlink(cell: Cell, other: Cell): void {
  cell.extras?.links?.delete(other)
  other.extras?.links?.delete(cell)
}

/** The cell has ended: linked actors that do not trap go down with it, unless it ended well. */
export function breakLinks(cell: Cell, exit: Exit): void {
  const links = cell.extras?.links
  if (links === undefined || links === null) return
  for (const other of links) {
    other.extras?.links?.delete(cell)
    breakLink(other, cell, exit)
  }
  links.clear()
}

function breakLink(cell: Cell, gone: Cell, exit: Exit): void {
  if (exit.reason === 'normal' || exit.reason === 'shutdown') return
  const event = terminatedEvent(gone.ref, exit, true)
  if (signalsOf(cell)?.linkBroken === undefined) {
    cell.endLinked(linkError(cell, gone, exit))
    return
  }
  const work: SignalWork = (self) =>
    signalsOf(self)?.linkBroken?.(self.state, event, self.typedContext)
  cell.mailbox.push(LINK_BROKEN, work, null)
  cell.wake()
}

function linkError(cell: Cell, gone: Cell, exit: Exit): EdgeError {
  return new EdgeError(
    'link_broken',
    `${cell.path} ends because ${gone.path}, to which it is linked, ended: ${exit.reason}`,
    { cause: exit.cause, detail: { path: gone.path, reason: exit.reason } },
  )
}

function isParent(watcher: Cell, recipient: Recipient): boolean {
  return 'parent' in recipient && recipient.parent === watcher
}

function terminatedEvent(ref: AnyRef, exit: Exit, withCause: boolean): Terminated {
  if (!withCause || exit.cause === undefined) return { ref, reason: exit.reason }
  return { ref, reason: exit.reason, cause: exit.cause }
}
