/**
 * Admission: lets connections become peers, one connection per peer, and nothing else.
 *
 * The dialer of a connection says hello on it; a listener waits for that, but not long. Two peers
 * that dial each other at once keep the lower id's connection, which is settled inside the hello,
 * so that no channel is ever opened on the one that goes.
 */
import type { Connection, Stream } from '@libp2p/interface'
import type { HelloAbout, HelloRefusal } from '../../../protocols/hello.ts'
import {
  duplicateGraceMs,
  helloPendingMax,
  helloTimeoutMs,
  netDialTimeoutMs,
} from '../../../protocols/limits.ts'
import { notOneOfUs } from '../../../protocols/net-refusals.ts'
import { helloProtocolId } from '../../../protocols/net.ts'
import { EdgeError } from '../../kernel/index.ts'
import { decideHello } from '../../../protocols/meeting.ts'
import type { Peer, PeerDownReason, PeerId } from '../../ports/net.ts'
import type { NetCounters } from '../../../protocols/net-counters.ts'
import { HelloTalk } from './hello-talk.ts'
import type { HelloFailure, HelloKey, HelloResult } from './hello-talk.ts'
import { Link } from './link.ts'
import { LiveTimer } from './live-timer.ts'
import type { Offenders } from './offenders.ts'

export interface AdmissionInit {
  readonly self: PeerId
  readonly key: HelloKey
  readonly about: () => HelloAbout
  readonly counters: NetCounters
  readonly offenders: Offenders
  readonly onUp: (link: Link) => void
  readonly onDown: (link: Link, reason: PeerDownReason) => void
}

const refusalLingerMs = 200
const stopTimeoutMs = 50

/** A connection whose hello is not over. */
interface Candidate {
  readonly connection: Connection
  readonly peerId: PeerId
  readonly timer: LiveTimer
  readonly proof: PromiseWithResolvers<Peer>
  talking: boolean
}

export class Admission {
  readonly links = new Map<PeerId, Link>()
  readonly #init: AdmissionInit
  readonly #candidates = new Map<string, Candidate>()
  readonly #waiting = new Map<PeerId, PromiseWithResolvers<Peer>[]>()

  constructor(init: AdmissionInit) {
    this.#init = init
  }

  proven(connection: Connection): boolean {
    return this.links.get(connection.remotePeer.toString())?.connection === connection
  }

  /** Whether one more stranger may begin. */
  get full(): boolean {
    return this.#candidates.size >= helloPendingMax
  }

