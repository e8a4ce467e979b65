/**
 * Many nodes behind one address: they all meet, and gossip reaches every one of them.
 *
 * The usual limits let 5 of 24 simultaneous dials through, and the usual scores deliver nothing
 * from 16 nodes on, without an error; what is tested here is the configuration nobody changed.
 */
import { expect, test } from 'vitest'

import type { Net } from '../../src/ports/net.ts'
import { news, until } from '../contract/net-world.ts'
import { openLibp2pWorld } from './libp2p-world.ts'

const nodes = 24

test('T7, T8: 24 nodes on one address form a full mesh and deliver every message', async () => {
  const world = await openLibp2pWorld()
  try {
    const nets: Net[] = []
    for (let index = 0; index < nodes; index += 1) nets.push(await world.net())
    for (const net of nets) {
      for (const other of nets) net.keep({ peerId: other.peerId, addresses: other.addresses() })
    }
    const full = () => nets.every((net) => net.peers().length === nodes - 1)
    await until(world, full, 'everybody has met everybody')
    const heard = nets.map((net) => {
      const messages = new Set<string>()
      net.subscribe(news.name, {
        onMessage: ({ origin, data }) => messages.add(`${origin} ${data[0]}`),
      })
      return messages
    })
    await subscribed(nets, (ms) => world.pass(ms))
    for (const net of nets) await net.publish(news.name, Uint8Array.of(1))
    for (const net of nets) await net.publish(news.name, Uint8Array.of(2))
    const messagesOf = (index: number) =>
      [...heard[index]!].filter((message) => !message.endsWith(' 0')).length
    const complete = () => nets.every((_, index) => messagesOf(index) === (nodes - 1) * 2)
    await until(world, complete, 'every message has reached everybody')
    const totals = nets.map((net) => net.stats())
    expect(totals.map(({ peersNow }) => peersNow)).toEqual(nets.map(() => nodes - 1))
    expect(totals.map(({ topicRejected, bans }) => topicRejected + bans)).toEqual(nets.map(() => 0))
  } finally {
    await world.close()
  }
})

/** Until everybody reaches all others with what they publish. */
async function subscribed(nets: readonly Net[], pass: (ms: number) => Promise<void>) {
  for (const net of nets) {
    let reached = 0
    for (let tries = 0; reached < nodes - 1 && tries < 200; tries += 1) {
      reached = await net.publish(news.name, Uint8Array.of(0))
      if (reached < nodes - 1) await pass(100)
    }
    expect(reached).toBe(nodes - 1)
  }
}
