/**
 * The contract of every net on channels: order, boundaries, bounds, back-pressure, endings.
 */
import { describe, expect } from 'vitest'

import { channelProtocol } from '../../protocols/net.ts'
import type { Channel } from '../../src/ports/net.ts'
import { worldTest } from './net-peers.ts'
import { fill, listenTo, meet, narrow, numbered, pair, talk, until } from './net-world.ts'
import type { OpenNetWorld } from './net-world.ts'

type WorldTest = ReturnType<typeof worldTest>

export function netChannelsContract(name: string, open: OpenNetWorld): void {
  describe(`${name} carries frames`, () => {
    carriesFrames(worldTest(open))
  })
  describe(`${name} bounds its queues`, () => {
    boundsQueues(worldTest(open))
  })
  describe(`${name} opens and ends channels`, () => {
    opensAndEnds(worldTest(open))
  })
}

function carriesFrames(it: WorldTest): void {
  it('I11: frames of every size arrive whole and in order, both ways', async (world) => {
    const { near, far } = await pair(world)
    const [here, there] = [listenTo(near), listenTo(far)]
    const sizes = [0, 1, 3, 4, 5, 63, 16_384, 16_385, 65_536, 300_000, 0, 7, 1_048_576, 2]
    const frames = sizes.map((size, index) => numbered(index, size))
    for (const frame of frames) {
      expect(near.send(frame)).toBe(true)
      expect(far.send(frame)).toBe(true)
    }
    const all = (): boolean => there.frames.length + here.frames.length === sizes.length * 2
    await until(world, all, 'all frames arrived')
    expect(there.frames.map((frame) => frame.length)).toEqual(sizes)
    expect(there.frames.every((frame, index) => same(frame, frames[index]!))).toBe(true)
    expect(here.frames.every((frame, index) => same(frame, frames[index]!))).toBe(true)
  })

  it('frames wait for their first reader', async (world) => {
    const { near, far } = await pair(world)
    near.send(numbered(1, 10))
    near.send(numbered(2, 10))
    await world.pass(50)
    const there = listenTo(far)
    await until(world, () => there.frames.length === 2, 'the frames were read')
    expect(there.frames).toEqual([numbered(1, 10), numbered(2, 10)])
  })

  it('a pause in the middle of a packet stops the reader at that frame', async (world) => {
    const { near, far } = await pair(world)
    const read: number[] = []
    far.onFrame((frame) => {
      read.push(frame.length)
      if (read.length === 3) far.pause()
    })
    for (let size = 1; size <= 10; size += 1) near.send(new Uint8Array(size))
    await until(world, () => read.length >= 3, 'three frames were read')
    await world.pass(50)
    expect(read).toEqual([1, 2, 3])
    far.resume()
    await until(world, () => read.length === 10, 'the rest was read')
    expect(read).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  it('a reader that pauses at every frame still gets all of them in order', async (world) => {
    const { near, far } = await pair(world)
    const read: Uint8Array[] = []
    far.onFrame((frame) => {
      read.push(frame.slice(0, 4))
      far.pause()
      void world.pass(0).then(() => far.resume())
    })
    const frames = Array.from({ length: 60 }, (_, index) => numbered(index, 20_000))
    let next = 0
    const go = (): void => {
      while (next < frames.length && near.send(frames[next]!)) next += 1
    }
    near.onDrain(go)
    go()
    await until(world, () => read.length === frames.length, 'all frames were read')
    expect(read).toEqual(frames.map((frame) => frame.slice(0, 4)))
  })
}

function boundsQueues(it: WorldTest): void {
  it('I12: a slow reader fills a bounded queue, then the sender is told', async (world) => {
    const { a, near, far } = await pair(world)
    const received: number[] = []
    far.onFrame((frame) => received.push(new DataView(frame.slice().buffer).getUint32(0)))
    far.pause()
    let sent = 0
    let drains = 0
    const go = (): void => {
      while (sent < 400 && near.send(numbered(sent, 65_536))) sent += 1
    }
    near.onDrain(() => {
      drains += 1
      go()
    })
    go()
    await world.pass(300)
    const sentIntoSilence = sent
    // The queue, what is on the way and what waits unread: about ten of twenty-six megabytes.
    expect(sentIntoSilence).toBeLessThan(220)
    expect(near.queuedBytes).toBeLessThanOrEqual(talk.queueBytesMax)
    expect(a.stats().framesRejected).toBeGreaterThan(0)
    far.resume()
    await until(world, () => received.length === 400, 'everything arrived after all')
    expect(received).toEqual(Array.from({ length: 400 }, (_, index) => index))
    expect(drains).toBeGreaterThan(0)
  })

  it('a queue that closes when full ends its channel on both sides', async (world) => {
    const { near, far } = await pair(world, { ...narrow, onFull: 'close' })
    const [here, there] = [listenTo(near), listenTo(far)]
    far.pause()
    for (let looks = 0; here.end() === undefined && looks < 100; looks += 1) {
      fill(near, new Uint8Array(60_000), 100)
      await world.pass(5)
    }
    await until(world, () => there.end() !== undefined, 'the other side hears of it')
    expect([here.end(), there.end()]).toEqual(['overflow', 'reset'])
    expect(near.send(new Uint8Array(1))).toBe(false)
  })

  it('a slow reader of one channel does not slow another', async (world) => {
    const { a, b, near, far } = await pair(world)
    far.pause()
    far.onFrame(() => undefined)
    fill(near, new Uint8Array(65_536))
    const served: Channel[] = []
    await b.handle(narrow, (channel) => served.push(channel))
    const quick = await a.open(b.peerId, narrow)
    await until(world, () => served.length === 1, 'the second channel is served')
    const there = listenTo(served[0]!)
    quick.send(numbered(7, 100))
    await until(world, () => there.frames.length === 1, 'its frame arrived')
    expect(there.frames).toEqual([numbered(7, 100)])
  })

  it('a frame beyond the limit of its protocol is refused where it is sent', async (world) => {
    const { near } = await pair(world, narrow)
    expect(() => near.send(new Uint8Array(64 * 1024 + 1))).toThrow(
      expect.objectContaining({ code: 'frame_too_large' }),
    )
    expect(near.open).toBe(true)
  })

  it('a peer that takes nothing for too long loses the channel', async (world) => {
    const { a, near, far } = await pair(world, { ...narrow, writeTimeoutMs: 500 })
    const here = listenTo(near)
    far.pause()
    await world.pass(10)
    for (let looks = 0; looks < 40; looks += 1) {
      fill(near, new Uint8Array(60_000))
      await world.pass(10)
    }
    await until(world, () => here.end() !== undefined, 'the channel ended')
    expect(here.end()).toBe('write_timeout')
    expect(a.stats().writeTimeouts).toBe(1)
  })
}

function opensAndEnds(it: WorldTest): void {
  it('a close delivers what was queued, then both ends are closed', async (world) => {
    const { near, far } = await pair(world)
    const [here, there] = [listenTo(near), listenTo(far)]
    for (let index = 0; index < 50; index += 1) near.send(numbered(index, 30_000))
    near.close()
    expect([near.open, near.send(new Uint8Array(1))]).toEqual([false, false])
    await until(world, () => there.end() !== undefined, 'the other end is closed')
    expect(there.frames.length).toBe(50)
    expect([here.end(), there.end()]).toEqual(['closed', 'closed'])
  })

  it('a close waits for a paused reader to see the last frame', async (world) => {
    const { near, far } = await pair(world)
    const there = listenTo(far)
    far.pause()
    near.send(numbered(1, 10))
    near.close()
    await world.pass(50)
    expect([there.frames.length, there.end()]).toEqual([0, undefined])
    far.resume()
    await until(world, () => there.end() !== undefined, 'the end is seen')
    expect([there.frames.length, there.end()]).toEqual([1, 'closed'])
  })

  it('an abort ends both sides at once, each with its own word', async (world) => {
    const { a, b, near, far } = await pair(world)
    const [here, there] = [listenTo(near), listenTo(far)]
    near.abort('enough')
    await until(world, () => there.end() !== undefined, 'the other side hears of it')
    expect([here.end(), there.end()]).toEqual(['aborted', 'reset'])
    const late: string[] = []
    near.onEnd((end) => late.push(end))
    expect(late).toEqual(['aborted'])
    expect([a.stats().channelsNow, b.stats().channelsNow]).toEqual([0, 0])
  })

  it('an unknown protocol is refused by name', async (world) => {
    const { a, b } = await meet(world)
    await expect(a.open(b.peerId, talk)).rejects.toMatchObject({
      code: 'protocol_unsupported',
      message: expect.stringContaining(talk.ids[0]),
    })
  })

  it('two versions settle on the newest that both have', async (world) => {
    const { a, b } = await meet(world)
    const old = channelProtocol('/shoal/test-talk/1.0.0', { lane: 'small', frameBytesMax: 1024 })
    const served: Channel[] = []
    await b.handle(old, (channel) => served.push(channel))
    const newer = { ...old, ids: ['/shoal/test-talk/2.0.0', '/shoal/test-talk/1.0.0'] as const }
    const channel = await a.open(b.peerId, newer)
    expect(channel.protocol).toBe('/shoal/test-talk/1.0.0')
    expect(served[0]?.protocol).toBe('/shoal/test-talk/1.0.0')
  })

  it('a protocol that is handled no more is unknown again', async (world) => {
    const { a, b } = await meet(world)
    const stop = await b.handle(talk, () => undefined)
    await a.open(b.peerId, talk)
    stop()
    await world.pass(20)
    await expect(a.open(b.peerId, talk)).rejects.toMatchObject({ code: 'protocol_unsupported' })
  })

  it('a peer that opens too many channels is refused, those that are open go on', async (world) => {
    const few = { ...talk, channelsPerPeerMax: 3 }
    const { a, b, near, far } = await pair(world, few)
    const there = listenTo(far)
    const ends: string[] = []
    const opens = Array.from({ length: 4 }, async () => {
      const channel = await a.open(b.peerId, few)
      channel.onEnd((end) => ends.push(end))
    })
    await Promise.allSettled(opens)
    await until(world, () => b.stats().opensRefused === 2, 'two were refused')
    near.send(numbered(1, 10))
    await until(world, () => there.frames.length === 1, 'the first channel still works')
    expect(b.stats()).toMatchObject({ channelsNow: 3, strikes: 2 })
  })

  it('a channel that may not rest ends when nothing is said', async (world) => {
    const brief = { ...talk, idleTimeoutMs: 1_000 }
    const { near, far } = await pair(world, brief)
    const [here, there] = [listenTo(near), listenTo(far)]
    await world.pass(600)
    near.send(numbered(1, 1))
    await world.pass(600)
    expect([here.end(), there.end()]).toEqual([undefined, undefined])
    await until(world, () => here.end() !== undefined && there.end() !== undefined, 'both ended')
    expect([here.end(), there.end()]).toContain('idle')
  })
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}
