/**
 * The contract of every net on peers: proof before service, one connection, staying in touch.
 */
import { describe, expect, test } from 'vitest'

import { eventsOf, kindsOf, meet, news, pair, talk, until } from './net-world.ts'
import type { NetWorld, OpenNetWorld } from './net-world.ts'
import { listenTo } from './net-world.ts'

export function netPeersContract(name: string, open: OpenNetWorld): void {
  describe(`${name} makes peers`, () => {
    makesPeers(worldTest(open))
  })
  describe(`${name} refuses strangers`, () => {
    refusesStrangers(worldTest(open))
  })
  describe(`${name} stays in touch`, () => {
    staysInTouch(worldTest(open))
  })
}

type WorldTest = (name: string, body: (world: NetWorld) => Promise<void>) => void

/** A test in a world of its own, which is closed whatever happens. */
export function worldTest(open: OpenNetWorld): WorldTest {
  return (name, body) =>
    test(name, async () => {
      const world = await open()
      try {
        await body(world)
      } finally {
        await world.close()
      }
    })
}

function makesPeers(it: WorldTest): void {
  it('a dial resolves with a peer that is up on both sides', async (world) => {
    const [a, b] = [await world.net(), await world.net()]
    const [seenByA, seenByB] = [eventsOf(a), eventsOf(b)]
    const peer = await a.dial({ addresses: b.addresses() })
    await until(world, () => b.peers().length === 1, 'the other side is up')
    expect(peer).toMatchObject({ peerId: b.peerId, direction: 'outbound' })
    expect(a.peers()).toEqual([peer])
    expect(b.peer(a.peerId)).toMatchObject({ peerId: a.peerId, direction: 'inbound' })
    expect(b.peer(a.peerId)?.about.addresses).toEqual(a.addresses())
    expect([kindsOf(seenByA), kindsOf(seenByB)]).toEqual([['up'], ['up']])
    expect(a.stats()).toMatchObject({ dials: 1, hellosProven: 1, peersNow: 1 })
  })

  it('a dial to a peer that is up answers with what is there', async (world) => {
    const { a, b } = await meet(world)
    const target = { peerId: b.peerId, addresses: b.addresses() }
    const [one, other] = await Promise.all([a.dial(target), a.dial(target)])
    expect(one).toBe(other)
    expect(a.stats().hellosProven).toBe(1)
  })

  it('T10: two nets that dial each other at once keep one connection', async (world) => {
    const { a, b } = await strangers(world)
    const [seenByA, seenByB] = [eventsOf(a), eventsOf(b)]
    await Promise.all([
      a.dial({ peerId: b.peerId, addresses: b.addresses() }),
      b.dial({ peerId: a.peerId, addresses: a.addresses() }),
    ])
    await world.pass(300)
    expect([a.peers().length, b.peers().length]).toEqual([1, 1])
    expect([kindsOf(seenByA), kindsOf(seenByB)]).toEqual([['up'], ['up']])
    const directions = [a.peer(b.peerId)?.direction, b.peer(a.peerId)?.direction]
    expect(new Set(directions)).toEqual(new Set(['inbound', 'outbound']))
  })

  it('a net without peers serves: it publishes to nobody and closes', async (world) => {
    const lonely = await world.net()
    expect(await lonely.publish(news.name, Uint8Array.of(1))).toBe(0)
    expect(lonely.stats().topicUnheard).toBe(1)
    await lonely.close()
    await lonely.close()
  })
}

async function strangers(world: NetWorld) {
  const [a, b] = [await world.net(), await world.net()]
  return { a, b }
}

