/**
 * Topics: gossip among proven peers, with limits per message and origin, watched for deafness.
 *
 * When a gossip stream dies while its connection lives, gossip does not open it again and both
 * sides stay deaf without an error. A look every few seconds compares what gossip has with the
 * peers that are up: first the peer is attached anew, and if that does not help its connection
 * is given up, which the redialler repairs.
 */
import { gossipsub, TopicValidatorResult } from '@libp2p/gossipsub'
import type { GossipSub, GossipSubComponents, Message } from '@libp2p/gossipsub'
import type { Stream } from '@libp2p/interface'
import { gossipLookMs, gossipUnreadBytesMax } from '../../../protocols/limits.ts'
import { topicMessageTooLarge, topicNotAllowed } from '../../../protocols/net-refusals.ts'
import type { Topic } from '../../../protocols/net.ts'
import { OriginRates } from '../../../protocols/origin-rates.ts'
import type { ColocationProfile } from './colocation.ts'
import type { PeerId, Subscription, TopicMessage, Unsubscribe, Verdict } from '../../ports/net.ts'
import type { NetCounters } from '../../../protocols/net-counters.ts'
import { gossipOptions } from './gossip-options.ts'
import type { Link } from './link.ts'
import { PacedSource } from './paced-source.ts'
import type { ServiceGate } from './service-gate.ts'

/** What a peer must be able to do for its silence to mean anything. */
export const topicsFeature = 'topics'

export interface TopicsInit {
  readonly topics: readonly Topic[]
  readonly colocation: ColocationProfile
  readonly counters: NetCounters
}

/** Parts of the gossip router that its published interface leaves out. */
interface GossipInternals {
  readonly peers: ReadonlyMap<string, unknown>
  readonly streamsOutbound: ReadonlyMap<string, unknown>
  readonly score: { score(peerId: string): number }
}

const verdicts: Readonly<Record<Verdict, TopicValidatorResult>> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
}

/** Below this score gossip ignores a peer but keeps its connection. */
const graylistScore = -80

export class Topics {
  readonly #init: TopicsInit
  readonly #topics: ReadonlyMap<string, Topic>
  readonly #subscriptions = new Map<string, Set<Subscription>>()
  readonly #rates = new OriginRates()
  readonly #inbound = new Map<PeerId, Stream>()
  readonly #deafLooks = new WeakMap<Link, number>()
  #router: (GossipSub & GossipInternals) | undefined
  #gate: ServiceGate | undefined

  constructor(init: TopicsInit) {
    this.#init = init
    this.#topics = new Map(init.topics.map((topic) => [topic.name, topic]))
  }

