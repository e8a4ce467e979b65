/**
 * Routing: which routee takes a message, one small chooser per strategy.
 *
 * A chooser sees the routees in order of their slots and takes the one it prefers among those
 * that fit; it never sees a routee twice and keeps no reference to any.
 */
import { EdgeError } from './errors.ts'
import { hashText, mix } from './hash.ts'
import type { Input, Messages } from './protocol.ts'
import type { Recipient } from './recipient.ts'
import type { AnyRef } from './ref.ts'
import type { Random } from './runtime.ts'

/** Strategies that give each message to one routee, and those that give it to all. */
export type Single = 'round-robin' | 'random' | 'consistent-hash' | 'smallest-mailbox'
export type RoutingStrategy = Single | 'broadcast' | 'scatter-gather'

/** What a message is placed by; the same key goes to the same routee. */
export type HashKey<M extends Messages> = (
  payload: Input<M[keyof M]>,
  name: keyof M & string,
) => string | number

export interface Routing<M extends Messages> {
  /** Default `round-robin`. */
  readonly strategy?: RoutingStrategy
  /** Needed by, and only used for, `consistent-hash`. */
  readonly hashKey?: HashKey<M>
}

/** A routing as the kernel holds it, checked. */
export interface CheckedRouting {
  readonly strategy: RoutingStrategy
  readonly hashKey: (payload: unknown, name: string) => string | number
}

export interface Routee {
  readonly ref: AnyRef
  readonly to: Recipient
  /** Hash of where the routee lives: its part in rendezvous choices. */
  readonly seed: number
}

export interface Call {
  readonly payload: unknown
  readonly name: string
  readonly fits: (routee: Routee) => boolean
}

export type Chooser = (routees: readonly Routee[], call: Call) => Routee | null

export function checkRouting<M extends Messages>(routing: Routing<M>): CheckedRouting {
  const { strategy = 'round-robin', hashKey } = routing
  if (!Object.hasOwn(choosers, strategy)) {
    const known = Object.keys(choosers).join(', ')
    throw invalidRouting(`${JSON.stringify(strategy)} is no strategy; use one of ${known}`)
  }
  if (strategy !== 'consistent-hash') return { strategy, hashKey: noKey }
  if (hashKey === undefined) {
    throw invalidRouting('consistent-hash needs hashKey: (payload, name) => the key to place by')
  }
  // The kernel hands over the payloads and names of this very protocol.
  return { strategy, hashKey: hashKey as CheckedRouting['hashKey'] }
}

/** A chooser with its own counters; for `broadcast` and the like the one that takes streams. */
export function openChooser(routing: CheckedRouting, random: Random): Chooser {
  return choosers[routing.strategy](routing, random)
}

const choosers: Readonly<
  Record<RoutingStrategy, (routing: CheckedRouting, random: Random) => Chooser>
> = {
  'round-robin': takeTurns,
  random: (_routing, random) => (routees, call) =>
    firstFrom(Math.floor(random.next() * routees.length), routees, call),
  'consistent-hash': rendezvous,
  'smallest-mailbox': shortestQueue,
  broadcast: takeTurns,
  'scatter-gather': takeTurns,
}

function takeTurns(): Chooser {
  let next = 0
  return (routees, call) => {
    const at = next % routees.length
    next = at + 1
    return firstFrom(at, routees, call)
  }
}

function firstFrom(start: number, routees: readonly Routee[], call: Call): Routee | null {
  for (let i = 0; i < routees.length; i++) {
    const routee = routees[(start + i) % routees.length] as Routee
    if (call.fits(routee)) return routee
  }
  return null
}

/**
 * The routee whose hash together with the key's is highest. When one joins it wins only the keys
 * that are its own from now on; when one leaves only its keys move.
 */
function rendezvous({ hashKey }: CheckedRouting): Chooser {
  return (routees, call) => {
    const key = hashText(String(hashKey(call.payload, call.name)))
    let best: Routee | null = null
    let bestScore = -1
    for (const routee of routees) {
      const score = mix(routee.seed ^ key)
      if (score <= bestScore || !call.fits(routee)) continue
      best = routee
      bestScore = score
    }
    return best
  }
}

/** Ties go in turn; a routee whose queue is not seen from here counts as the fullest. */
function shortestQueue(): Chooser {
  let next = 0
  return (routees, call) => {
    let best: Routee | null = null
    let bestLoad = Infinity
    const start = next++ % routees.length
    for (let i = 0; i < routees.length; i++) {
      const routee = routees[(start + i) % routees.length] as Routee
      const load = routee.to.load ?? Number.MAX_SAFE_INTEGER
      if (load >= bestLoad || !call.fits(routee)) continue
      best = routee
      bestLoad = load
    }
    return best
  }
}

function noKey(): string {
  return ''
}

export function invalidRouting(why: string): EdgeError {
  return new EdgeError('invalid_option', `Router refused: ${why}`)
}
