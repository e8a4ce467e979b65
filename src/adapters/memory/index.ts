/**
 * Door of the memory adapters: the twins that tests and the simulator run on.
 */
export { AsyncCarrier, ownContext, promisesSettled } from './event-loop.ts'
export { createMemoryHost } from './host.ts'
export type { MemoryHost, MemoryHostOptions } from './host.ts'
export { MemoryLog } from './log.ts'
export type { LogLine, MemoryLogOptions } from './log.ts'
export { MemoryPeers } from './peer-memory.ts'
export { MemoryNet } from './net.ts'
export type { MemoryNetOptions } from './net.ts'
export { MemoryNetwork, plainModel } from './network.ts'
export type { NetworkInit, NetworkModel, NetworkTime } from './network.ts'
export { memoryWorkers } from './workers.ts'
export type { MemoryWorkersOptions } from './workers.ts'
