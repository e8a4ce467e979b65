/**
 * Flags: what a cell's fast path must know, one bit each, so that one test covers them all.
 */

/** In the dispatcher's queue. */
export const SCHEDULED = 1
/** An asynchronous turn is under way. */
export const BUSY = 2
/** Somebody above it waits for a decision. */
export const SUSPENDED = 4
/** The life cycle has something to do before the next message. */
export const COMMAND = 8
/** Takes no more messages. */
export const CLOSED = 16
/** Not running: starting, failing, halting, parked, waiting for a restart, or ended. */
export const HELD = 32
/** Waits for its restart; only so many messages are kept meanwhile. */
export const BACKING_OFF = 64
/** A receive time-out is set. */
export const IDLE_WATCHED = 128
/** Sends pass through the system's transit (tests, simulation). */
export const IN_TRANSIT = 256
/** A message waits that may interleave with the turn under way. */
export const INTERLEAVED = 512
/** A router: its messages go straight on to a routee. */
export const ROUTED = 1024

/** An operator holds it still; unlike a supervisor's hold this outlives a restart. */
export const PAUSED = 2048

/** Any of these keeps the next message waiting. */
export const blocked = BUSY | SUSPENDED | PAUSED | COMMAND | HELD | INTERLEAVED
/** With any of these a new message need not wake the cell. */
export const asleep = SCHEDULED | BUSY | SUSPENDED | PAUSED | HELD
/** With any of these nothing that waits may run. */
export const still = SUSPENDED | PAUSED | HELD
/** With any of these a new message takes the long way in. */
export const special = CLOSED | BACKING_OFF | IN_TRANSIT | BUSY | ROUTED
