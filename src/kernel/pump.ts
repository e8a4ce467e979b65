/**
 * Pump: feeds the items of a stream handler to its reader, as many as the reader has credit for.
 *
 * The handler's call is a turn; its iteration runs beside the turns, in slices of its own, so a
 * stream that waits for events never blocks its actor, one that never waits blocks nobody, and no
 * source runs inside its reader's turn. A source that fails fails its actor. It all ends with the
 * incarnation; streams that are open go on while an operator or a supervisor holds the actor.
 */
import type { Cell } from './cell.ts'
import type { Runnable } from './dispatcher.ts'
import type { Envelope } from './envelope.ts'
import { extrasOf } from './extras.ts'
import { Feed } from './feed.ts'
import * as limits from './limits.ts'
import { isPromise } from './promise.ts'
import { STREAM } from './signals.ts'
import { Turn } from './turn.ts'

/** What a reader holds of its source, wherever that is. */
export type Tap = Pick<Pump, 'grant' | 'cancel'>

/** Where items go: a reader of this system or a channel to another. */
export interface Sink {
  opened(pump: Tap): void
  item(value: unknown): void
  end(): void
  fail(error: Error): void
}

/** An envelope that takes a stream instead of a single answer. */
export type StreamEnvelope = Envelope & Sink

type Source = AsyncIterator<unknown> | Iterator<unknown>
type Step = IteratorResult<unknown>

export class Pump implements Runnable {
  readonly #cell: Cell
  readonly #incarnation: number
  readonly #sink: StreamEnvelope
  readonly #source: Source
  /** On whose behalf the source runs: it inherits the trace and the chain of its reader. */
  readonly #turn: Turn
  #credit = 0
  #scheduled = false
  /** A step was asked for and has not come yet. */
  #waiting = false
  #over = false
  /** The source was left before its end and still has to hear of it. */
  #leaving = false

  constructor(cell: Cell, sink: StreamEnvelope, source: Source) {
    this.#cell = cell
    this.#incarnation = cell.incarnation
    this.#sink = sink
    this.#source = source
    this.#turn = new Turn(cell, sink, sink.chain)
    this.#turn.message = STREAM
  }

  /** The reader can take `items` more. */
  grant(items: number): void {
    if (!(items > 0)) return
    this.#credit = Math.min(this.#credit + items, limits.streamCreditMax)
    this.#wake()
  }

  /** The reader wants no more. */
  cancel(): void {
    if (this.#over) return
    this.#finish()
    this.#leaving = true
    this.#schedule()
  }

  /** The actor ends: the reader hears why. */
  stop(error: Error): void {
    if (this.#over) return
    this.#finish()
    this.#sink.fail(error)
    this.#leave()
  }

  /** A slice: as many steps as come at once. */
  run(turns: number): boolean {
    this.#scheduled = false
    if (this.#leaving) this.#leave()
    for (let left = turns; left > 0 && this.#flows; left--) this.#step()
    this.#scheduled = this.#flows
    return this.#scheduled
  }

  get #flows(): boolean {
    return this.#credit > 0 && !this.#waiting && !this.#over
  }

  #wake(): void {
    if (this.#flows) this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#cell.home.dispatcher.schedule(this)
  }

  #step(): void {
    this.#credit--
    try {
      const step = this.#inTurn(() => this.#source.next())
      if (isPromise(step)) this.#await(step)
      else this.#take(step)
    } catch (error) {
      this.#fail(error)
    }
  }

  #await(promise: PromiseLike<Step>): void {
    this.#waiting = true
    promise.then(
      (step) => {
        this.#waiting = false
        try {
          this.#take(step)
        } catch (error) {
          this.#fail(error)
        }
        this.#wake()
      },
      (error: unknown) => {
        this.#waiting = false
        this.#fail(error)
      },
    )
  }

  #take(step: Step): void {
    if (this.#over) return
    if (typeof step !== 'object' || step === null) throw noStep(step)
    if (step.done !== true) {
      this.#sink.item(step.value)
      return
    }
    this.#finish()
    const refusal = this.#source instanceof Feed ? this.#source.refusal : null
    if (refusal === null) this.#sink.end()
    else this.#sink.fail(refusal)
  }

  #fail(error: unknown): void {
    if (this.#over) return
    this.#finish()
    this.#cell.failStream(error, this.#sink)
  }

  #finish(): void {
    this.#over = true
    this.#cell.extras?.pumps?.delete(this)
  }

  /** A generator that waits for something ends when that comes; nobody waits for it here. */
  #leave(): void {
    this.#leaving = false
    try {
      const left = this.#inTurn(() => this.#source.return?.())
      if (!isPromise(left)) this.#turn.over = true
      else
        left.then(
          () => this.#left(),
          (error: unknown) => this.#leftBadly(error),
        )
    } catch (error) {
      this.#leftBadly(error)
    }
  }

  #left(): void {
    this.#turn.over = true
  }

  /** What a source does when it is left is still its actor's own doing. */
  #leftBadly(error: unknown): void {
    this.#turn.over = true
    const cell = this.#cell
    if (cell.incarnation === this.#incarnation && cell.context !== null) {
      cell.failStream(error, this.#sink)
    } else cell.home.events.publish('hook.failed', { path: cell.path, hook: 'stream', error })
  }

  #inTurn<T>(work: () => T): T {
    return this.#cell.home.carrier.run(this.#turn, work)
  }
}

function noStep(step: unknown): TypeError {
  return new TypeError(`A source of a stream yielded ${typeof step} instead of a step`)
}

export function isIterable(value: unknown): value is AsyncIterable<unknown> | Iterable<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    (Symbol.asyncIterator in value || Symbol.iterator in value)
  )
}

/** Start feeding the reader behind this envelope. */
export function openPump(
  cell: Cell,
  envelope: Envelope,
  items: AsyncIterable<unknown> | Iterable<unknown>,
): void {
  const sink = envelope as StreamEnvelope
  let pump: Pump
  try {
    pump = new Pump(cell, sink, iteratorOf(items))
  } catch (error) {
    cell.failStream(error, sink)
    return
  }
  const extras = extrasOf(cell)
  extras.pumps ??= new Set()
  extras.pumps.add(pump)
  sink.opened(pump)
}

function iteratorOf(items: AsyncIterable<unknown> | Iterable<unknown>): Source {
  return Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
}

export function stopPumps(cell: Cell, why: (cell: Cell) => Error): void {
  for (const pump of cell.extras?.pumps ?? []) pump.stop(why(cell))
}
