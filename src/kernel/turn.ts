/**
 * Turn: the processing of one message, from its handler's call until its promise settled.
 *
 * While synchronous code of a turn runs, `current` names it; an asynchronous turn has a record of
 * its own, which the carrier finds again after each await. Nested asks read their remaining
 * budget, call chain and trace from the turn they are made in.
 */
import type { Cell } from './cell.ts'
import type { Envelope } from './envelope.ts'
import type { Rider } from './mailbox.ts'
import type { Message } from './protocol.ts'
import type { Carrier } from './runtime.ts'

export class Turn {
  cell: Cell | null
  envelope: Envelope | null
  /** Call chain of asks made in this turn; 0 until the first one needs a number. */
  chain: number
  /** What the turn processes, for stash and forward. */
  message: Message | null = null
  payload: unknown = undefined
  rider: Rider = null
  /** Ended or abandoned: what still runs on its behalf inherits nothing and changes nothing. */
  over = false

  constructor(cell: Cell | null, envelope: Envelope | null, chain: number) {
    this.cell = cell
    this.envelope = envelope
    this.chain = chain
  }
}

class CurrentTurn extends Turn {
  /** The record that outlives the synchronous part, when the handler is an async function. */
  carried: Turn | null = null

  begin(cell: Cell, message: Message | null, payload: unknown, rider: Rider): void {
    const envelope = rider?.isEnvelope === true ? rider : null
    this.cell = cell
    this.envelope = envelope
    this.message = message
    this.payload = payload
    this.rider = rider
    this.chain = envelope === null ? 0 : envelope.chain
    this.carried = null
  }

  /** A record of this turn that outlives its synchronous part. */
  keep(): Turn {
    if (this.carried !== null) return this.carried
    const turn = new Turn(this.cell, this.envelope, this.chain)
    turn.message = this.message
    turn.payload = this.payload
    turn.rider = this.rider
    this.carried = turn
    return turn
  }

  end(): void {
    this.cell = null
  }
}

/** The turn whose synchronous code runs now; its cell is null between turns. */
export const current = new CurrentTurn(null, null, 0)

let chains = 0

export function chainOf(turn: Turn): number {
  if (turn.chain === 0) turn.chain = ++chains
  return turn.chain
}

/** Count from the beginning again: a simulation must not know what ran before it. */
export function restartChains(): void {
  chains = 0
}

/** The turn on whose behalf the calling code runs, if any. */
export function activeTurn(carrier: Carrier): Turn | null {
  if (current.cell !== null) return current.carried ?? current
  const carried = carrier.current()
  return carried instanceof Turn && !carried.over ? carried : null
}

const carriedSignals = new Set(['terminated', 'linkBroken', 'receiveTimeout'])

/** Signals that come as turns remember theirs across await, like handlers. */
export function carrySignals<S extends object>(signals: S): S {
  const carried = Object.entries(signals).map(([name, signal]: [string, unknown]) => {
    if (typeof signal !== 'function' || !carriedSignals.has(name)) return [name, signal]
    return [name, carryTurn(signal as Parameters<typeof carryTurn>[0])]
  })
  return Object.fromEntries(carried) as S
}

/** What runs on the calling stack, in words; for a watchdog that looks in from outside. */
export interface RunningTurn {
  readonly path: string
  readonly message: string
}

export function runningTurn(carrier: Carrier): RunningTurn | null {
  const turn = activeTurn(carrier)
  const cell = turn?.cell ?? null
  return cell === null ? null : { path: cell.path, message: turn?.message?.name ?? 'state' }
}

/**
 * Make an async function remember its turn across every await. Any other handler is left alone: it
 * never pays for a promise.
 */
export function carryTurn<F extends (state: unknown, payload: unknown, ctx: unknown) => unknown>(
  handler: F,
): F | ((state: unknown, payload: unknown, ctx: unknown) => unknown) {
  if (handler.constructor.name !== 'AsyncFunction') return handler
  return (state, payload, ctx) => {
    const { cell } = current
    if (cell === null) return handler(state, payload, ctx)
    return cell.home.carrier.run(current.keep(), () => handler(state, payload, ctx))
  }
}
