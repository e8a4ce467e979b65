/**
 * NetWorld: where a contract suite gets its nets from, and how it waits in either kind of time.
 */
import { expect } from 'vitest'

import { channelProtocol, topic } from '../../protocols/net.ts'
import type { ChannelProtocol, Topic } from '../../protocols/net.ts'
import type { Channel, ChannelEnd, Net, PeerEvent } from '../../src/ports/net.ts'

export interface NetSetting {
  readonly cluster?: string
  readonly secret?: number
  readonly topics?: readonly Topic[]
}

export interface NetWorld {
  /** A net that listens; its peer id grows with every call. */
  readonly net: (setting?: NetSetting) => Promise<Net>
  /** Let time pass. */
  readonly pass: (ms: number) => Promise<void>
  readonly close: () => Promise<void>
}

export type OpenNetWorld = () => Promise<NetWorld>

export const cluster = 'test'
export const news = topic(cluster, 'news')
export const gossip = topic(cluster, 'gossip', {
  perOriginPerSecond: 10,
  perOriginAbusePerSecond: 20,
  messageBytesMax: 1024,
})
export const topics = [news, gossip]

export const talk = channelProtocol('/shoal/test-talk/1.0.0', {
  lane: 'small',
  frameBytesMax: 1024 * 1024,
})
/** Its queue holds four frames of 64 KiB at most. */
export const narrow = channelProtocol('/shoal/test-narrow/1.0.0', {
  lane: 'small',
  frameBytesMax: 64 * 1024,
  queueBytesMax: 4 * (64 * 1024 + 4),
})

/** Wait until something is so; fails with what it was waiting for. */
export async function until(world: NetWorld, so: () => unknown, what: string): Promise<void> {
  for (let looks = 0; looks < 2_000; looks += 1) {
    if (so()) return
    await world.pass(5)
  }
  expect.fail(`waited in vain until ${what}`)
}

/** Everything that peers did to this net, in order. */
export function eventsOf(net: Net): PeerEvent[] {
  const events: PeerEvent[] = []
  net.onPeer((event) => events.push(event))
  return events
}

export function kindsOf(events: readonly PeerEvent[]): string[] {
  return events.map((event) => (event.kind === 'up' ? 'up' : event.reason))
}

/** What arrived on a channel, and how it ended. */
export interface Heard {
  readonly frames: Uint8Array[]
  readonly end: () => ChannelEnd | undefined
}

export function listenTo(channel: Channel): Heard {
  const frames: Uint8Array[] = []
  let end: ChannelEnd | undefined
  channel.onFrame((frame) => frames.push(frame.slice()))
  channel.onEnd((how) => {
    end = how
  })
  return { frames, end: () => end }
}

export interface Pair {
  readonly a: Net
  readonly b: Net
  /** The end of whoever opened, and the end of whoever serves. */
  readonly near: Channel
  readonly far: Channel
}

/** Two nets that know each other; `a` has the lower id and dialled. */
export async function meet(world: NetWorld): Promise<{ readonly a: Net; readonly b: Net }> {
  const nets = [await world.net(), await world.net()]
  const [a, b] = nets.toSorted((one, other) => (one.peerId < other.peerId ? -1 : 1))
  await a!.dial({ addresses: b!.addresses() })
  await until(world, () => b!.peer(a!.peerId), 'both are up')
  return { a: a!, b: b! }
}

export async function pair(world: NetWorld, protocol: ChannelProtocol = talk): Promise<Pair> {
  const { a, b } = await meet(world)
  const served: Channel[] = []
  await b.handle(protocol, (channel) => served.push(channel))
  const near = await a.open(b.peerId, protocol)
  await until(world, () => served.length === 1, 'the channel is served')
  return { a, b, near, far: served[0]! }
}

/** Send until the queue refuses; answers how many frames it took. */
export function fill(channel: Channel, frame: Uint8Array, max = 100_000): number {
  let sent = 0
  while (sent < max && channel.send(frame)) sent += 1
  return sent
}

/** Bytes that tell their place in a stream of frames. */
export function numbered(index: number, length: number): Uint8Array {
  const frame = new Uint8Array(length).fill(index % 251)
  if (length >= 4) new DataView(frame.buffer).setUint32(0, index)
  return frame
}
