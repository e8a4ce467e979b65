/**
 * WatchBook: who on one side of a link is told when an actor of the other side ends.
 */
import type { Exit, Recipient, Watcher } from '../../src/kernel/index.ts'
import { frame } from './frames.ts'

interface Watch {
  readonly to: Recipient
  readonly watcher: Watcher
}

/** What watchers hear when the other side is gone as a whole. */
const cutExit: Exit = { reason: 'killed' }

export class WatchBook {
  readonly #say: (fields: readonly unknown[]) => void
  /** Ours, of actors there. */
  readonly #ours = new Map<number, Watch>()
  /** Theirs, of actors here. */
  readonly #theirs = new Map<number, Watch>()
  #ids = 0

  constructor(say: (fields: readonly unknown[]) => void) {
    this.#say = say
  }

  watch(to: Recipient, uid: number, watcher: Watcher): void {
    const id = ++this.#ids
    this.#ours.set(id, { to, watcher })
    this.#say([frame.watch, id, uid])
  }

  unwatch(watcher: Watcher): void {
    for (const [id, watch] of this.#ours) {
      if (watch.watcher !== watcher) continue
      this.#ours.delete(id)
      this.#say([frame.unwatch, id])
    }
  }

  /** The other side wants to be told of an actor here; `to` is absent when it has ended. */
  asked(id: number, to: Recipient | undefined): void {
    if (to === undefined) {
      this.#say([frame.ended, id, 'no-such-actor'])
      return
    }
    const watcher: Watcher = {
      ended: (_, exit) => {
        this.#theirs.delete(id)
        this.#say([frame.ended, id, exit.reason])
      },
    }
    this.#theirs.set(id, { to, watcher })
    to.addWatcher(watcher)
  }

  unasked(id: number): void {
    const watch = this.#theirs.get(id)
    this.#theirs.delete(id)
    watch?.to.removeWatcher(watch.watcher)
  }

  /** An actor there has ended. */
  told(id: number, reason: Exit['reason']): void {
    const watch = this.#ours.get(id)
    this.#ours.delete(id)
    watch?.watcher.ended(watch.to, { reason })
  }

  close(): void {
    const ours = [...this.#ours.values()]
    this.#ours.clear()
    for (const { to, watcher } of ours) watcher.ended(to, cutExit)
    for (const { to, watcher } of this.#theirs.values()) to.removeWatcher(watcher)
    this.#theirs.clear()
  }
}
