/**
 * NetOptions: what a libp2p net is started with.
 * Everything that is not here is a limit, and the same on every node.
 */
import type { ColocationInput } from './colocation.ts'
import type { Log } from '../../ports/log.ts'
import type { NetIdentity } from '../../ports/net.ts'

export interface NetOptions {
  readonly identity: NetIdentity
  /** The 32 bytes from which the node's Ed25519 key is made; kept by whoever owns the data. */
  readonly keySeed: Uint8Array
  /** Such as `/ip4/127.0.0.1/tcp/0`. An empty list makes a node that only dials. */
  readonly listen: readonly string[]
  /** Addresses to tell others instead of those that we listen on. */
  readonly announce?: readonly string[]
  /** TLS 1.3 is preferred; Noise is spoken with peers that have nothing else, unless forbidden. */
  readonly encryption?: 'tls-first' | 'tls-only'
  /** A second key, shared by all nodes, under the encryption: strangers cannot even shake hands. */
  readonly networkKey?: Uint8Array
  /** Find peers on the local network. */
  readonly mdns?: boolean
  /** Reach peers through relays and punch holes; relayed connections are short and small. */
  readonly relay?: boolean
  readonly relayServer?: boolean
  readonly colocation?: ColocationInput
  readonly log?: Log
}

export const colocationDefault: ColocationInput = { nodesMax: 100 }
