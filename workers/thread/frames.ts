/**
 * Frames: what two systems of one process say to each other over a port.
 *
 * A post carries many frames in one flat array, each a kind followed by its fields: posting and
 * cloning one array costs little more than one message does.
 */

export const frame = {
  /** uid, index, value, carried, trace */
  tell: 0,
  /** uid, index, value, carried, id, deadline, chain, trace */
  ask: 1,
  /** the same as an ask */
  stream: 2,
  /** id, value, carried */
  reply: 3,
  /** id, error as a carrier */
  fail: 4,
  /** id: nobody will answer, for the asker gave up before its turn came */
  dropped: 5,
  /** id: the asker gives up */
  abandon: 6,
  /** id */
  opened: 7,
  /** id, value, carried */
  item: 8,
  /** id */
  end: 9,
  /** id, items */
  credit: 10,
  /** id: the reader has left */
  leave: 11,
  /** id, uid */
  watch: 12,
  /** id */
  unwatch: 13,
  /** id, reason */
  ended: 14,
  /** messages that the lodger has taken since the link began */
  taken: 15,
  /** reason, protocol, message, value, carried, recipient */
  letter: 16,
  /** nothing follows */
  bye: 17,
  /** error as a carrier, the actor's own rule for it or null, whether it failed to start */
  failed: 18,
  /** reason, cause as a carrier or null */
  exit: 19,
  /** trace, protocol, name, path, error as a carrier or null */
  traced: 20,
} as const

/** Fields that follow each kind. */
export const fieldsOf: readonly number[] = [
  5, 8, 8, 3, 2, 1, 1, 1, 3, 1, 2, 1, 2, 1, 2, 1, 6, 0, 3, 2, 5,
]

/** The uid of the actor that lives in the thread, on whichever side it is spoken of. */
export const lodgerUid = 0

/** A call chain is numbered where it began; elsewhere its number says in which thread that was. */
const span = 2 ** 32

export function chainOut(chain: number, thread: number): number {
  return chain === 0 || chain >= span ? chain : chain + (thread + 1) * span
}

export function chainIn(chain: number, thread: number): number {
  return Math.floor(chain / span) === thread + 1 ? chain % span : chain
}
