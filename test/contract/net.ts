/**
 * Net contract: what every net keeps; run against the one in memory and libp2p alike.
 */
import { netChannelsContract } from './net-channels.ts'
import { netPeersContract } from './net-peers.ts'
import { netTopicsContract } from './net-topics.ts'
import type { OpenNetWorld } from './net-world.ts'

export function netContract(name: string, open: OpenNetWorld): void {
  netPeersContract(name, open)
  netChannelsContract(name, open)
  netTopicsContract(name, open)
}
