/**
 * Actor link: the frames in which two systems exchange actor messages.
 *
 * A frame is a short array; its first element says what it is. Actors are named once per link and
 * by number from then on; protocols are spelt out once, message by message, so that two versions
 * of one protocol find the messages they share. Whatever does not parse ends the link.
 */

export const kind = {
  /** [hello, system, version]: the first frame of each side. */
  hello: 0,
  /** [define, number, protocol id, message names]. */
  define: 1,
  /** [bind, link, path, uid, protocol number]: names an actor of the receiver. */
  bind: 2,
  /** [unbound, link]: the actor is gone, the number is free. */
  unbound: 3,
  /** [tell, link, after, message, payload, trace?]. */
  tell: 4,
  /** [ask, link, after, message, payload, id, budget ms, trace, chain, answer to?]. */
  ask: 5,
  /** [stream, link, after, message, payload, id, budget ms, trace]. */
  stream: 6,
  /** [reply, id, value]. */
  reply: 7,
  /** [fail, id, error]. */
  fail: 8,
  /** [cancel, id]: the asker or reader has given up. */
  cancel: 9,
  /** [moved, id, system]: the answer will come from that system instead. */
  moved: 10,
  /** [opened, id]: the stream's source exists. */
  opened: 11,
  /** [credit, id, items]. */
  credit: 12,
  /** [item, id, number, value]. */
  item: 13,
  /** [end, id, items]. */
  end: 14,
  /** [watch, id, path, uid]. */
  watch: 15,
  /** [unwatch, id]. */
  unwatch: 16,
  /** [ended, id, reason]. */
  ended: 17,
} as const

export const linkVersion = 1

type K = typeof kind
/** Identifies a call chain across systems: who began it, and its number there. */
export type ChainMark = readonly [system: string, chain: number]
/** Where an answer goes when the ask was forwarded. */
export type AnswerTo = readonly [system: string, id: number]

export type HelloFrame = readonly [K['hello'], system: string, version: number]
export type DefineFrame = readonly [K['define'], number: number, id: string, names: string[]]
export type BindFrame = readonly [K['bind'], number, path: string, uid: number, protocol: number]
export type TellFrame = readonly [K['tell'], number, number, number, unknown, unknown?]
export type AskFrame = readonly [
  K['ask'],
  link: number,
  after: number,
  message: number,
  payload: unknown,
  id: number,
  budgetMs: number,
  trace: unknown,
  chain: ChainMark | null,
  answerTo?: AnswerTo,
]
export type StreamFrame = readonly [
  K['stream'],
  link: number,
  after: number,
  message: number,
  payload: unknown,
  id: number,
  budgetMs: number,
  trace: unknown,
]
export type LinkFrame = TellFrame | AskFrame | StreamFrame
export type Frame =
  | HelloFrame
  | DefineFrame
  | BindFrame
  | LinkFrame
  | readonly [K['unbound'], number]
  | readonly [K['reply'], number, unknown]
  | readonly [K['fail'], number, Error]
  | readonly [K['cancel'], number]
  | readonly [K['moved'], number, string]
  | readonly [K['opened'], number]
  | readonly [K['credit'], number, number]
  | readonly [K['item'], number, number, unknown]
  | readonly [K['end'], number, number]
  | readonly [K['watch'], number, string, number]
  | readonly [K['unwatch'], number]
  | readonly [K['ended'], number, string]

type Check = (value: unknown) => boolean

const text: Check = (value) => typeof value === 'string' && value.length <= 4_096
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0
const budget: Check = (value) => typeof value === 'number' && value > 0
const anything: Check = () => true
const error: Check = (value) => value instanceof Error
const names: Check = (value) => Array.isArray(value) && value.length <= 1_024 && value.every(text)
const mark: Check = (value) =>
  Array.isArray(value) && value.length === 2 && text(value[0]) && count(value[1])
const markOrNull: Check = (value) => value === null || mark(value)

/** What each element of a frame must be; the last ones may be absent where `least` says so. */
interface Shape {
  readonly least: number
  readonly checks: readonly Check[]
}

function shape(checks: readonly Check[], least = checks.length): Shape {
  return { least, checks }
}

const shapes: readonly Shape[] = [
  shape([text, count]),
  shape([count, text, names]),
  shape([count, text, count, count]),
  shape([count]),
  shape([count, count, count, anything, anything], 4),
  shape([count, count, count, anything, count, budget, anything, markOrNull, mark], 8),
  shape([count, count, count, anything, count, budget, anything]),
  shape([count, anything]),
  shape([count, error]),
  shape([count]),
  shape([count, text]),
  shape([count]),
  shape([count, count]),
  shape([count, count, anything]),
  shape([count, count]),
  shape([count, text, count]),
  shape([count]),
  shape([count, text]),
]

/** Undefined when the value is no frame. */
export function parseFrame(value: unknown): Frame | undefined {
  if (!Array.isArray(value)) return undefined
  const { least, checks } = shapes[value[0] as number] ?? { least: 0, checks: null }
  if (checks === null || value.length - 1 < least || value.length - 1 > checks.length) {
    return undefined
  }
  for (let i = 1; i < value.length; i++) {
    if (checks[i - 1]?.(value[i]) !== true) return undefined
  }
  // Every element was checked against the shape of its kind.
  return value as unknown as Frame
}