function refusesStrangers(it: WorldTest): void {
  it('T18: a net with another secret is refused and counted, and never up', async (world) => {
    const a = await world.net()
    const stranger = await world.net({ secret: 99 })
    const seen = eventsOf(a)
    const dial = stranger.dial({ addresses: a.addresses() })
    await expect(dial).rejects.toMatchObject({ code: 'peer_refused' })
    await until(world, () => a.stats().hellosRefused === 1, 'the refusal is counted')
    expect([seen, a.peers(), stranger.peers()]).toEqual([[], [], []])
  })

  it('a net of another cluster is refused even with the same secret', async (world) => {
    const a = await world.net()
    const stranger = await world.net({ cluster: 'other' })
    const dial = a.dial({ addresses: stranger.addresses() })
    await expect(dial).rejects.toMatchObject({ code: 'peer_refused' })
    expect(a.peers()).toEqual([])
  })

  it('nobody at an address is a refusal with the address', async (world) => {
    const [a, gone] = [await world.net(), await world.net()]
    const addresses = gone.addresses()
    await gone.close()
    await expect(a.dial({ addresses })).rejects.toMatchObject({ code: 'peer_unreachable' })
    expect(a.stats()).toMatchObject({ dials: 1, dialsFailed: 1 })
  })

  it('an address that is none is refused with its text', async (world) => {
    const a = await world.net()
    await expect(a.dial({ addresses: ['nonsense'] })).rejects.toMatchObject({
      code: 'address_invalid',
      message: expect.stringContaining('"nonsense"'),
    })
  })

  it('a banned peer goes down and is refused when it returns', async (world) => {
    const { a, b } = await meet(world)
    const [seenByA, seenByB] = [eventsOf(a), eventsOf(b)]
    b.ban(a.peerId)
    await until(world, () => a.peers().length === 0, 'the peer is gone')
    const dial = a.dial({ peerId: b.peerId, addresses: b.addresses() })
    await expect(dial).rejects.toHaveProperty('code')
    expect(kindsOf(seenByB)).toEqual(['banned'])
    expect(kindsOf(seenByA)).toEqual(['lost'])
    expect(b.stats()).toMatchObject({ bans: 1, bannedRefused: 1, peersNow: 0 })
  })
}

function staysInTouch(it: WorldTest): void {
  it('T2: a kept peer is dialled, and dialled again when it is lost', async (world) => {
    const [a, b] = [await world.net(), await world.net()]
    const seen = eventsOf(a)
    a.keep({ peerId: b.peerId, addresses: b.addresses() })
    await until(world, () => kindsOf(seen).length === 1, 'the kept peer is up')
    b.disconnect(a.peerId)
    await until(world, () => kindsOf(seen).length === 3, 'the kept peer is up again')
    expect(kindsOf(seen)).toEqual(['up', 'lost', 'up'])
  })

  it('an address without an id is kept as the peer that answers there', async (world) => {
    const [a, b] = [await world.net(), await world.net()]
    a.keep({ addresses: b.addresses() })
    await until(world, () => a.peer(b.peerId), 'the address is a peer')
    a.disconnect(b.peerId)
    await until(world, () => a.peer(b.peerId) === undefined, 'it is gone')
    await until(world, () => a.peer(b.peerId), 'it is back')
    a.release(b.peerId)
    a.disconnect(b.peerId)
    await world.pass(1_500)
    expect(a.peers()).toEqual([])
  })

  it('a disconnect ends the channels on both sides', async (world) => {
    const { a, b, near, far } = await pair(world)
    const [seenByA, seenByB] = [eventsOf(a), eventsOf(b)]
    const [here, there] = [listenTo(near), listenTo(far)]
    a.disconnect(b.peerId)
    await until(world, () => there.end() !== undefined, 'the other end hears of it')
    expect([here.end(), there.end()]).toEqual(['lost', 'lost'])
    expect([kindsOf(seenByA), kindsOf(seenByB)]).toEqual([['disconnected'], ['lost']])
    expect([a.stats().channelsNow, b.stats().channelsNow]).toEqual([0, 0])
  })

  it('a net that closes is lost to its peers at once', async (world) => {
    const { a, b } = await meet(world)
    const seen = eventsOf(b)
    await a.close()
    await until(world, () => kindsOf(seen).length > 0, 'the loss is noticed')
    expect(kindsOf(seen)).toEqual(['lost'])
    await expect(b.open(a.peerId, talk)).rejects.toMatchObject({ code: 'peer_unreachable' })
  })

  it('peers that listen no more are told nothing', async (world) => {
    const { a, b } = await meet(world)
    const events: string[] = []
    const unsubscribe = a.onPeer(({ kind }) => events.push(kind))
    unsubscribe()
    b.disconnect(a.peerId)
    await until(world, () => a.peers().length === 0, 'the peer is gone')
    expect(events).toEqual([])
  })
}
