/**
 * PeerMemory: what a node remembers of its cluster across restarts.
 *
 * After an outage of the whole site nobody is there to ask: the addresses of those who were, and
 * the node's own last incarnation, are all that it begins with.
 */

export interface RememberedPeer {
  readonly peerId: string
  readonly addresses: readonly string[]
  /** Wall-clock milliseconds of when it was last counted on. */
  readonly seenAtMs: number
}

export interface Remembered {
  /** The highest incarnation that this node ever spoke with; a new life begins above it. */
  readonly incarnation: number
  readonly peers: readonly RememberedPeer[]
}

export interface PeerMemory {
  /** What was remembered last; nothing at the first start, or when it was lost. */
  recall(): Promise<Remembered | null>
  /** Resolves once it would survive a crash; a later call replaces an earlier one. */
  remember(remembered: Remembered): Promise<void>
}
