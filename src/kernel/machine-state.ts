/**
 * MachineState: the state that a running machine is in, its data, and what its turn asked for.
 *
 * Handlers see it as their actor's state. It changes only between a turn's handler and the next
 * message, so that a handler never sees half a transition.
 */
import type { Later } from './actor.ts'
import type { Cell } from './cell.ts'
import type { Context } from './context.ts'
import { durationMs, type Duration } from './duration.ts'
import { Envelope, type Withdrawal } from './envelope.ts'
import { EdgeError } from './errors.ts'
import { putBack } from './halt.ts'
import { shownAs } from './inspect-snapshot.ts'
import * as limits from './limits.ts'
import type { Waiting } from './mailbox.ts'
import type { Input, Messages } from './protocol.ts'
import { AnyRef } from './ref.ts'
import { CONTINUE, type SignalWork } from './signals.ts'

type AnyHandler = (machine: unknown, payload: unknown, ctx: unknown) => unknown
type MachineContext<M extends Messages, S extends string, D> = Context<M, Machine<M, S, D>>

export interface CompiledState<M extends Messages, S extends string, D> {
  readonly handlers: ReadonlyMap<string, AnyHandler>
  readonly enter:
    | ((machine: Machine<M, S, D>, ctx: MachineContext<M, S, D>, from: S | null) => void)
    | null
  readonly exit: ((machine: Machine<M, S, D>, ctx: MachineContext<M, S, D>, to: S) => void) | null
  readonly timeout: { readonly after: Duration; readonly turn: AnyHandler } | null
}

export type StateTable<M extends Messages, S extends string, D> = ReadonlyMap<
  S,
  CompiledState<M, S, D>
>

export class Machine<M extends Messages, S extends string, D> {
  /** The machine's own data; replace it or change it in place. */
  data: D
  readonly #cell: Cell
  readonly #states: StateTable<M, S, D>
  #state: S
  #target: S | null = null
  #again = false
  #postponed = false
  #moving = false
  #next: Waiting[] = []
  #timer: StateTimer | null = null
  #turn = 0

  constructor(
    start: { readonly initial: S; readonly data: D; readonly states: StateTable<M, S, D> },
    ctx: MachineContext<M, S, D>,
  ) {
    this.#cell = AnyRef.recipientOf(ctx.self) as Cell
    this.#states = start.states
    this.#state = start.initial
    this.data = start.data
    this.#enter(ctx, null)
  }

  get state(): S {
    return this.#state
  }

