/**
 * Pump: feeds the items of a stream handler to its reader, as many as the reader has credit for.
 *
 * The handler's call is a turn; its iteration runs beside the turns, one synchronous section at a
 * time, so a stream that waits for events never blocks its actor. It ends with the incarnation.
 */
import type { Cell } from './cell.ts'
import type { Envelope } from './envelope.ts'
import { extrasOf } from './extras.ts'

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

export class Pump {
  readonly #source: Source
  readonly #sink: Sink
  readonly #onError: (error: unknown) => void
  readonly #onOver: (pump: Pump) => void
  #credit = 0
  #running = false
  #over = false

  constructor(
    source: Source,
    sink: Sink,
    hear: { readonly error: (error: unknown) => void; readonly over: (pump: Pump) => void },
  ) {
    this.#source = source
    this.#sink = sink
    this.#onError = hear.error
    this.#onOver = hear.over
  }

  /** The reader can take `items` more. */
  grant(items: number): void {
    this.#credit += items
    if (!this.#running && !this.#over) void this.#run()
  }

  /** The reader wants no more. */
  cancel(): void {
    this.#finish()
  }

  /** The actor ends: the reader hears why. */
  stop(error: Error): void {
    if (this.#over) return
    this.#finish()
    this.#sink.fail(error)
  }

  /** Never rejects: a failure of the source is told to the reader and to supervision. */
  async #run(): Promise<void> {
    this.#running = true
    try {
      while (this.#credit > 0 && !this.#over) {
        this.#credit--
        const step = await this.#source.next()
        if (this.#over) break
        if (step.done === true) {
          this.#finish()
          this.#sink.end()
        } else this.#sink.item(step.value)
      }
    } catch (error) {
      if (!this.#over) {
        this.#finish()
        this.#onError(error)
      }
    }
    this.#running = false
  }

  #finish(): void {
    if (this.#over) return
    this.#over = true
    this.#onOver(this)
    // A generator that waits for something ends when that comes; nobody waits for it here.
    void Promise.resolve(this.#source.return?.()).catch(() => {})
  }
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
  const source =
    Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
  const sink = envelope as StreamEnvelope
  const pumps = (extrasOf(cell).pumps ??= new Set())
  const { incarnation } = cell
  const pump = new Pump(source, sink, {
    error: (error) => {
      if (cell.incarnation === incarnation) cell.failStream(error, sink)
    },
    over: (ended) => void pumps.delete(ended),
  })
  pumps.add(pump)
  sink.opened(pump)
}

export function stopPumps(cell: Cell, why: (cell: Cell) => Error): void {
  for (const pump of cell.extras?.pumps ?? []) pump.stop(why(cell))
}
