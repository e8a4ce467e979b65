/**
 * Libp2pWorld: real nets on loopback, for the contract and for tests of what only they can meet.
 */
import { startLibp2pNet } from '../../src/adapters/libp2p/index.ts'
import type { NetOptions } from '../../src/adapters/libp2p/index.ts'
import type { Net } from '../../src/ports/net.ts'
import { cluster, topics } from '../contract/net-world.ts'
import type { NetSetting, NetWorld } from '../contract/net-world.ts'

export interface Libp2pWorld extends NetWorld {
  readonly net: (setting?: NetSetting & Partial<NetOptions>) => Promise<Net>
  /** Start something else that is stopped with the world. */
  readonly also: (stop: () => Promise<unknown>) => void
}

let seeds = 0

/** Seeds differ between worlds, so that no two nets of a run share an identity. */
export function nextSeed(): Uint8Array {
  seeds += 1
  const seed = new Uint8Array(32)
  new DataView(seed.buffer).setUint32(0, seeds)
  return seed
}

export function identityOf(setting: NetSetting = {}): NetOptions['identity'] {
  return {
    cluster: setting.cluster ?? cluster,
    secret: new Uint8Array(32).fill(setting.secret ?? 1),
    software: 'test/1',
    features: [],
    topics: setting.topics ?? topics,
  }
}

export function openLibp2pWorld(): Promise<Libp2pWorld> {
  const stops: (() => Promise<unknown>)[] = []
  return Promise.resolve({
    net: async (setting = {}) => {
      const net = await startLibp2pNet({
        keySeed: nextSeed(),
        listen: ['/ip4/127.0.0.1/tcp/0'],
        identity: identityOf(setting),
        ...setting,
      })
      stops.push(() => net.close())
      return net
    },
    also: (stop) => {
      stops.push(stop)
    },
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    close: async () => {
      await Promise.all(stops.map((stop) => stop()))
    },
  })
}
