/**
 * Mesh link: what is asked while one side's link is open and the other's is not yet.
 */
import { expect, test } from 'vitest'
import { actorBulkProtocol } from '../../protocols/net.ts'
import { MemoryNet, MemoryNetwork } from '../../src/adapters/memory/index.ts'
import { createCodec } from '../../src/adapters/msgpackr/index.ts'
import { nodeRuntime } from '../../src/adapters/node-runtime/index.ts'
import { ActorSystem, actor, ask, protocol } from '../../src/kernel/index.ts'
import { Mesh, systemName } from '../../src/mesh/index.ts'
import type { Channel, Net } from '../../src/ports/net.ts'

const Echo = protocol('test.link-echo/1', { echo: ask<{ readonly number: number }, number>() })
const echo = actor(Echo, { state: () => null, on: { echo: (_, { number }) => number } })

function openNetwork(): MemoryNetwork {
  return new MemoryNetwork({
    nowMs: () => performance.now(),
    after: (delayMs, work) => {
      const timer = setTimeout(work, delayMs)
      return () => clearTimeout(timer)
    },
    chance: () => 0.5,
  })
}

/** A net whose large lane is handed over late, as a busy process does. */
function late(net: Net, byMs: number): Net {
  const handle: Net['handle'] = (spoken, onChannel) => {
    const delayed = (channel: Channel): void => void setTimeout(() => onChannel(channel), byMs)
    return net.handle(spoken, spoken === actorBulkProtocol ? delayed : onChannel)
  }
  return new Proxy(net, {
    get: (target, name) => {
      if (name === 'handle') return handle
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

async function openNode(network: MemoryNetwork, peerId: string, lateByMs: number) {
  const secret = new Uint8Array(32).fill(1)
  const identity = { cluster: 'test', secret, software: 'test/1', features: [], topics: [] }
  const net = new MemoryNet(network, { peerId, identity })
  const system = await ActorSystem.start({ name: systemName(peerId, 1), runtime: nodeRuntime() })
  const mesh = await Mesh.start({
    system,
    net: lateByMs === 0 ? net : late(net, lateByMs),
    openCodec: (refs) => createCodec({ refs }),
    protocols: [Echo],
  })
  return { net, system, mesh }
}

test('asks that arrive before the second channel does are answered once it is there', async () => {
  const network = openNetwork()
  const near = await openNode(network, 'a', 0)
  const far = await openNode(network, 'b', 60)
  far.system.spawn(echo, undefined, { name: 'echo' })
  const there = near.mesh.at('b~1', Echo, '/echo')
  const asked = Array.from({ length: 50 }, (_, number) => there.echo({ number }))
  await near.net.dial({ addresses: far.net.addresses() })
  expect(await Promise.all(asked)).toEqual(Array.from({ length: 50 }, (_, number) => number))
  near.mesh.close()
  far.mesh.close()
  await Promise.all([near.system.terminate(), far.system.terminate()])
})