  /** libp2p has a new encrypted connection. */
  opened(connection: Connection): void {
    const peerId = connection.remotePeer.toString()
    const proof = Promise.withResolvers<Peer>()
    // A candidate that nobody dialled for is awaited by nobody.
    proof.promise.catch(() => undefined)
    const timer = new LiveTimer(helloTimeoutMs, () => this.#timedOut(connection))
    const candidate = { connection, peerId, timer, proof, talking: false }
    this.#candidates.set(connection.id, candidate)
    if (connection.direction === 'outbound') void this.#sayHello(candidate)
  }

  closed(connection: Connection): void {
    this.#settle(connection, new EdgeError('peer_unreachable', lostText(connection)))
    const link = this.links.get(connection.remotePeer.toString())
    if (link?.connection === connection) this.#down(link, 'lost')
  }

  /** A peer began a hello with us. */
  heard(stream: Stream, connection: Connection): void {
    const candidate = this.#candidates.get(connection.id)
    const listening = candidate?.talking === false && connection.direction === 'inbound'
    if (listening) this.#talk(candidate, stream)
    else stream.abort(new Error('no hello is expected on this connection'))
  }

  /** Resolves when the hello on this connection, or on its twin, has gone well. */
  admitted(connection: Connection): Promise<Peer> {
    const link = this.links.get(connection.remotePeer.toString())
    if (link !== undefined) return Promise.resolve(link.peer)
    const candidate = this.#candidates.get(connection.id)
    if (candidate !== undefined) return candidate.proof.promise
    return Promise.reject(new EdgeError('peer_unreachable', lostText(connection)))
  }

  /** Resolves when this peer comes up by whatever connection. */
  async up(peerId: PeerId, timeoutMs: number): Promise<Peer> {
    const link = this.links.get(peerId)
    if (link !== undefined) return link.peer
    const waiter = Promise.withResolvers<Peer>()
    const waiters = this.#waiting.get(peerId) ?? []
    this.#waiting.set(peerId, [...waiters, waiter])
    const timer = setTimeout(() => {
      waiter.reject(new EdgeError('peer_unreachable', `Peer ${peerId} did not come up.`))
    }, timeoutMs)
    try {
      return await waiter.promise
    } finally {
      clearTimeout(timer)
      const rest = (this.#waiting.get(peerId) ?? []).filter((other) => other !== waiter)
      if (rest.length > 0) this.#waiting.set(peerId, rest)
      else this.#waiting.delete(peerId)
    }
  }

  drop(peerId: PeerId, reason: PeerDownReason): void {
    const link = this.links.get(peerId)
    if (link === undefined) return
    this.#down(link, reason)
    void closeConnection(link.connection)
  }

  /** Let everybody go; two sides that close at once would wait for each other for long. */
  async stop(): Promise<void> {
    const links = [...this.links.values()]
    for (const link of links) this.#down(link, 'stopped')
    await Promise.all(links.map((link) => closeConnection(link.connection, stopTimeoutMs)))
  }

  async #sayHello(candidate: Candidate): Promise<void> {
    const { connection, peerId } = candidate
    if (this.links.has(peerId)) {
      this.#refused(candidate, 'duplicate')
      return
    }
    try {
      const stream = await connection.newStream(helloProtocolId, {
        signal: AbortSignal.timeout(netDialTimeoutMs),
        runOnLimitedConnection: true,
      })
      this.#talk(candidate, stream)
    } catch (cause) {
      const lost = connection.status !== 'open'
      const error = lost
        ? new EdgeError('peer_unreachable', lostText(connection), { cause })
        : new EdgeError('peer_refused', notOursText(peerId), { cause })
      this.#settle(connection, error)
      connection.abort(new Error('peer does not say hello'))
    }
  }

  #talk(candidate: Candidate, stream: Stream): void {
    const { connection, peerId } = candidate
    const { self, key, about } = this.#init
    candidate.talking = true
    // The talk listens from here on and keeps itself alive by doing so.
    void new HelloTalk({
      stream,
      role: connection.direction === 'outbound' ? 'dialer' : 'listener',
      key,
      self,
      remote: peerId,
      about: about(),
      timeoutMs: helloTimeoutMs,
      refuse: () => this.#refusalOf(candidate),
      onResult: (result) => this.#talked(candidate, result),
    })
  }

