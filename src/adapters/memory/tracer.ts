/**
 * MemoryTracer: remembers the hops of sampled messages, to be read as one story per trace.
 *
 * A span is one message on its way to one actor; its visits are the turns that processed it, more
 * than one when it was forwarded or set aside. Whether a story is told is decided once, at its
 * first message, and carried along as a bit of our own. Only the latest spans are kept.
 */
import type { Address, Clock, Message, Recipient, Tracer } from '../../kernel/index.ts'

export interface TracerOptions {
  readonly clock: Clock
  /** Decides for the first message of each story. Default: every one. */
  readonly sample?: (message: Message, to: Recipient) => boolean
  /** Spans that are kept; older ones are forgotten. Default 10,000. */
  readonly spansMax?: number
}

export interface Span {
  readonly trace: number
  readonly span: number
  /** The span in whose turn this message was sent; null for the first of a story. */
  readonly parent: number | null
  readonly protocol: string
  readonly message: string
  readonly to: string
  readonly sentAt: number
  readonly visits: readonly Visit[]
}

/** One turn that processed the message; none yet means that it waits, or never got there. */
export interface Visit {
  readonly path: string
  readonly at: number
  readonly error: unknown
}

interface Context {
  readonly sampled: boolean
  readonly trace: number
  readonly span: number
}

interface OpenSpan extends Span {
  readonly visits: Visit[]
}

/** Below a message that was not chosen nothing is, so the bit has to be carried too. */
const unsampled: Context = { sampled: false, trace: 0, span: 0 }
const spansMaxUsual = 10_000

export class MemoryTracer implements Tracer {
  readonly #clock: Clock
  readonly #sample: (message: Message, to: Recipient) => boolean
  readonly #spansMax: number
  /** By their number, the oldest first. */
  readonly #spans = new Map<number, OpenSpan>()
  #traces = 0
  #made = 0

  constructor(options: TracerOptions) {
    this.#clock = options.clock
    this.#sample = options.sample ?? (() => true)
    this.#spansMax = options.spansMax ?? spansMaxUsual
  }

  inject(parent: unknown, message: Message, to: Recipient): Context {
    const above = parent as Context | undefined
    if (above === undefined ? !this.#sample(message, to) : !above.sampled) return unsampled
    const trace = above?.trace ?? ++this.#traces
    const span = ++this.#made
    this.#spans.set(span, {
      trace,
      span,
      parent: above?.span ?? null,
      protocol: message.protocol,
      message: message.name,
      to: to.address.path,
      sentAt: this.#clock.now(),
      visits: [],
    })
    if (this.#spans.size > this.#spansMax) this.#forgetOldest()
    return { sampled: true, trace, span }
  }

  turnEnded(context: unknown, _message: Message, at: Address, error: unknown): void {
    const { span } = context as Context
    this.#spans.get(span)?.visits.push({ path: at.path, at: this.#clock.now(), error })
  }

  get spans(): readonly Span[] {
    return [...this.#spans.values()]
  }

  /** The spans of one story, in the order in which they were sent. */
  story(trace: number): readonly Span[] {
    return this.spans.filter((span) => span.trace === trace)
  }

  /** A story for people: a line per hop, indented below what caused it. */
  textOf(trace: number): string {
    const spans = this.story(trace)
    const known = new Set(spans.map(({ span }) => span))
    const roots = spans.filter(({ parent }) => parent === null || !known.has(parent))
    return roots.flatMap((root) => linesOf(root, spans, 0)).join('\n')
  }

  #forgetOldest(): void {
    for (const oldest of this.#spans.keys()) {
      this.#spans.delete(oldest)
      return
    }
  }
}

function linesOf(span: Span, spans: readonly Span[], depth: number): readonly string[] {
  const below = spans.filter(({ parent }) => parent === span.span)
  const visits = span.visits.map((visit) => `${visit.path}${outcomeOf(visit)}`)
  const reached = visits.length === 0 ? `${span.to} not processed` : visits.join(', ')
  return [
    `${'  '.repeat(depth)}${span.message} → ${reached}`,
    ...below.flatMap((next) => linesOf(next, spans, depth + 1)),
  ]
}

function outcomeOf({ error }: Visit): string {
  if (error === null) return ''
  return ` failed: ${error instanceof Error ? error.message : typeof error}`
}
