/**
 * NetCounters: what a net counts, as plain integers.
 *
 * Whoever counts adds one; nobody is told, and whoever wants to know copies them. They only grow,
 * but for those named `…Now`.
 */

export const netCounterNames = [
  'peersNow',
  'channelsNow',
  'dials',
  'dialsFailed',
  'hellosProven',
  'hellosRefused',
  'hellosTimedOut',
  'hellosMalformed',
  'duplicatesClosed',
  /** Streams of peers that had not proven themselves. */
  'unprovenRefused',
  'bannedRefused',
  'bans',
  'strikes',
  /** Channels beyond a peer's allowance. */
  'opensRefused',
  'framesIn',
  'framesOut',
  'bytesIn',
  'bytesOut',
  /** Frames that a full queue did not take. */
  'framesRejected',
  'framesOversized',
  'readTimeouts',
  'writeTimeouts',
  'topicIn',
  'topicOut',
  'topicIgnored',
  'topicRejected',
  /** Published while nobody listened. */
  'topicUnheard',
  /** Peers whose gossip had fallen silent and was attached anew, or given up. */
  'gossipReattached',
  'gossipBounced',
] as const

export type NetCounter = (typeof netCounterNames)[number]
export type NetCounters = Record<NetCounter, number>

export function zeroNetCounters(): NetCounters {
  return Object.fromEntries(netCounterNames.map((name) => [name, 0])) as NetCounters
}
