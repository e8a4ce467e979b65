/**
 * NetTopics: topics among nets in memory, as lossy and as judged as gossip is.
 *
 * A message goes to every subscribed peer of its publisher and from each of them to a few more;
 * who has seen it drops it. Every hop judges it before passing it on.
 */
import { topicOriginsMax } from '../../../protocols/limits.ts'
import type { NetCounters } from '../../../protocols/net-counters.ts'
import { topicMessageTooLarge, topicNotAllowed } from '../../../protocols/net-refusals.ts'
import type { Topic } from '../../../protocols/net.ts'
import { OriginRates } from '../../../protocols/origin-rates.ts'
import type { PeerId, Subscription, TopicMessage, Unsubscribe, Verdict } from '../../ports/net.ts'
import type { MemoryLink } from './net-link.ts'
import type { MemoryNetwork } from './network.ts'

export interface NetTopicsInit {
  readonly self: PeerId
  readonly topics: readonly Topic[]
  readonly network: MemoryNetwork
  readonly counters: NetCounters
  readonly links: ReadonlyMap<PeerId, MemoryLink>
}

interface Post {
  readonly id: string
  readonly message: TopicMessage
}

/** To how many peers a message is passed on. */
const passOnTo = 6

export class NetTopics {
  readonly #init: NetTopicsInit
  readonly #topics: ReadonlyMap<string, Topic>
  readonly #subscriptions = new Map<string, Set<Subscription>>()
  readonly #rates = new OriginRates()
  readonly #seen = new Set<string>()
  #published = 0

  constructor(init: NetTopicsInit) {
    this.#init = init
    this.#topics = new Map(init.topics.map((topic) => [topic.name, topic]))
  }

  listensTo(name: string): boolean {
    return this.#subscriptions.has(name)
  }

  subscribe(name: string, subscription: Subscription): Unsubscribe {
    this.#topicOf(name)
    const others = this.#subscriptions.get(name) ?? new Set<Subscription>()
    others.add(subscription)
    this.#subscriptions.set(name, others)
    return () => {
      others.delete(subscription)
      if (others.size === 0 && this.#subscriptions.get(name) === others) {
        this.#subscriptions.delete(name)
      }
    }
  }

  publish(name: string, data: Uint8Array): number {
    const topic = this.#topicOf(name)
    if (data.length > topic.messageBytesMax) throw topicMessageTooLarge(topic, data.length)
    const { self, counters } = this.#init
    this.#published += 1
    const id = `${self} ${this.#published}`
    this.#remember(id)
    const message = { topic: name, origin: self, data: data.slice() }
    const reached = this.#pass({ id, message }, this.#listeners(name))
    counters.topicOut += 1
    if (reached === 0) counters.topicUnheard += 1
    return reached
  }

  /** A peer passes a message on to us. */
  hear(post: Post): void {
    const { message } = post
    const topic = this.#topics.get(message.topic)
    if (topic === undefined || this.#seen.has(post.id)) return
    this.#remember(post.id)
    const { counters } = this.#init
    const verdict = this.#judge(topic, message)
    if (verdict === 'ignore') counters.topicIgnored += 1
    if (verdict === 'reject') counters.topicRejected += 1
    if (verdict !== 'accept') return
    this.#pass(post, this.#some(this.#listeners(message.topic, message.origin)))
    const subscriptions = this.#subscriptions.get(message.topic)
    if (subscriptions === undefined) return
    counters.topicIn += 1
    for (const { onMessage } of subscriptions) onMessage(message)
  }

  #judge(topic: Topic, message: TopicMessage): Verdict {
    const { time } = this.#init.network
    const rated = this.#rates.judge(topic, message.origin, time.nowMs())
    if (rated !== 'accept') return rated
    let verdict: Verdict = 'accept'
    for (const { validate } of this.#subscriptions.get(topic.name) ?? []) {
      const opinion = opinionOf(validate, message)
      if (opinion === 'reject') return 'reject'
      if (opinion === 'ignore') verdict = 'ignore'
    }
    return verdict
  }

  #pass(post: Post, links: readonly MemoryLink[]): number {
    const { network, self } = this.#init
    for (const link of links) {
      if (network.model.losesTopic(self, link.peerId)) continue
      const arrive = (): void => network.find(link.peerId)?.topics.hear(post)
      link.send(post.message.data.length, arrive)
    }
    return links.length
  }

  #listeners(name: string, except?: PeerId): MemoryLink[] {
    const { network, links } = this.#init
    return [...links.values()].filter(
      ({ peerId }) => peerId !== except && network.find(peerId)?.topics.listensTo(name) === true,
    )
  }

  /** A few of many, by chance. */
  #some(links: readonly MemoryLink[]): MemoryLink[] {
    const rest = [...links]
    const chosen: MemoryLink[] = []
    while (chosen.length < passOnTo && rest.length > 0) {
      const index = Math.floor(this.#init.network.chance() * rest.length)
      chosen.push(...rest.splice(index, 1))
    }
    return chosen
  }

  #remember(id: string): void {
    this.#seen.add(id)
    if (this.#seen.size <= topicOriginsMax) return
    const oldest = this.#seen.values().next()
    if (oldest.done !== true) this.#seen.delete(oldest.value)
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
