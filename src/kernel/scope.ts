/**
 * Scope: work and children that may not outlive the block that started them.
 *
 * `await using scope = ctx.scope()` aborts what still runs when the block is left, stops the
 * children given to it, and waits for both. The first task that fails aborts its siblings. The end
 * of the incarnation aborts the scope and stops its children as well, restart or not.
 */
import { EdgeError, hasCode } from './errors.ts'

export interface ScopeOwner {
  /** Refuse what is no child of the owner. */
  checkChild(child: object): void
  stopChild(child: object): Promise<void>
  /** A task failed by itself; whoever started it may not have waited for it. */
  taskFailed(error: unknown): void
  scopeClosed(scope: Scope): void
}

export class Scope {
  readonly #owner: ScopeOwner
  readonly #controller = new AbortController()
  readonly #tasks = new Set<Promise<unknown>>()
  readonly #children = new Set<object>()
  #closing: Promise<void> | null = null

  constructor(owner: ScopeOwner) {
    this.#owner = owner
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Run work that is aborted with the scope. The first failure aborts its siblings. */
  run<T>(work: (signal: AbortSignal) => T | PromiseLike<T>): Promise<T> {
    const { signal } = this
    if (signal.aborted) return Promise.reject(overError(signal.reason))
    // The executor turns what the work throws at once into a rejection.
    const task = new Promise<T>((resolve) => resolve(work(signal)))
    const kept: Promise<void> = task.then(
      () => void this.#tasks.delete(kept),
      (error: unknown) => {
        this.#tasks.delete(kept)
        this.#failed(error)
      },
    )
    this.#tasks.add(kept)
    return task
  }

  /** A child actor that is stopped with the scope. */
  own<R extends object>(child: R): R {
    this.#owner.checkChild(child)
    if (this.signal.aborted) {
      void this.#owner.stopChild(child)
      throw overError(this.signal.reason)
    }
    this.#children.add(child)
    return child
  }

  /** Abort the work and stop the children, without leaving the block. */
  abort(reason: unknown): void {
    this.#controller.abort(reason)
    for (const child of this.#children) void this.#owner.stopChild(child)
  }

  /** Leaving it twice waits for the same end. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#controller.abort(new EdgeError('cancelled', 'The scope that started this work was left'))
    const children = [...this.#children]
    await Promise.all([...this.#tasks, ...children.map((child) => this.#owner.stopChild(child))])
    this.#owner.scopeClosed(this)
  }

  #failed(error: unknown): void {
    if (this.signal.aborted && isAbort(error, this.signal.reason)) return
    this.#owner.taskFailed(error)
    this.#controller.abort(error)
  }
}

/** What fails because it was aborted is no news. */
function isAbort(error: unknown, reason: unknown): boolean {
  if (error === reason || hasCode(error, 'cancelled')) return true
  return error instanceof Error && error.name === 'AbortError'
}

function overError(reason: unknown): EdgeError {
  return new EdgeError('cancelled', 'This scope is over; open another one', { cause: reason })
}