  #refusalOf({ peerId }: Candidate): HelloRefusal | undefined {
    const link = this.links.get(peerId)
    const decision = decideHello({
      self: this.#init.self,
      dialer: peerId,
      dialing: this.#dialing(peerId),
      proven:
        link === undefined
          ? undefined
          : { dialer: link.dialer, forMs: performance.now() - link.provenAtMs },
      graceMs: duplicateGraceMs,
    })
    return decision === 'duplicate' ? 'duplicate' : undefined
  }

  #dialing(peerId: PeerId): boolean {
    for (const candidate of this.#candidates.values()) {
      if (candidate.peerId === peerId && candidate.connection.direction === 'outbound') return true
    }
    return false
  }

  #talked(candidate: Candidate, result: HelloResult): void {
    if (!this.#candidates.has(candidate.connection.id)) return
    if (result.proven) this.#admit(candidate, result.about)
    else this.#refused(candidate, result.failure, result.said)
  }

  #admit(candidate: Candidate, about: HelloAbout): void {
    const { connection, peerId, proof } = candidate
    const { self, counters, onUp } = this.#init
    this.#forget(candidate)
    const earlier = this.links.get(peerId)
    if (earlier !== undefined) this.#replace(earlier)
    const link = new Link(connection, self, about)
    this.links.set(peerId, link)
    counters.hellosProven += 1
    counters.peersNow = this.links.size
    onUp(link)
    proof.resolve(link.peer)
    for (const waiter of this.#waiting.get(peerId) ?? []) waiter.resolve(link.peer)
  }

  #replace(earlier: Link): void {
    this.#init.counters.duplicatesClosed += 1
    this.#down(earlier, 'replaced')
    setTimeout(() => void closeConnection(earlier.connection), duplicateGraceMs).unref()
  }

  #refused(candidate: Candidate, failure: HelloFailure, said?: HelloRefusal): void {
    const { connection, peerId } = candidate
    this.#count(peerId, failure, said)
    const duplicate = failure === 'duplicate' || said === 'duplicate'
    if (duplicate) this.#awaitTwin(candidate)
    else this.#settle(connection, refusalOf(peerId, failure, said))
    // Closing a connection at once would throw away the refusal that was just written.
    setTimeout(() => void closeConnection(connection), refusalLingerMs).unref()
  }

  /** The other of two simultaneous connections goes on; whoever dialled waits for that one. */
  #awaitTwin(candidate: Candidate): void {
    this.#init.counters.duplicatesClosed += 1
    this.#forget(candidate)
    this.up(candidate.peerId, helloTimeoutMs).then(
      (peer) => candidate.proof.resolve(peer),
      (error: Error) => candidate.proof.reject(error),
    )
  }

  #count(peerId: PeerId, failure: HelloFailure, said: HelloRefusal | undefined): void {
    const { counters, offenders } = this.#init
    if (failure === 'timeout') counters.hellosTimedOut += 1
    if (failure === 'malformed') counters.hellosMalformed += 1
    if (failure === 'not_proven' || (failure === 'refused' && said !== 'duplicate')) {
      counters.hellosRefused += 1
    }
    if (failure === 'not_proven' || failure === 'malformed') offenders.strike(peerId)
  }

  #timedOut(connection: Connection): void {
    const candidate = this.#candidates.get(connection.id)
    if (candidate !== undefined) this.#refused(candidate, 'timeout')
  }

  #settle(connection: Connection, error: EdgeError): void {
    const candidate = this.#candidates.get(connection.id)
    if (candidate === undefined) return
    this.#forget(candidate)
    candidate.proof.reject(error)
  }

  #forget(candidate: Candidate): void {
    candidate.timer.clear()
    this.#candidates.delete(candidate.connection.id)
  }

  #down(link: Link, reason: PeerDownReason): void {
    const { counters, onDown } = this.#init
    if (this.links.get(link.peerId) !== link) return
    this.links.delete(link.peerId)
    counters.peersNow = this.links.size
    onDown(link, reason)
    for (const channel of link.channels) channel.lose()
  }
}

/** Close with what is still to be sent, by force if that takes long. */
async function closeConnection(connection: Connection, timeoutMs = 1_000): Promise<void> {
  try {
    await connection.close({ signal: AbortSignal.timeout(timeoutMs) })
  } catch (error) {
    connection.abort(error instanceof Error ? error : new Error(String(error)))
  }
}

function lostText(connection: Connection): string {
  return `The connection to ${connection.remoteAddr.toString()} was lost before its hello was over.`
}

function notOursText(peerId: PeerId): string {
  return `Peer ${peerId} does not speak ${helloProtocolId}: it is not a node of a cluster.`
}

function refusalOf(peerId: PeerId, failure: HelloFailure, said?: HelloRefusal): EdgeError {
  if (failure === 'not_proven' || said === 'not_proven') return notOneOfUs(peerId)
  const silent = failure === 'closed' || failure === 'timeout'
  return new EdgeError(
    silent ? 'peer_unreachable' : 'peer_refused',
    `Peer ${peerId} could not be greeted (${said ?? failure}): look at its log.`,
    { detail: { peerId, reason: said ?? failure } },
  )
}
