/**
 * Scope: work and children that may not outlive the block that started them.
 *
 * `await using scope = ctx.scope()` aborts what still runs when the block is left, stops the
 * children spawned in it, and waits for both. The end of the incarnation aborts it as well.
 */
import { EdgeError } from './errors.ts'

export interface ScopeOwner {
  stopChild(child: object): Promise<void>
  scopeClosed(scope: Scope): void
}

export class Scope {
  readonly #owner: ScopeOwner
  readonly #controller = new AbortController()
  readonly #tasks = new Set<Promise<unknown>>()
  readonly #children: object[] = []
  #closed = false

  constructor(owner: ScopeOwner) {
    this.#owner = owner
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Run work that is aborted with the scope. The first failure aborts its siblings. */
  run<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#closed) {
      return Promise.reject(new EdgeError('cancelled', 'This scope is closed; open another one'))
    }
    const task = work(this.signal)
    const kept: Promise<void> = task.then(
      () => void this.#tasks.delete(kept),
      (error: unknown) => {
        this.#tasks.delete(kept)
        this.#controller.abort(error)
      },
    )
    this.#tasks.add(kept)
    return task
  }

  /** A child actor that is stopped with the scope. */
  own<R extends object>(child: R): R {
    this.#children.push(child)
    return child
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#controller.abort(new EdgeError('cancelled', 'The scope that started this work was left'))
    await Promise.all([
      ...this.#tasks,
      ...this.#children.map((child) => this.#owner.stopChild(child)),
    ])
    this.#owner.scopeClosed(this)
  }
}
