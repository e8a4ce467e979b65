/**
 * MemoryPeers: the memory of a node that exists only in a test or a simulation.
 *
 * It outlives the node's system when the test keeps it, as a disk outlives a process.
 */
import type { PeerMemory, Remembered } from '../../ports/peer-memory.ts'

export class MemoryPeers implements PeerMemory {
  latest: Remembered | null = null

  recall(): Promise<Remembered | null> {
    return Promise.resolve(this.latest)
  }

  remember(remembered: Remembered): Promise<void> {
    this.latest = structuredClone(remembered)
    return Promise.resolve()
  }
}
