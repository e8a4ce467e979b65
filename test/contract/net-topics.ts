/**
 * The contract of every net on topics: declared ones only, judged, best effort and counted.
 */
import { describe, expect } from 'vitest'

import type { Net, TopicMessage } from '../../src/ports/net.ts'
import { worldTest } from './net-peers.ts'
import { gossip, meet, news, until } from './net-world.ts'
import type { NetWorld, OpenNetWorld } from './net-world.ts'

type WorldTest = ReturnType<typeof worldTest>

export function netTopicsContract(name: string, open: OpenNetWorld): void {
  describe(`${name} publishes`, () => {
    publishes(worldTest(open))
  })
  describe(`${name} judges what is published`, () => {
    judges(worldTest(open))
  })
}

/** Publish again and again until a subscriber is known; gossip learns of it in its own time. */
async function publishUntilHeard(world: NetWorld, net: Net, topic: string, peers = 1) {
  for (let tries = 0; tries < 400; tries += 1) {
    if ((await net.publish(topic, Uint8Array.of(0))) >= peers) return
    await world.pass(10)
  }
  expect.fail('nobody ever subscribed')
}

function publishes(it: WorldTest): void {
  it('a message reaches every subscriber with its origin, but not its publisher', async (world) => {
    const nets = [await world.net(), await world.net(), await world.net()]
    const heard = new Map<string, TopicMessage[]>()
    for (const net of nets) {
      const messages: TopicMessage[] = []
      heard.set(net.peerId, messages)
      net.subscribe(news.name, { onMessage: (message) => messages.push(message) })
    }
    for (const [index, net] of nets.entries()) {
      for (const other of nets.slice(index + 1)) await net.dial({ addresses: other.addresses() })
    }
    const [publisher] = nets
    await publishUntilHeard(world, publisher!, news.name, 2)
    await publisher!.publish(news.name, Uint8Array.of(4, 2))
    const last = (net: Net) => heard.get(net.peerId)?.at(-1)?.data[1]
    await until(world, () => last(nets[1]!) === 2 && last(nets[2]!) === 2, 'both have heard it')
    expect(heard.get(nets[1]!.peerId)?.at(-1)).toMatchObject({
      topic: news.name,
      origin: publisher!.peerId,
    })
    expect(heard.get(publisher!.peerId)).toEqual([])
  })

  it('a topic that was not declared can be neither published nor subscribed', async (world) => {
    const net = await world.net()
    const code = expect.objectContaining({ code: 'topic_not_allowed' })
    expect(() => net.subscribe('/other', { onMessage: () => undefined })).toThrow(code)
    await expect(net.publish('/other', Uint8Array.of(1))).rejects.toEqual(code)
  })

  it('a message beyond the limit of its topic is refused where it is published', async (world) => {
    const net = await world.net()
    const publish = net.publish(gossip.name, new Uint8Array(1025))
    await expect(publish).rejects.toMatchObject({ code: 'topic_message_too_large' })
  })

  it('who unsubscribes hears nothing more', async (world) => {
    const { a, b } = await meet(world)
    let heard = 0
    const stop = b.subscribe(news.name, { onMessage: () => (heard += 1) })
    await publishUntilHeard(world, a, news.name)
    await until(world, () => heard > 0, 'the first message arrived')
    stop()
    const before = heard
    await world.pass(100)
    await a.publish(news.name, Uint8Array.of(2))
    await world.pass(100)
    expect(heard).toBe(before)
  })
}

function judges(it: WorldTest): void {
  it('a validator ignores or rejects, and both are counted', async (world) => {
    const { a, b } = await meet(world)
    const heard: number[] = []
    const verdicts = ['accept', 'ignore', 'reject'] as const
    b.subscribe(news.name, {
      validate: ({ data }) => verdicts[data[0]!]!,
      onMessage: ({ data }) => heard.push(data[0]!),
    })
    await publishUntilHeard(world, a, news.name)
    await a.publish(news.name, Uint8Array.of(1))
    await a.publish(news.name, Uint8Array.of(2))
    const counted = () => b.stats().topicIgnored + b.stats().topicRejected === 2
    await until(world, counted, 'both verdicts are counted')
    expect(new Set(heard)).toEqual(new Set([0]))
    expect(b.stats()).toMatchObject({ topicIgnored: 1, topicRejected: 1 })
  })

  it('a validator that throws ignores the message', async (world) => {
    const { a, b } = await meet(world)
    let heard = 0
    b.subscribe(news.name, {
      validate: ({ data }) => {
        if (data[0] === 1) throw new Error('cannot judge')
        return 'accept'
      },
      onMessage: () => (heard += 1),
    })
    await publishUntilHeard(world, a, news.name)
    await until(world, () => heard > 0, 'the first message arrived')
    const before = heard
    await a.publish(news.name, Uint8Array.of(1))
    await until(world, () => b.stats().topicIgnored === 1, 'it was ignored')
    expect(heard).toBe(before)
  })

  it('an origin that publishes too fast is ignored beyond its rate', async (world) => {
    const { a, b } = await meet(world)
    let heard = 0
    b.subscribe(gossip.name, { onMessage: () => (heard += 1) })
    await publishUntilHeard(world, a, gossip.name)
    for (let count = 0; count < 35; count += 1) await a.publish(gossip.name, Uint8Array.of(count))
    const judged = () => heard + b.stats().topicIgnored >= 35
    await until(world, judged, 'all were judged')
    // Twenty at once and ten a second after that; the rest costs nobody but its origin.
    expect(heard).toBeGreaterThanOrEqual(20)
    expect(b.stats().topicIgnored).toBeGreaterThan(5)
    expect(b.stats().topicRejected).toBe(0)
  })
}
