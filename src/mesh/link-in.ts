/**
 * LinkIn: one actor of this system as the other side of a link calls it.
 *
 * It finds our own message for the number the sender uses, and puts messages that took different
 * lanes back into the order in which they were sent.
 */
import type { LinkFrame } from '../../protocols/actor-link.ts'
import type { Cell, EdgeError, Message } from '../kernel/index.ts'
import type { LaneName } from './lanes.ts'
import { noActorAt, unknownMessage, unknownProtocol } from './mesh-errors.ts'

export interface PeerProtocol {
  readonly id: string
  readonly names: readonly string[]
}

interface Held {
  readonly lane: LaneName
  readonly frame: LinkFrame
}

export class LinkIn {
  readonly cell: Cell | null
  readonly path: string
  readonly #protocol: PeerProtocol
  readonly #messages: readonly (Message | null)[]
  readonly #seen: Record<LaneName, number> = { small: 0, bulk: 0 }
  readonly #held: Held[] = []

  constructor(cell: Cell | null, path: string, protocol: PeerProtocol) {
    this.cell = cell
    this.path = path
    this.#protocol = protocol
    const own = cell?.props.def.protocol
    const shared = own !== undefined && own.id === protocol.id
    this.#messages = shared
      ? protocol.names.map((name) => own.table.find((message) => message.name === name) ?? null)
      : []
  }

  get held(): number {
    return this.#held.length
  }

  /** Our message of that number, or why there is none. */
  message(number: number): Message | EdgeError {
    const message = this.#messages[number]
    if (message !== undefined && message !== null) return message
    if (this.cell === null) return noActorAt(this.path)
    const name = this.#protocol.names[number]
    if (this.#messages.length === 0 || name === undefined) {
      return unknownProtocol(this.#protocol.id, this.path)
    }
    return unknownMessage(this.#protocol.id, name)
  }

  /** Whether a frame may be handed on at once, as nearly all may; it counts as seen then. */
  takes(lane: LaneName, frame: LinkFrame): boolean {
    if (this.#held.length > 0 || !this.#due(lane, frame)) return false
    this.#seen[lane]++
    return true
  }

  /** Hold a frame that came too early, and hand on what is in order now. */
  hold(lane: LaneName, frame: LinkFrame, deliver: (frame: LinkFrame) => void): void {
    this.#held.push({ lane, frame })
    this.#release(deliver)
  }

  #due(lane: LaneName, frame: LinkFrame): boolean {
    return frame[2] <= this.#seen[lane === 'small' ? 'bulk' : 'small']
  }

  /** Within a lane the order is given already: only the first held of each lane may go. */
  #release(deliver: (frame: LinkFrame) => void): void {
    for (;;) {
      const at = this.#held.findIndex(
        ({ lane, frame }, index) =>
          this.#due(lane, frame) &&
          !this.#held.slice(0, index).some((earlier) => earlier.lane === lane),
      )
      const next = this.#held[at]
      if (next === undefined) return
      this.#held.splice(at, 1)
      this.#seen[next.lane]++
      deliver(next.frame)
    }
  }
}
