/**
 * Invariants: what must be true of a world at any time, whatever befalls it.
 *
 * The ledger stands beside the actors and outlives them: what they heard is told to it at once.
 * I10 no message reaches another life than the one it was sent to; I11 messages of one sender
 * arrive in their order, small and large ones alike; I12 queues keep their bounds; I13 restarts
 * keep their budget; I18 incarnations only grow; I20 clocks that order events never go back.
 */
import type { NodeLife } from './sim-node.ts'

export interface Breach {
  readonly invariant: string
  readonly atMs: number
  readonly says: string
}

interface Asked {
  readonly life: NodeLife
  readonly atMs: number
  readonly deadlineMs: number
}

/** An answer or a failure may come so much later than the deadline. */
const askSlackMs = 250
/** Budget of the supervised default: see the kernel's limits. */
const restartsMax = 10
const restartsWithinMs = 10_000

export class Ledger {
  readonly breaches: Breach[] = []
  readonly counts = { told: 0, asked: 0, heard: 0, answered: 0, failed: 0, sequenceGaps: 0 }
  /** How asks failed, by code. */
  readonly failures = new Map<string, number>()
  readonly #nowMs: () => number
  readonly #sent = new Map<string, number>()
  readonly #heard = new Map<string, number>()
  readonly #asks = new Map<number, Asked>()
  readonly #incarnations = new Map<string, number>()
  readonly #restarts = new Map<string, number[]>()
  readonly #clocks = new Map<string, number>()
  #askIds = 0

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  breach(invariant: string, says: string): void {
    this.breaches.push({ invariant, atMs: this.#nowMs(), says })
  }

  /** The number of the next message from one system to another. */
  next(from: string, to: string): number {
    const key = `${from} ${to}`
    const number = (this.#sent.get(key) ?? 0) + 1
    this.#sent.set(key, number)
    return number
  }

  heard(message: { from: string; to: string; number: number }, at: string): void {
    const { from, to, number } = message
    this.counts.heard++
    if (to !== at) this.breach('I10', `${at} heard message ${number} of ${from} meant for ${to}`)
    const key = `${from} ${to}`
    const before = this.#heard.get(key) ?? 0
    if (number <= before) {
      this.breach('I11', `${at} heard message ${number} of ${from} after its message ${before}`)
    }
    if (number > before + 1) this.counts.sequenceGaps++
    this.#heard.set(key, Math.max(before, number))
  }

  asked(life: NodeLife, deadlineMs: number): number {
    this.counts.asked++
    const id = ++this.#askIds
    this.#asks.set(id, { life, atMs: this.#nowMs(), deadlineMs })
    return id
  }

  answered(id: number): void {
    this.counts.answered++
    this.#ended(id)
  }

  failed(id: number, error: unknown): void {
    this.counts.failed++
    const code = error instanceof Error && 'code' in error ? String(error.code) : null
    if (code === null) this.breach('asks', `an ask failed without a name: ${String(error)}`)
    this.failures.set(code ?? 'unnamed', (this.failures.get(code ?? 'unnamed') ?? 0) + 1)
    this.#ended(id)
  }

  restarted(system: string, path: string): void {
    const nowMs = this.#nowMs()
    const key = `${system} ${path}`
    const recent = (this.#restarts.get(key) ?? []).filter((atMs) => atMs > nowMs - restartsWithinMs)
    recent.push(nowMs)
    this.#restarts.set(key, recent)
    if (recent.length > restartsMax) {
      this.breach('I13', `${key} was restarted ${recent.length} times in ${restartsWithinMs} ms`)
    }
  }

  incarnation(observer: string, peerId: string, incarnation: number): void {
    const key = `${observer} ${peerId}`
    const before = this.#incarnations.get(key) ?? 0
    if (incarnation < before) {
      this.breach('I18', `${observer} saw ${peerId} go from ${before} back to ${incarnation}`)
    }
    this.#incarnations.set(key, incarnation)
  }

  /** Look at what can only be looked at, such as queues and asks that nobody answers. */
  inspect(lives: Iterable<NodeLife>): void {
    for (const life of lives) {
      const nowMs = life.system.clock.now()
      const before = this.#clocks.get(life.system.name) ?? 0
      if (nowMs < before) this.breach('I20', `the clock of ${life.system.name} went back`)
      this.#clocks.set(life.system.name, nowMs)
      for (const says of overfull(life)) this.breach('I12', says)
    }
    for (const [id, asked] of this.#asks) {
      if (asked.life.ended) this.#asks.delete(id)
      else if (this.#isLate(asked)) this.#late(id, asked)
    }
  }

  #ended(id: number): void {
    const asked = this.#asks.get(id)
    if (asked === undefined) return
    if (this.#isLate(asked)) this.#late(id, asked)
    this.#asks.delete(id)
  }

  #isLate({ life, atMs, deadlineMs }: Asked): boolean {
    return this.#nowMs() > atMs + deadlineMs + askSlackMs + life.pausedSinceMs(atMs)
  }

  #late(id: number, { life, atMs, deadlineMs }: Asked): void {
    this.#asks.delete(id)
    const { name } = life.system
    this.breach('asks', `an ask of ${name} at ${atMs} ms for ${deadlineMs} ms has not ended yet`)
  }
}

function* overfull({ net, system }: NodeLife): Iterable<string> {
  for (const { channel, queueBytesMax } of net.channels) {
    if (channel.queuedBytes > queueBytesMax) {
      yield `${channel.protocol} of ${system.name} queues ${channel.queuedBytes} bytes`
    }
  }
  for (const path of ['/workload', '/membership', '/node']) {
    const cell = system.findCell(path)
    // Signals and own timers may exceed the capacity, which counts messages of others.
    if (cell !== null && cell.mailbox.size > cell.props.capacity + 64) {
      yield `${system.name}${path} holds ${cell.mailbox.size} messages`
    }
  }
}
