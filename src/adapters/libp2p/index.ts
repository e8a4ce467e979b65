/**
 * Door of the libp2p adapter: start a real net, name a node by its key, and show the limits that
 * nodes behind one address need.
 */
export { peerIdIn } from './addresses.ts'
export { colocationProfile } from './colocation.ts'
export type { ColocationInput, ColocationProfile } from './colocation.ts'
export { colocationDefault } from './options.ts'
export type { NetOptions } from './options.ts'
export { peerIdOf, startLibp2pNet } from './start.ts'
