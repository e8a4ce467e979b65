/**
 * Timers: one actor's keyed timers and its receive time-out.
 *
 * A key in use is replaced, and a tick of the old timer that is already queued is discarded. A
 * fixed-rate timer keeps its long-run rate and catches up after a pause; a fixed-delay timer
 * counts from the end of the last handling. A tick that finds its actor gone is no dead letter.
 */
import { signalsOf } from './become.ts'
import type { Cell } from './cell.ts'
import { Envelope, type Withdrawal } from './envelope.ts'
import { EdgeError } from './errors.ts'
import { CLOSED, IDLE_WATCHED } from './flags.ts'
import * as limits from './limits.ts'
import type { Message } from './protocol.ts'
import { RECEIVE_TIMEOUT, type SignalWork } from './signals.ts'
import { activeTurn } from './turn.ts'

export type TimerKind = 'once' | 'fixed-rate' | 'fixed-delay'

export interface TimerSpec {
  readonly kind: TimerKind
  readonly everyMs: number
  /** First tick; default: after one interval. */
  readonly firstMs?: number
  readonly message: Message
  /** A function is called at each tick, in the actor's turn. */
  readonly payload: unknown
}

export class Timers {
  readonly #cell: Cell
  readonly #timers = new Map<string, Timer>()
  #idle: IdleTimer | null = null

  constructor(cell: Cell) {
    this.#cell = cell
  }

  start(key: string, spec: TimerSpec): void {
    const { everyMs, firstMs = everyMs } = spec
    if (!(everyMs > 0 && everyMs < Infinity)) throw invalidInterval(key, everyMs)
    if (!(firstMs >= 0 && firstMs < Infinity)) throw invalidInterval(key, firstMs)
    this.cancel(key)
    const timer = new Timer(this.#cell, spec, () => this.#timers.delete(key))
    this.#timers.set(key, timer)
    const { tracer, carrier } = this.#cell.home
    if (tracer !== null) {
      // Whatever the ticks cause belongs to the story of who started them.
      const parent = activeTurn(carrier)?.envelope?.trace
      timer.trace = tracer.inject(parent, spec.message, this.#cell)
    }
    timer.arm(firstMs)
  }

  isActive(key: string): boolean {
    return this.#timers.has(key)
  }

  cancel(key: string): void {
    this.#timers.get(key)?.cancel()
    this.#timers.delete(key)
  }

  cancelAll(): void {
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
    this.cancelIdle()
  }

  /** Keys of the running timers, for inspection. */
  get keys(): readonly string[] {
    return [...this.#timers.keys()]
  }

  watchIdle(afterMs: number): void {
    if (!(afterMs > 0 && afterMs < Infinity)) throw invalidInterval('receive time-out', afterMs)
    this.cancelIdle()
    this.#idle = new IdleTimer(this.#cell, afterMs)
    this.#cell.flags |= IDLE_WATCHED
    this.#idle.arm()
  }

  cancelIdle(): void {
    this.#idle?.cancel()
    this.#idle = null
    this.#cell.flags &= ~IDLE_WATCHED
  }

  /** A message was processed: the idle time begins anew, unless the message does not count. */
  touch(message: Message): void {
    if (message.options.quiet !== true) this.#idle?.restart()
  }
}

const tickIndex = -7

/** One timer; the envelope of its own ticks. */
class Timer extends Envelope {
  readonly #cell: Cell
  readonly #spec: TimerSpec
  readonly #done: () => void
  /** The message as it rides in the queue: by its own name, but never refused. */
  readonly #tick: Message
  #cancelled = false
  #nextAt = 0
  /** Ticks in the actor's queue: an actor that is stuck must not collect them for ever. */
  #queued = 0

  constructor(cell: Cell, spec: TimerSpec, done: () => void) {
    super(cell)
    this.#cell = cell
    this.#spec = spec
    this.#done = done
    this.#tick = { ...spec.message, index: tickIndex }
  }

  arm(afterMs: number): void {
    this.#nextAt = this.#cell.home.clock.now() + afterMs
    this.#cell.home.wheel.arm(this, this.#nextAt)
  }

  cancel(): void {
    this.#cancelled = true
    this.#cell.home.wheel.cancel(this)
  }

  override withdrawn(): Withdrawal | null {
    return this.#cancelled ? 'stale' : null
  }

  /** The tick goes into the queue like any message; its turn calls `work`. */
  override fire(): void {
    if ((this.#cell.flags & CLOSED) !== 0) return
    if (this.#queued < limits.timerTicksQueued) {
      this.#queued++
      this.#cell.accept(this.#tick, this.#run, this)
    }
    if (this.#spec.kind !== 'fixed-rate') return
    this.#nextAt += this.#spec.everyMs
    this.#skipMissed()
    this.#cell.home.wheel.arm(this, this.#nextAt)
  }

  /** After a pause of hours nobody wants each missed tick, only the rhythm. */
  #skipMissed(): void {
    const { everyMs } = this.#spec
    const missed = Math.floor((this.#cell.home.clock.now() - this.#nextAt) / everyMs)
    const tooMany = missed - limits.timerTicksQueued
    if (tooMany > 0) this.#nextAt += tooMany * everyMs
  }

  readonly #run: SignalWork = (cell) => {
    this.#queued--
    const { payload, kind, message } = this.#spec
    if (kind === 'once') this.#done()
    const made: unknown = typeof payload === 'function' ? (payload as () => unknown)() : payload
    return cell.handle(message.name, made)
  }

  /** The tick has been handled. */
  override succeed(): void {
    if (this.#spec.kind === 'fixed-delay' && !this.#cancelled) this.arm(this.#spec.everyMs)
  }

  override fail(): void {
    this.succeed()
  }
}

/** Re-arming for every message would cost; a look at the last activity when it rings does not. */
class IdleTimer extends Envelope {
  readonly #cell: Cell
  readonly #afterMs: number
  #activeAt: number
  #cancelled = false
  #queued = false

  constructor(cell: Cell, afterMs: number) {
    super(null)
    this.#cell = cell
    this.#afterMs = afterMs
    this.#activeAt = cell.home.clock.now()
  }

  arm(): void {
    this.#cell.home.wheel.arm(this, this.#activeAt + this.#afterMs)
  }

  restart(): void {
    this.#activeAt = this.#cell.home.clock.now()
  }

  cancel(): void {
    this.#cancelled = true
    this.#cell.home.wheel.cancel(this)
  }

  override withdrawn(): Withdrawal | null {
    return this.#cancelled ? 'stale' : null
  }

  override fire(): void {
    if (this.#queued || (this.#cell.flags & CLOSED) !== 0) return
    if (this.#cell.home.clock.now() - this.#activeAt < this.#afterMs) {
      this.arm()
      return
    }
    this.#queued = true
    this.#cell.accept(RECEIVE_TIMEOUT, this.#work, this)
  }

  readonly #work: SignalWork = (cell) => {
    this.#queued = false
    if (cell.home.clock.now() - this.#activeAt < this.#afterMs) {
      this.arm()
      return undefined
    }
    this.restart()
    this.arm()
    return signalsOf(cell)?.receiveTimeout?.(cell.state, cell.typedContext)
  }
}

function invalidInterval(key: string, everyMs: number): EdgeError {
  return new EdgeError(
    'invalid_duration',
    `Timer ${JSON.stringify(key)} has a time of ${everyMs} ms; give a finite one above 0`,
  )
}
