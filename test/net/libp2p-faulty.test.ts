/**
 * Members that are faulty: they have proven themselves and then break the rules.
 *
 * Memory stays bounded, the violation is counted and costs them, and other peers notice nothing.
 */
import type { Connection, Stream } from '@libp2p/interface'
import { describe, expect, test } from 'vitest'

import { frameOf } from '../../protocols/frame.ts'
import type { ChannelProtocol } from '../../protocols/net.ts'
import type { Channel, Net } from '../../src/ports/net.ts'
import { eventsOf, fill, kindsOf, listenTo, meet, news, numbered } from '../contract/net-world.ts'
import { talk, until } from '../contract/net-world.ts'
import { endOf, stranger } from './libp2p-stranger.ts'
import { openLibp2pWorld } from './libp2p-world.ts'
import type { Libp2pWorld } from './libp2p-world.ts'

function it(name: string, body: (world: Libp2pWorld) => Promise<void>): void {
  test(name, async () => {
    const world = await openLibp2pWorld()
    try {
      await body(world)
    } finally {
      await world.close()
    }
  })
}

interface Scene {
  readonly net: Net
  readonly faulty: Connection
  readonly served: Channel[]
  /** Fails unless a good peer is served as if nothing were wrong. */
  readonly othersUnaffected: () => Promise<void>
}

/** A net that serves a protocol, a faulty member and a good one. */
async function scene(world: Libp2pWorld, protocol: ChannelProtocol = talk): Promise<Scene> {
  const [net, good] = [await world.net(), await world.net()]
  const served: Channel[] = []
  await net.handle(protocol, (channel) => {
    served.push(channel)
    if (channel.peerId === good.peerId) channel.onFrame((frame) => channel.send(frame))
  })
  await good.dial({ addresses: net.addresses() })
  const echo = await good.open(net.peerId, protocol)
  const heard = listenTo(echo)
  const faulty = await (await stranger(world)).join(net)
  await until(world, () => net.peers().length === 2, 'both are up')
  const othersUnaffected = async (): Promise<void> => {
    const before = heard.frames.length
    const beganAtMs = performance.now()
    echo.send(numbered(before, 1_000))
    await until(world, () => heard.frames.length > before, 'the good peer is answered')
    expect(performance.now() - beganAtMs).toBeLessThan(1_000)
    expect(good.peers().length).toBe(1)
  }
  return { net, faulty, served, othersUnaffected }
}

async function opened({ faulty, served }: Scene, world: Libp2pWorld) {
  const before = served.length
  const stream = await faulty.newStream(talk.ids[0])
  await until(world, () => served.length > before, 'the channel is served')
  return { stream, channel: served.at(-1)! }
}

describe('frames', () => {
  it('one that announces too much ends its channel; three ban the peer', async (world) => {
    const stage = await scene(world)
    const seen = eventsOf(stage.net)
    for (let strikes = 1; strikes <= 3; strikes += 1) {
      const { stream, channel } = await opened(stage, world)
      const there = listenTo(channel)
      stream.send(Uint8Array.of(0, 16, 0, 1, 7))
      expect(await endOf(stream, 2_000)).not.toBe('still open')
      expect(there.end()).toBe('oversized')
      expect(stage.net.stats()).toMatchObject({ framesOversized: strikes, strikes })
    }
    expect(kindsOf(seen)).toEqual(['banned'])
    expect(await endOf(stage.faulty, 2_000)).not.toBe('still open')
    await stage.othersUnaffected()
  })

  it('one that trickles in ends its channel in time', async (world) => {
    const stage = await scene(world, { ...talk, readTimeoutMs: 800 })
    const { stream, channel } = await opened(stage, world)
    const there = listenTo(channel)
    stream.send(Uint8Array.of(0, 0, 1, 0))
    for (let bytes = 0; bytes < 100 && stream.status === 'open'; bytes += 1) {
      stream.send(Uint8Array.of(1))
      await world.pass(50)
    }
    expect(there.end()).toBe('read_timeout')
    expect(stage.net.stats()).toMatchObject({ readTimeouts: 1, strikes: 1 })
    await stage.othersUnaffected()
  })

  it('the room for a frame grows with what arrives, not with what is announced', async (world) => {
    const stage = await scene(world)
    const streams: Stream[] = []
    for (let count = 0; count < 8; count += 1) {
      const { stream, channel } = await opened(stage, world)
      listenTo(channel)
      streams.push(stream)
    }
    globalThis.gc?.()
    const before = process.memoryUsage().arrayBuffers
    for (const stream of streams) stream.send(Uint8Array.of(0, 16, 0, 0, 1))
    await world.pass(200)
    globalThis.gc?.()
    // Eight announcements of a mebibyte each.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 * 1024 * 1024)
    await stage.othersUnaffected()
  })
})

