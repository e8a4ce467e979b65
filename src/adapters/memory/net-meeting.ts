/**
 * NetMeeting: how nets in memory dial each other and become peers.
 *
 * The four steps, their order and their refusals are those of the real hello; only the proof is a
 * comparison, since nobody here could lie.
 */
import { duplicateGraceMs, netDialTimeoutMs } from '../../../protocols/limits.ts'
import { decideHello } from '../../../protocols/meeting.ts'
import type { NetCounters } from '../../../protocols/net-counters.ts'
import { addressInvalid, noAnswer, notOneOfUs } from '../../../protocols/net-refusals.ts'
import { EdgeError } from '../../kernel/index.ts'
import type { DialTarget, Peer, PeerDownReason, PeerId } from '../../ports/net.ts'
import { MemoryLink } from './net-link.ts'
import type { MemoryNet } from './net.ts'
import type { MemoryNetwork, Pipe } from './network.ts'

export interface MeetingInit {
  readonly self: MemoryNet
  readonly network: MemoryNetwork
  readonly counters: NetCounters
  readonly onUp: (link: MemoryLink) => void
  readonly onDown: (link: MemoryLink, reason: PeerDownReason) => void
}

/** Both ends of a connection; the dialer makes it. */
interface Connection {
  readonly dialer: MemoryNet
  readonly listener: MemoryNet
  readonly toListener: Pipe
  readonly toDialer: Pipe
  readonly dialerLink: MemoryLink
  readonly listenerLink: MemoryLink
  readonly proof: PromiseWithResolvers<Peer>
  over: boolean
}

/** A hello is a few hundred bytes. */
const helloBytes = 256

export class NetMeeting {
  readonly links = new Map<PeerId, MemoryLink>()
  readonly #init: MeetingInit
  readonly #dialling = new Map<PeerId, Connection>()
  readonly #bannedUntilMs = new Map<PeerId, number>()
  #stopped = false

  constructor(init: MeetingInit) {
    this.#init = init
  }

