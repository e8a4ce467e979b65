/**
 * Those who do not belong: nothing is served to them, every attempt is counted, nobody else
 * notices.
 */
import { connect } from 'node:net'

import { describe, expect, test } from 'vitest'

import { frameOf } from '../../protocols/frame.ts'
import { actorProtocol } from '../../protocols/net.ts'
import { startLibp2pNet } from '../../src/adapters/libp2p/index.ts'
import type { Channel } from '../../src/ports/net.ts'
import { eventsOf, kindsOf, listenTo, meet, news, numbered } from '../contract/net-world.ts'
import { talk, until } from '../contract/net-world.ts'
import { about, endOf, greet, rawHello, stranger } from './libp2p-stranger.ts'
import { identityOf, nextSeed, openLibp2pWorld } from './libp2p-world.ts'
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

describe('before the hello', () => {
  it('no protocol is served, ours or libp2p’s own', async (world) => {
    const net = await world.net()
    const served: Channel[] = []
    await net.handle(actorProtocol, (channel) => served.push(channel))
    net.subscribe(news.name, { onMessage: () => undefined })
    const connection = await (await stranger(world)).reach(net)
    const own = ['/shoal/id/1.0.0', '/shoal/ping/1.0.0', '/meshsub/1.2.0', '/meshsub/1.1.0']
    for (const id of [actorProtocol.ids[0], ...own]) {
      const stream = await connection.newStream(id)
      expect([id, await endOf(stream, 1_000)]).toEqual([id, 'reset'])
    }
    expect(served).toEqual([])
    expect(net.stats().unprovenRefused).toBe(5)
    expect(await net.publish(news.name, Uint8Array.of(1))).toBe(0)
  })

  it('who says nothing is sent away after two seconds', async (world) => {
    const net = await world.net()
    const connection = await (await stranger(world)).reach(net)
    const beganAtMs = performance.now()
    expect(await endOf(connection, 5_000)).not.toBe('still open')
    expect(performance.now() - beganAtMs).toBeGreaterThan(1_500)
    expect(net.stats()).toMatchObject({ hellosTimedOut: 1, peersNow: 0 })
  })

  it('who stops in the middle of a hello is sent away as well', async (world) => {
    const net = await world.net()
    const connection = await (await stranger(world)).reach(net)
    const { say, hear } = await rawHello(connection)
    say({ kind: 'open', nonce: Buffer.alloc(32).toString('base64') })
    expect((await hear())?.kind).toBe('prove')
    expect(await endOf(connection, 5_000)).not.toBe('still open')
    expect(net.stats()).toMatchObject({ hellosTimedOut: 1, hellosProven: 0 })
  })
})

describe('a hello that is none', () => {
  it('a recorded hello of a member is worth nothing, even on its own key', async (world) => {
    const net = await world.net()
    const keySeed = nextSeed()
    const member = await stranger(world, { keySeed })
    const said: Uint8Array[] = []
    const by = { self: member.peerId, secret: 1 }
    const result = await greet(await member.reach(net), by, (bytes) => said.push(bytes.slice()))
    expect([result.proven, said.length]).toEqual([true, 2])
    for (const thief of [await stranger(world, { keySeed }), await stranger(world)]) {
      const { stream, hear } = await rawHello(await thief.reach(net))
      stream.send(said[0]!)
      expect((await hear())?.kind).toBe('prove')
      stream.send(said[1]!)
      expect(await hear()).toEqual({ kind: 'refuse', reason: 'not_proven' })
    }
    expect(net.stats()).toMatchObject({ hellosRefused: 2, hellosProven: 1, strikes: 2 })
  })

  it('the listener’s own proof, sent back to it, is refused', async (world) => {
    const net = await world.net()
    const mirror = await rawHello(await (await stranger(world)).reach(net))
    mirror.say({ kind: 'open', nonce: Buffer.alloc(32).toString('base64') })
    const proof = await mirror.hear()
    if (proof?.kind !== 'prove') throw new Error('no proof to send back')
    mirror.say({ kind: 'answer', proof: proof.proof, about })
    expect(await mirror.hear()).toEqual({ kind: 'refuse', reason: 'not_proven' })
  })

  it('a relayed hello does not admit the one in between', async (world) => {
    const [net, member] = [await world.net(), await world.net()]
    const middle = await stranger(world)
    const [towardNet, towardMember] = [
      await rawHello(await middle.reach(net)),
      await rawHello(await middle.reach(member)),
    ]
    // The one in between asks the member for a proof with the nonce that the net gave it.
    towardNet.say({ kind: 'open', nonce: Buffer.alloc(32, 1).toString('base64') })
    const asked = await towardNet.hear()
    if (asked?.kind !== 'prove') throw new Error('no question to relay')
    towardMember.say({ kind: 'open', nonce: asked.nonce })
    const answered = await towardMember.hear()
    if (answered?.kind !== 'prove') throw new Error('no answer to relay')
    towardNet.say({ kind: 'answer', proof: answered.proof, about })
    expect(await towardNet.hear()).toEqual({ kind: 'refuse', reason: 'not_proven' })
    expect(net.peers()).toEqual([])
  })

  for (const [what, bytes] of [
    ['bytes that are no JSON', frameOf(Buffer.from('\u0000hello'))],
    ['a frame of another kind', frameOf(Buffer.from('{"kind":"welcome"}'))],
    ['a field too many', frameOf(Buffer.from('{"kind":"open","nonce":"x","also":1}'))],
    ['a frame that announces four gigabytes', Buffer.from([255, 255, 255, 255])],
  ] as const) {
    it(`${what} end it, with a strike`, async (world) => {
      const net = await world.net()
      const connection = await (await stranger(world)).reach(net)
      const { stream, hear } = await rawHello(connection)
      stream.send(bytes)
      expect(await hear()).toEqual({ kind: 'refuse', reason: 'malformed' })
      expect(await endOf(connection, 2_000)).not.toBe('still open')
      expect(net.stats()).toMatchObject({ hellosMalformed: 1, strikes: 1, peersNow: 0 })
    })
  }

  it('three bad hellos ban an identity, and only that', async (world) => {
    const net = await world.net()
    const bad = await stranger(world)
    for (let tries = 0; tries < 3; tries += 1) {
      const connection = await bad.reach(net)
      const result = await greet(connection, { self: bad.peerId, secret: 66 })
      expect(result.proven).toBe(false)
      const { say } = await rawHello(await bad.reach(net))
      say({ kind: 'welcome' })
      await until(world, () => net.stats().hellosMalformed === tries + 1, 'the strike is counted')
    }
    expect(net.stats()).toMatchObject({ strikes: 3, bans: 1 })
    const refused = await bad.reach(net).then((connection) => endOf(connection, 1_000), String)
    expect(refused).not.toBe('still open')
    expect(net.stats().bannedRefused).toBe(1)
    const friend = await world.net()
    await friend.dial({ addresses: net.addresses() })
  })
})

