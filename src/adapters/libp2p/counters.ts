/**
 * Counters: the plain integers behind `Net.stats()`.
 * Whoever counts adds one; nobody is told, whoever wants to know copies them.
 */
import type { NetCounter } from '../../ports/net.ts'

export type Counters = Record<NetCounter, number>

export function zeroCounters(): Counters {
  return {
    peersNow: 0,
    channelsNow: 0,
    dials: 0,
    dialsFailed: 0,
    hellosProven: 0,
    hellosRefused: 0,
    hellosTimedOut: 0,
    hellosMalformed: 0,
    duplicatesClosed: 0,
    unprovenRefused: 0,
    bannedRefused: 0,
    bans: 0,
    strikes: 0,
    opensRefused: 0,
    framesIn: 0,
    framesOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    framesRejected: 0,
    framesOversized: 0,
    readTimeouts: 0,
    writeTimeouts: 0,
    topicIn: 0,
    topicOut: 0,
    topicIgnored: 0,
    topicRejected: 0,
    topicUnheard: 0,
    gossipReattached: 0,
    gossipBounced: 0,
  }
}