  [shownAs](): object {
    return { state: this.#state, data: this.data }
  }

  /** Be in another state once this turn has ended; the state it is in already changes nothing. */
  goto(state: S): void {
    this.#mayMove('goto')
    if (!this.#states.has(state)) throw this.#noState(state)
    this.#target = state
  }

  /** Leave this state and enter it again: exit, entry and time-out begin anew. */
  repeat(): void {
    this.#mayMove('repeat')
    this.#again = true
  }

  /** Set this message aside until the state has changed. */
  postpone(): Later<never> {
    this.#mayMove('postpone')
    this.#postponed = true
    return this.#context.stash()
  }

  /** Tell oneself something that comes before all that waits. */
  next<K extends keyof M & string>(name: K, payload: Input<M[K]>): void {
    const { protocol } = this.#cell.props.def
    const message = protocol.table.find((candidate) => candidate.name === name)
    if (message === undefined) {
      throw new EdgeError('unknown_message', `Protocol ${protocol.id} has no message ${name}`)
    }
    if (this.#next.length >= limits.nextEventsMax) throw this.#tooManyNext()
    this.#next.push({ message, payload, rider: null })
  }

  /** Have the state's time-out happen after another time than declared, counted from now. */
  timeoutAfter(after: Duration): void {
    this.#armTimeout(durationMs(after))
  }

  cancelTimeout(): void {
    this.#timer?.cancel()
    this.#timer = null
  }

  /** @internal */
  handlerOf(name: string): AnyHandler | undefined {
    return this.#states.get(this.#state)?.handlers.get(name)
  }

  /** @internal A turn begins; whatever a failed one asked for is forgotten. */
  begin(): number {
    this.#target = null
    this.#again = false
    this.#postponed = false
    this.#next = []
    return ++this.#turn
  }

  /** @internal The turn's handler has ended. True when its message was postponed. */
  commit(turn: number, ctx: unknown): boolean {
    // A turn that was abandoned meanwhile changes nothing.
    if (turn !== this.#turn || this.#cell.state !== this) return false
    const target = this.#target ?? this.#state
    const changes = target !== this.#state
    if (changes || this.#again) this.#move(target, ctx as MachineContext<M, S, D>)
    if (changes) this.#context.unstashAll()
    if (this.#next.length > 0) putBack(this.#cell, this.#next)
    this.#next = []
    return this.#postponed
  }

  /** @internal The incarnation has ended. */
  close(): void {
    this.cancelTimeout()
  }

  get #context(): MachineContext<M, S, D> {
    return this.#cell.typedContext as unknown as MachineContext<M, S, D>
  }

  #move(target: S, ctx: MachineContext<M, S, D>): void {
    const from = this.#state
    this.#moving = true
    this.cancelTimeout()
    this.#states.get(from)?.exit?.(this, ctx, target)
    this.#state = target
    this.#enter(ctx, from)
  }

  #enter(ctx: MachineContext<M, S, D>, from: S | null): void {
    const { enter, timeout } = this.#states.get(this.#state) as CompiledState<M, S, D>
    if (timeout !== null) this.#armTimeout(durationMs(timeout.after))
    this.#moving = true
    enter?.(this, ctx, from)
    this.#moving = false
  }

  #armTimeout(afterMs: number): void {
    this.cancelTimeout()
    const { timeout } = this.#states.get(this.#state) as CompiledState<M, S, D>
    if (timeout === null) throw this.#noTimeout()
    if (!(afterMs > 0)) throw invalidTimeout(this.#state, afterMs)
    this.#timer = new StateTimer(this.#cell, (cell) => {
      this.#timer = null
      return timeout.turn(this, undefined, cell.typedContext)
    })
    this.#timer.arm(afterMs)
  }

  /** Entry and exit are part of a transition; another one in the middle of it has no meaning. */
  #mayMove(what: string): void {
    if (!this.#moving) return
    throw new EdgeError(
      'invalid_transition',
      `${this.#cell.path} may not ${what} while it enters or leaves ${this.#state}; use ` +
        'machine.next, or a handler',
    )
  }

  #noState(state: string): EdgeError {
    return new EdgeError(
      'invalid_transition',
      `${this.#cell.path} has no state ${JSON.stringify(state)}; its states are ` +
        [...this.#states.keys()].join(', '),
    )
  }

  #noTimeout(): EdgeError {
    return new EdgeError(
      'invalid_transition',
      `State ${this.#state} of ${this.#cell.path} declares no time-out to be set`,
    )
  }

  #tooManyNext(): EdgeError {
    return new EdgeError(
      'overloaded',
      `One turn of ${this.#cell.path} queued more than ${limits.nextEventsMax} next events`,
    )
  }
}

/** The time-out of one stay in a state; a tick that is queued when the state is left is dropped. */
class StateTimer extends Envelope {
  readonly #cell: Cell
  readonly #work: SignalWork
  #cancelled = false

  constructor(cell: Cell, work: SignalWork) {
    super(null)
    this.#cell = cell
    this.#work = work
  }

  arm(afterMs: number): void {
    this.#cell.home.wheel.arm(this, this.#cell.home.clock.now() + afterMs)
  }

  cancel(): void {
    this.#cancelled = true
    this.#cell.home.wheel.cancel(this)
  }

  override withdrawn(): Withdrawal | null {
    return this.#cancelled ? 'stale' : null
  }

  override fire(): void {
    this.#cell.accept(CONTINUE, this.#work, this)
  }
}

function invalidTimeout(state: string, afterMs: number): EdgeError {
  return new EdgeError(
    'invalid_duration',
    `State ${state} has a time-out of ${afterMs} ms; give a time above 0`,
  )
}