describe('around the hello', () => {
  it('a hundred sockets that say nothing keep no friend out', async (world) => {
    const net = await world.net()
    const port = Number(/tcp\/(\d+)/.exec(net.addresses()[0]!)?.[1])
    const sockets = Array.from({ length: 100 }, () => connect(port, '127.0.0.1'))
    for (const socket of sockets) socket.on('error', () => undefined)
    world.also(async () => sockets.forEach((socket) => socket.destroy()))
    await world.pass(200)
    const friend = await world.net()
    await friend.dial({ addresses: net.addresses() })
    expect(net.peers().length).toBe(1)
    const closed = () => sockets.filter((socket) => socket.closed).length
    await until(world, () => closed() === 100, 'all of them are sent away')
    expect(net.peers().length).toBe(1)
  })

  it('another peer than the one expected at an address is not accepted', async (world) => {
    const [a, b, c] = [await world.net(), await world.net(), await world.net()]
    const address = b.addresses()[0]!.replace(/\/p2p\/.*/, '')
    const dial = a.dial({ peerId: c.peerId, addresses: [address] })
    await expect(dial).rejects.toMatchObject({ code: 'peer_unreachable' })
    expect([a.peers(), b.peers()]).toEqual([[], []])
  })

  it('T14: a node without the network key cannot even shake hands', async (world) => {
    const networkKey = new Uint8Array(32).fill(5)
    const [a, b] = [await world.net({ networkKey }), await world.net({ networkKey })]
    const stranger = await world.net({ networkKey: new Uint8Array(32).fill(6) })
    await expect(stranger.dial({ addresses: a.addresses() })).rejects.toMatchObject({
      code: 'peer_unreachable',
    })
    await a.dial({ addresses: b.addresses() })
    const served: Channel[] = []
    await b.handle(talk, (channel) => served.push(channel))
    const channel = await a.open(b.peerId, talk)
    await until(world, () => served.length === 1, 'the channel is served')
    const there = listenTo(served[0]!)
    for (let index = 0; index < 60; index += 1) channel.send(numbered(index, 100_000))
    await until(world, () => there.frames.length === 60, 'six megabytes came through the key')
  })

  it('Noise is spoken with who has nothing else, unless TLS is demanded', async (world) => {
    const [open, strict] = [await world.net(), await world.net({ encryption: 'tls-only' })]
    const plain = await stranger(world, { noiseOnly: true })
    expect((await plain.join(open)).encryption).toBe('/noise')
    await expect(plain.reach(strict)).rejects.toBeDefined()
    const { a, b } = await meet(world)
    expect([a.peers().length, b.peers().length]).toEqual([1, 1])
  })

  it('a peer that lost its memory replaces the connection that it forgot', async (world) => {
    const net = await world.net()
    const seen = eventsOf(net)
    const keySeed = nextSeed()
    const before = await (await stranger(world, { keySeed })).join(net)
    const after = await (await stranger(world, { keySeed })).join(net)
    expect(kindsOf(seen)).toEqual(['up', 'replaced', 'up'])
    expect(net.peers().length).toBe(1)
    expect(await endOf(before, 5_000)).not.toBe('still open')
    expect(after.status).toBe('open')
  })

  it('an occupied port is one sentence with the port and the remedy', async (world) => {
    const net = await world.net()
    const listen = [net.addresses()[0]!.replace(/\/p2p\/.*/, '')]
    const start = startLibp2pNet({ keySeed: nextSeed(), listen, identity: identityOf() })
    await expect(start).rejects.toMatchObject({
      code: 'address_in_use',
      message: expect.stringContaining(listen[0]!),
    })
  })

  it('a secret that can be guessed is refused before anything listens', async () => {
    const identity = { ...identityOf(), secret: new Uint8Array(8) }
    const start = startLibp2pNet({ keySeed: nextSeed(), listen: [], identity })
    await expect(start).rejects.toMatchObject({ code: 'cluster_secret_too_short' })
  })
})
