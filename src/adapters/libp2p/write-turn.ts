/**
 * WriteTurn: gathers what one connection writes during a turn of the event loop into one write.
 *
 * Every write to an encrypted connection is a record, two system calls and a wake-up of the other
 * side; a muxer makes one for each header, body and window update. Here they wait until the turn
 * ends. Outboxes are emptied then as well, control before small before bulk, and of all bulk
 * channels one gives one piece per turn: so a large transfer never stands before a small frame
 * for longer than a piece takes.
 */
import type { MessageStream } from '@libp2p/interface'
import type { Lane } from '../../../protocols/net.ts'

/** Something that has frames to write when the turn ends. */
export interface Writer {
  readonly lane: Lane
  /** Write; true when something is left that could be written in the next turn. */
  flush(): boolean
}

/** Up to this size a piece is copied: its memory is free again as soon as it was taken. */
export const gatherPieceBytesMax = 32 * 1024
/** A write of this size gains nothing by waiting. */
const gatherBytesMax = 64 * 1024
const slabBytes = 64 * 1024

/** The muxer's connection and libp2p's own share nothing but the record of their times. */
const turns = new WeakMap<object, WriteTurn>()

export class WriteTurn {
  readonly #control = new Set<Writer>()
  readonly #small = new Set<Writer>()
  readonly #bulk = new Set<Writer>()
  #send: MessageStream['send'] | undefined
  #connection: MessageStream | undefined
  /** What is to be written, in order, before what the slab holds. */
  #sealed: Uint8Array[] = []
  #slab = new Uint8Array(0)
  #slabFrom = 0
  #slabTo = 0
  #bytes = 0
  #scheduled = false
  #running = false

  /** The turn of a connection, by the record of its times. */
  static of(timeline: object): WriteTurn {
    const known = turns.get(timeline)
    if (known !== undefined) return known
    const turn = new WriteTurn()
    turns.set(timeline, turn)
    return turn
  }

  /** Let the writes to this connection wait for the end of the turn. */
  gather(connection: MessageStream): void {
    this.#connection = connection
    this.#send = connection.send.bind(connection)
    connection.send = (data) => this.#take(data)
    connection.addEventListener('drain', () => this.#schedule())
  }

  /** Whether small pieces are copied when they are written. */
  get copies(): boolean {
    return this.#connection !== undefined
  }

  mark(writer: Writer): void {
    this.#queueOf(writer.lane).add(writer)
    this.#schedule()
  }

  #queueOf(lane: Lane): Set<Writer> {
    if (lane === 'control') return this.#control
    return lane === 'small' ? this.#small : this.#bulk
  }

  #schedule(): void {
    if (this.#scheduled || this.#running) return
    this.#scheduled = true
    setImmediate(() => this.#run())
  }

  #run(): void {
    this.#scheduled = false
    this.#running = true
    this.#flushAll(this.#control)
    this.#flushAll(this.#small)
    this.#flushOne(this.#bulk)
    this.#running = false
    if (this.#bytes > 0 && !this.#full) this.#write()
    if (this.#bulk.size > 0) this.#schedule()
  }

  #flushAll(writers: Set<Writer>): void {
    for (const writer of writers) {
      writers.delete(writer)
      writer.flush()
    }
  }

  /** In turn: who has more to say goes to the end of the queue. */
  #flushOne(writers: Set<Writer>): void {
    for (const writer of writers) {
      writers.delete(writer)
      if (writer.flush()) writers.add(writer)
      return
    }
  }

  #take(data: Uint8Array | Iterable<Uint8Array>): boolean {
    if (data instanceof Uint8Array) this.#keep(data)
    else for (const piece of data) this.#keep(piece)
    if (this.#full) return false
    if (this.#bytes >= gatherBytesMax) return this.#write()
    this.#schedule()
    return true
  }

  /** A connection that is full gets nothing more, and then everything at once. */
  get #full(): boolean {
    return this.#connection?.writableNeedsDrain === true
  }

  #keep(piece: Uint8Array): void {
    this.#bytes += piece.length
    if (piece.length > gatherPieceBytesMax) {
      this.#seal()
      this.#sealed.push(piece)
      return
    }
    if (this.#slab.length - this.#slabTo < piece.length) {
      this.#seal()
      this.#slab = new Uint8Array(Buffer.allocUnsafeSlow(slabBytes).buffer)
      this.#slabFrom = 0
      this.#slabTo = 0
    }
    this.#slab.set(piece, this.#slabTo)
    this.#slabTo += piece.length
  }

  #seal(): void {
    if (this.#slabTo === this.#slabFrom) return
    this.#sealed.push(this.#slab.subarray(this.#slabFrom, this.#slabTo))
    this.#slabFrom = this.#slabTo
  }

  #write(): boolean {
    this.#seal()
    const pieces = this.#sealed
    this.#sealed = []
    this.#bytes = 0
    let more = false
    try {
      for (const piece of pieces) more = this.#send?.(piece) ?? false
    } catch {
      // The transport below is closing; its end reaches everybody as an event of its own.
      return false
    }
    return more
  }
}