  async dial(target: DialTarget, timeoutMs = netDialTimeoutMs): Promise<Peer> {
    const { self, network, counters } = this.#init
    const peerId = target.peerId ?? peerIdIn(target)
    const known = this.links.get(peerId)?.peer
    if (known !== undefined) return known
    const underWay = this.#dialling.get(peerId)
    if (underWay !== undefined) return underWay.proof.promise
    counters.dials += 1
    const listener = network.find(peerId)
    if (listener === undefined || network.model.refuses(self.peerId, peerId)) {
      await this.#pause(1)
      counters.dialsFailed += 1
      throw noAnswer(target)
    }
    const connection = this.#connect(listener)
    const forget = network.time.after(timeoutMs, () => this.#fail(connection, noAnswer(target)))
    try {
      return await connection.proof.promise
    } finally {
      forget()
    }
  }

  ban(peerId: PeerId, forMs: number): void {
    this.#bannedUntilMs.set(peerId, this.#init.network.time.nowMs() + forMs)
  }

  banned(peerId: PeerId): boolean {
    return (this.#bannedUntilMs.get(peerId) ?? 0) > this.#init.network.time.nowMs()
  }

  /** Let a peer go; it hears of that when the news arrives. */
  drop(peerId: PeerId, reason: PeerDownReason): void {
    const link = this.links.get(peerId)
    if (link === undefined) return
    const other = this.#init.network.find(peerId)
    link.send(0, () => other?.loseLink(link))
    this.#down(link, reason)
  }

  /** The connection is gone without a word. */
  lose(link: MemoryLink | undefined): void {
    if (link === undefined) return
    link.end()
    this.#down(link, 'lost')
  }

  stop(): void {
    this.#stopped = true
    for (const peerId of this.links.keys()) this.drop(peerId, 'stopped')
    const stopped = new EdgeError('net_stopped', 'The net was closed while it dialled.')
    for (const connection of this.#dialling.values()) this.#fail(connection, stopped)
  }

  #connect(listener: MemoryNet): Connection {
    const { self, network } = this.#init
    const toListener = network.pipe(self.peerId, listener.peerId)
    const toDialer = network.pipe(listener.peerId, self.peerId)
    const { time } = network
    const dialer = self.peerId
    const dialerLink = new MemoryLink({ peerId: listener.peerId, dialer, pipe: toListener, time })
    const listenerLink = new MemoryLink({ peerId: dialer, dialer, pipe: toDialer, time })
    dialerLink.twin = listenerLink
    listenerLink.twin = dialerLink
    const proof = Promise.withResolvers<Peer>()
    proof.promise.catch(() => undefined)
    const connection: Connection = {
      dialer: self,
      listener,
      toListener,
      toDialer,
      dialerLink,
      listenerLink,
      proof,
      over: false,
    }
    this.#dialling.set(listener.peerId, connection)
    toListener.send(helloBytes, () => listener.meeting.hearOpen(connection))
    return connection
  }

  /** Listener: somebody is there. */
  hearOpen(connection: Connection): void {
    if (this.#stopped || connection.over) return
    if (this.banned(connection.dialer.peerId)) {
      this.#init.counters.bannedRefused += 1
      this.#refuse(connection, noAnswer({ addresses: [connection.listener.peerId] }))
      return
    }
    connection.toDialer.send(helloBytes, () => connection.dialer.meeting.hearProof(connection))
  }

  /** Dialer: the listener has proven itself, or not. */
  hearProof(connection: Connection): void {
    if (connection.over) return
    const { dialer, listener } = connection
    if (dialer.proof !== listener.proof) {
      this.#init.counters.hellosRefused += 1
      connection.toListener.send(helloBytes, () => listener.meeting.countRefusal())
      this.#fail(connection, notOneOfUs(listener.peerId))
      return
    }
    connection.toListener.send(helloBytes, () => listener.meeting.hearAnswer(connection))
  }

  /** Listener: the dialer has proven itself; is there another connection? */
  hearAnswer(connection: Connection): void {
    if (this.#stopped || connection.over) return
    const { network, self } = this.#init
    const earlier = this.links.get(connection.dialer.peerId)
    const nowMs = network.time.nowMs()
    const decision = decideHello({
      self: self.peerId,
      dialer: connection.dialer.peerId,
      dialing: this.#dialling.has(connection.dialer.peerId),
      proven: earlier && { dialer: earlier.dialer, forMs: nowMs - earlier.provenAtMs },
      graceMs: duplicateGraceMs,
    })
    if (decision === 'duplicate') {
      this.#init.counters.duplicatesClosed += 1
      connection.toDialer.send(helloBytes, () =>
        connection.dialer.meeting.hearDuplicate(connection),
      )
      return
    }
    this.#admit(connection, connection.listenerLink)
    connection.toDialer.send(helloBytes, () => connection.dialer.meeting.hearWelcome(connection))
  }

  /** Dialer: both are proven. */
  hearWelcome(connection: Connection): void {
    if (this.#stopped || connection.over) return
    connection.over = true
    this.#dialling.delete(connection.listener.peerId)
    const peer = this.#admit(connection, connection.dialerLink)
    connection.proof.resolve(peer)
  }

  /** Dialer: the listener prefers its own dial to us; that one goes on. */
  hearDuplicate(connection: Connection): void {
    if (connection.over) return
    connection.over = true
    this.#init.counters.duplicatesClosed += 1
    const peerId = connection.listener.peerId
    this.#dialling.delete(peerId)
    closePipes(connection)
    void this.#awaitTwin(connection, peerId)
  }

  countRefusal(): void {
    this.#init.counters.hellosRefused += 1
  }

  async #awaitTwin(connection: Connection, peerId: PeerId): Promise<void> {
    for (let look = 0; look < 20; look += 1) {
      const peer = this.links.get(peerId)?.peer
      if (peer !== undefined) return connection.proof.resolve(peer)
      await this.#pause(100)
    }
    this.#init.counters.dialsFailed += 1
    connection.proof.reject(noAnswer({ peerId, addresses: [] }))
  }

  #admit(connection: Connection, link: MemoryLink): Peer {
    const { counters, onUp, network } = this.#init
    const remote = link === connection.dialerLink ? connection.listener : connection.dialer
    const earlier = this.links.get(link.peerId)
    if (earlier !== undefined) {
      counters.duplicatesClosed += 1
      earlier.end()
      this.#down(earlier, 'replaced')
    }
    const peer: Peer = {
      peerId: link.peerId,
      direction: link === connection.dialerLink ? 'outbound' : 'inbound',
      remoteAddress: remote.addresses()[0] ?? '',
      about: remote.about(),
    }
    link.peer = peer
    link.provenAtMs = network.time.nowMs()
    this.links.set(link.peerId, link)
    counters.hellosProven += 1
    counters.peersNow = this.links.size
    onUp(link)
    return peer
  }

  #refuse(connection: Connection, error: EdgeError): void {
    connection.toDialer.send(0, () => connection.dialer.meeting.#fail(connection, error))
  }

  #fail(connection: Connection, error: EdgeError): void {
    if (connection.over) return
    connection.over = true
    const { toListener, listener, dialerLink, proof } = connection
    this.#dialling.delete(listener.peerId)
    this.#init.counters.dialsFailed += 1
    // The listener may have admitted us already; it hears that we gave up.
    toListener.send(0, () => {
      listener.loseLink(dialerLink)
      closePipes(connection)
    })
    proof.reject(error)
  }

  #down(link: MemoryLink, reason: PeerDownReason): void {
    if (this.links.get(link.peerId) !== link) return
    const { counters, onDown } = this.#init
    this.links.delete(link.peerId)
    counters.peersNow = this.links.size
    onDown(link, reason)
    link.lose()
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#init.network.time.after(ms, resolve)
    })
  }
}

function closePipes({ toListener, toDialer }: Connection): void {
  toListener.close()
  toDialer.close()
}

/** `/memory/p2p/<peer id>`, in the manner of real addresses. */
function peerIdIn(target: DialTarget): PeerId {
  const address = target.addresses[0] ?? ''
  const peerId = /\/p2p\/([^/]+)$/.exec(address)?.[1]
  if (peerId !== undefined) return peerId
  throw addressInvalid(address, '/memory/p2p/<peer id>')
}
