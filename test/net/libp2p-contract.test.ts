/**
 * Libp2pNet: keeps the net contract, over real sockets and TLS.
 */
import { netContract } from '../contract/net.ts'
import { openLibp2pWorld } from './libp2p-world.ts'

netContract('libp2p net', openLibp2pWorld)
