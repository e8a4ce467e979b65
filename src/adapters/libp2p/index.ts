/** Door of the libp2p adapter: start a real net, and name a node by its key. */
export { peerIdIn } from './addresses.ts'
export { colocationDefault } from './options.ts'
export type { NetOptions } from './options.ts'
export { peerIdOf, startLibp2pNet } from './start.ts'
