/**
 * Watches: who here watches actors of one other system, and whom of ours it watches.
 *
 * A watch outlives a lost connection: it is said again on the next link. Only the verdict that
 * the node is gone, or word from the node itself, ends it.
 */
import type { Cell, Exit, ExitReason, Recipient, Watcher } from '../kernel/index.ts'
import type { RemoteActor } from './remote-actor.ts'

interface Watch {
  readonly id: number
  readonly actor: RemoteActor
  readonly watcher: Watcher
}

const reasons: readonly string[] = [
  'normal',
  'shutdown',
  'killed',
  'failed',
  'no-such-actor',
] satisfies ExitReason[]

export class WatchesOut {
  readonly #byId = new Map<number, Watch>()
  #ids = 0

  get all(): Iterable<Watch> {
    return this.#byId.values()
  }

  add(actor: RemoteActor, watcher: Watcher): Watch {
    const watch = { id: ++this.#ids, actor, watcher }
    this.#byId.set(watch.id, watch)
    return watch
  }

  /** The id of the watch that was removed. */
  remove(actor: RemoteActor, watcher: Watcher): number | undefined {
    for (const watch of this.#byId.values()) {
      if (watch.actor !== actor || watch.watcher !== watcher) continue
      this.#byId.delete(watch.id)
      return watch.id
    }
    return undefined
  }

  ended(id: number, reason: string): void {
    const watch = this.#byId.get(id)
    if (watch === undefined) return
    this.#byId.delete(id)
    watch.watcher.ended(watch.actor, exitOf(reason))
  }

  /** The node is gone: every watcher hears so, once. */
  endAll(exit: Exit): void {
    const watches = [...this.#byId.values()]
    this.#byId.clear()
    for (const { watcher, actor } of watches) watcher.ended(actor, exit)
  }
}

/** Watchers elsewhere of actors here. */
export class WatchesIn {
  readonly #byId = new Map<number, { readonly cell: Cell; readonly watcher: Watcher }>()
  readonly #tell: (id: number, reason: string) => void

  constructor(tell: (id: number, reason: string) => void) {
    this.#tell = tell
  }

  get size(): number {
    return this.#byId.size
  }

  add(id: number, cell: Cell | null): void {
    if (this.#byId.has(id)) return
    if (cell === null) {
      this.#tell(id, 'no-such-actor')
      return
    }
    const watcher: Watcher = {
      ended: (_recipient: Recipient, exit) => {
        this.#byId.delete(id)
        this.#tell(id, exit.reason)
      },
    }
    this.#byId.set(id, { cell, watcher })
    cell.addWatcher(watcher)
  }

  remove(id: number): void {
    const watch = this.#byId.get(id)
    this.#byId.delete(id)
    watch?.cell.removeWatcher(watch.watcher)
  }

  clear(): void {
    for (const id of this.#byId.keys()) this.remove(id)
  }
}

function exitOf(reason: string): Exit {
  return { reason: reasons.includes(reason) ? (reason as ExitReason) : 'failed' }
}
