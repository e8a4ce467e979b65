/**
 * Reach: the switchable ways to find and reach a peer, a local network and a relay.
 *
 * Neither opens the door: who is found or relayed still has to prove itself.
 */
import { createSocket } from 'node:dgram'

import { expect, test } from 'vitest'

import { until } from '../contract/net-world.ts'
import { endOf, stranger } from './libp2p-stranger.ts'
import { openLibp2pWorld } from './libp2p-world.ts'

test('mDNS: neighbours of one cluster meet, a stranger is refused and counted', async (context) => {
  const multicast = await multicastWorks()
  context.skip(!multicast, 'this machine delivers no multicast to itself')
  const world = await openLibp2pWorld()
  try {
    const [a, b] = [await world.net({ mdns: true }), await world.net({ mdns: true })]
    const other = await world.net({ mdns: true, secret: 99 })
    const met = () => a.peer(b.peerId) && b.peer(a.peerId)
    await until(world, met, 'the neighbours have met')
    const refusals = () => a.stats().hellosRefused + b.stats().hellosRefused
    await until(world, () => refusals() > 0, 'the stranger has tried')
    expect([a.peers().length, b.peers().length, other.peers().length]).toEqual([1, 1, 0])
  } finally {
    await world.close()
  }
})

test('a relay carries a hello between members that cannot reach each other', async () => {
  const world = await openLibp2pWorld()
  try {
    const relay = await world.net({ relayServer: true })
    const relayed = `${relay.addresses()[0]}/p2p-circuit`
    const a = await world.net({ relay: true, listen: [relayed] })
    const b = await world.net({ relay: true, listen: [] })
    await b.dial({ addresses: relay.addresses() })
    const peer = await b.dial({ peerId: a.peerId, addresses: [relayed] })
    expect(peer.remoteAddress).toContain('/p2p-circuit')
    await until(world, () => a.peer(b.peerId), 'the other side is up')
  } finally {
    await world.close()
  }
})

test('a relay gives a stranger no reservation', async () => {
  const world = await openLibp2pWorld()
  try {
    const relay = await world.net({ relayServer: true })
    const connection = await (await stranger(world)).reach(relay)
    const stream = await connection.newStream('/libp2p/circuit/relay/0.2.0/hop')
    expect(await endOf(stream, 5_000)).not.toBe('still open')
    expect(relay.stats().unprovenRefused).toBe(1)
  } finally {
    await world.close()
  }
})

/** Whether a datagram to a multicast group comes back to this machine. */
function multicastWorks(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket({ type: 'udp4', reuseAddr: true })
    const finish = (works: boolean): void => {
      clearTimeout(timer)
      socket.close(() => resolve(works))
    }
    const timer = setTimeout(() => finish(false), 1_000)
    socket.on('error', () => finish(false))
    socket.on('message', () => finish(true))
    socket.bind(0, () => {
      try {
        socket.addMembership('224.0.0.251')
        socket.setMulticastLoopback(true)
        socket.send('ping', socket.address().port, '224.0.0.251')
      } catch {
        finish(false)
      }
    })
  })
}