  /** Make the libp2p service; called once, by libp2p. */
  createRouter(components: GossipSubComponents, gate: ServiceGate): GossipSub {
    const router = gossipsub(gossipOptions(this.#init.topics, this.#init.colocation))(components)
    for (const topic of this.#topics.values()) {
      router.topicValidators.set(
        topic.name,
        (_peer, message) => verdicts[this.#judge(topic, message)],
      )
    }
    router.addEventListener('message', (event) => this.#deliver(event.detail))
    this.#router = router as GossipSub & GossipInternals
    this.#gate = gate
    return router
  }

  /** Bound what gossip reads from a stream, and remember that this peer speaks. */
  wrapInbound(stream: Stream, peerId: PeerId): Stream {
    if (!stream.protocol.startsWith('/meshsub/')) return stream
    this.#inbound.set(peerId, stream)
    stream.addEventListener('close', () => {
      if (this.#inbound.get(peerId) === stream) this.#inbound.delete(peerId)
    })
    return new PacedSource(stream, gossipUnreadBytesMax) as unknown as Stream
  }

  attach(link: Link): void {
    this.#gate?.announce(link.connection.remotePeer, link.connection)
  }

  detach(link: Link): void {
    this.#gate?.withdraw(link.connection.remotePeer)
  }

  subscribe(name: string, subscription: Subscription): Unsubscribe {
    this.#topicOf(name)
    const others = this.#subscriptions.get(name) ?? new Set<Subscription>()
    others.add(subscription)
    this.#subscriptions.set(name, others)
    this.#router?.subscribe(name)
    return () => {
      others.delete(subscription)
      if (others.size > 0 || this.#subscriptions.get(name) !== others) return
      this.#subscriptions.delete(name)
      this.#router?.unsubscribe(name)
    }
  }

  async publish(name: string, data: Uint8Array): Promise<number> {
    const topic = this.#topicOf(name)
    if (data.length > topic.messageBytesMax) throw topicMessageTooLarge(topic, data.length)
    const sent = await this.#router?.publish(name, data)
    const reached = sent?.recipients.length ?? 0
    this.#init.counters.topicOut += 1
    if (reached === 0) this.#init.counters.topicUnheard += 1
    return reached
  }

  /** Peers whom gossip refuses to hear because of what they sent. */
  graylisted(links: Iterable<Link>): Link[] {
    return [...links].filter((link) => this.#score(link) < graylistScore)
  }

  /** Look for deaf peers; answers those whose connection should be given up. */
  look(links: Iterable<Link>, nowMs: number): Link[] {
    const hopeless: Link[] = []
    for (const link of links) {
      if (
        nowMs - link.provenAtMs < gossipLookMs / 2 ||
        !link.peer.about.features.includes(topicsFeature)
      )
        continue
      if (this.#hears(link.peerId)) this.#deafLooks.delete(link)
      else if (this.#deafAgain(link)) hopeless.push(link)
    }
    return hopeless
  }

  #score(link: Link): number {
    return this.#router?.score.score(link.peerId) ?? 0
  }

  #hears(peerId: PeerId): boolean {
    const router = this.#router
    if (router === undefined) return true
    const speaking = router.peers.has(peerId) && router.streamsOutbound.has(peerId)
    return speaking && this.#inbound.has(peerId)
  }

  /** Attach a deaf peer anew; true when that was tried in vain. */
  #deafAgain(link: Link): boolean {
    const looks = (this.#deafLooks.get(link) ?? 0) + 1
    this.#deafLooks.set(link, looks)
    if (looks > 2) {
      this.#init.counters.gossipBounced += 1
      return true
    }
    this.#init.counters.gossipReattached += 1
    // The reset tells the other side that its stream is of no use any more.
    this.#inbound.get(link.peerId)?.abort(new Error('gossip is attached anew'))
    this.detach(link)
    this.attach(link)
    return false
  }

  #judge(topic: Topic, message: Message): Verdict {
    const verdict = this.#verdictOn(topic, message)
    if (verdict === 'ignore') this.#init.counters.topicIgnored += 1
    if (verdict === 'reject') this.#init.counters.topicRejected += 1
    return verdict
  }

  #verdictOn(topic: Topic, message: Message): Verdict {
    if (message.type !== 'signed' || message.data.length > topic.messageBytesMax) return 'reject'
    const origin = message.from.toString()
    const rated = this.#rates.judge(topic, origin, performance.now())
    if (rated !== 'accept') return rated
    const heard: TopicMessage = { topic: topic.name, origin, data: plain(message.data) }
    let verdict: Verdict = 'accept'
    for (const { validate } of this.#subscriptions.get(topic.name) ?? []) {
      const opinion = opinionOf(validate, heard)
      if (opinion === 'reject') return 'reject'
      if (opinion === 'ignore') verdict = 'ignore'
    }
    return verdict
  }

  #deliver(message: Message): void {
    if (message.type !== 'signed') return
    const subscriptions = this.#subscriptions.get(message.topic)
    if (subscriptions === undefined) return
    this.#init.counters.topicIn += 1
    const origin = message.from.toString()
    const heard: TopicMessage = { topic: message.topic, origin, data: plain(message.data) }
    for (const { onMessage } of subscriptions) onMessage(heard)
  }

  #topicOf(name: string): Topic {
    const topic = this.#topics.get(name)
    if (topic !== undefined) return topic
    throw topicNotAllowed(name, this.#topics.keys())
  }
}

function opinionOf(validate: Subscription['validate'], message: TopicMessage): Verdict {
  try {
    return validate?.(message) ?? 'accept'
  } catch {
    return 'ignore'
  }
}

/** The same bytes without what Buffer adds. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