describe('floods and slowness', () => {
  it('a flood of channels is refused and ends in a ban', async (world) => {
    const stage = await scene(world)
    const opens = Array.from({ length: 60 }, () => stage.faulty.newStream(talk.ids[0]))
    await Promise.allSettled(opens)
    await until(world, () => stage.net.stats().bans === 1, 'the peer is banned')
    expect(stage.net.stats().opensRefused).toBeGreaterThanOrEqual(3)
    expect(stage.net.stats().channelsNow).toBe(1)
    await stage.othersUnaffected()
  })

  it('T4: who stops reading holds a bounded queue, then loses the channel', async (world) => {
    const stage = await scene(world, { ...talk, writeTimeoutMs: 1_500 })
    const { stream, channel } = await opened(stage, world)
    const there = listenTo(channel)
    stream.pause()
    globalThis.gc?.()
    const before = process.memoryUsage().arrayBuffers
    let refused = 0
    while (there.end() === undefined) {
      if (fill(channel, new Uint8Array(60_000)) === 0) refused += 1
      await world.pass(20)
      expect(channel.queuedBytes).toBeLessThanOrEqual(talk.queueBytesMax)
    }
    expect(there.end()).toBe('write_timeout')
    expect(refused).toBeGreaterThan(10)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(24 * 1024 * 1024)
    await stage.othersUnaffected()
  })

  it('T9: a peer that sends what nobody reads is slowed, not reset', async (world) => {
    const stage = await scene(world)
    const { stream, channel } = await opened(stage, world)
    const frame = frameOf(new Uint8Array(60_000))
    let sent = 0
    while (sent < 400 && stream.send(frame)) sent += 1
    await world.pass(500)
    expect(sent).toBeLessThan(400)
    expect([stream.status, channel.open]).toEqual(['open', true])
    await stage.othersUnaffected()
    let read = 0
    channel.onFrame(() => (read += 1))
    await until(world, () => read >= sent, 'what was sent is read after all')
  })

  it('a protocol with a rate slows a peer that sends faster', async (world) => {
    const stage = await scene(world, { ...talk, readBytesPerSecond: 100_000 })
    const { stream, channel } = await opened(stage, world)
    let read = 0
    channel.onFrame(({ length }) => (read += length))
    const frame = frameOf(new Uint8Array(10_000))
    for (let count = 0; count < 40; count += 1) stream.send(frame)
    await world.pass(1_000)
    // A second's worth at once, another by now, and what one window carries beyond that.
    expect(read).toBeLessThan(400_000)
    await until(world, () => read === 400_000, 'all of it is read in time')
    expect(channel.open).toBe(true)
  })
})

describe('gossip', () => {
  /** A stream as gossip would open it, and what may be put on it. */
  async function gossipStream(faulty: Connection): Promise<Stream> {
    return faulty.newStream('/meshsub/1.1.0')
  }

  it('T12: a flood of subscriptions costs nothing', async (world) => {
    const stage = await scene(world)
    const stream = await gossipStream(stage.faulty)
    globalThis.gc?.()
    const before = process.memoryUsage().heapUsed
    for (let round = 0; round < 40; round += 1) {
      if (stream.status !== 'open') break
      stream.send(subscriptions(250, round))
      await world.pass(5)
    }
    await world.pass(200)
    globalThis.gc?.()
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(12 * 1024 * 1024)
    await stage.othersUnaffected()
  })

  it('T6: a broken frame makes gossip deaf to a peer, not to the others', async (world) => {
    const { a, b } = await meet(world)
    const faulty = await (await stranger(world)).join(b)
    const stream = await gossipStream(faulty)
    stream.send(Uint8Array.of(255, 255, 255, 255, 127))
    stream.send(new Uint8Array(100_000).fill(255))
    const heard = hear(b)
    await publishUntil(world, a, () => heard.length > 0)
    expect(b.peers().length).toBe(2)
  })

  it('T5, T6: gossip that fell silent on a live connection is attached anew', async (world) => {
    const wide = [{ ...news, messageBytesMax: 512 * 1024 }]
    const [a, b] = [await world.net({ topics: wide }), await world.net({ topics: wide })]
    await a.dial({ addresses: b.addresses() })
    const [atA, atB] = [hear(a), hear(b)]
    await publishUntil(world, a, () => atB.length > 0)
    // More than gossip reads at once: the receiver drops its publisher, whose stream then ends.
    await a.publish(news.name, new Uint8Array(400_000))
    await world.pass(200)
    const deafAt = atB.length
    await a.publish(news.name, Uint8Array.of(2))
    await world.pass(200)
    expect(atB.length).toBe(deafAt)
    const anew = () => a.stats().gossipReattached + b.stats().gossipReattached > 0
    await until(world, anew, 'the silence is noticed')
    await publishUntil(world, a, () => atB.length > deafAt)
    const before = atA.length
    await publishUntil(world, b, () => atA.length > before)
    expect([a.peers().length, a.stats().gossipBounced + b.stats().gossipBounced]).toEqual([1, 0])
  })

  function hear(net: Net): Uint8Array[] {
    const heard: Uint8Array[] = []
    net.subscribe(news.name, { onMessage: ({ data }) => heard.push(data) })
    return heard
  }

  async function publishUntil(world: Libp2pWorld, net: Net, so: () => boolean): Promise<void> {
    for (let tries = 0; tries < 300 && !so(); tries += 1) {
      await net.publish(news.name, Uint8Array.of(1))
      await world.pass(25)
    }
    expect(so()).toBe(true)
  }
})

/** Many topics that nobody asked for, as a gossip frame with its length before it. */
function subscriptions(count: number, round: number): Uint8Array {
  const parts: Buffer[] = []
  for (let index = 0; index < count; index += 1) {
    const topic = Buffer.from(`/flood/${round}/${index}/`.padEnd(100, 'x'))
    const inner = Buffer.concat([Buffer.from([0x08, 1, 0x12, topic.length]), topic])
    parts.push(Buffer.concat([Buffer.from([0x0a, inner.length]), inner]))
  }
  const body = Buffer.concat(parts)
  const length = [(body.length & 127) | 128, ((body.length >> 7) & 127) | 128, body.length >> 14]
  return Buffer.concat([Buffer.from(length), body])
}
