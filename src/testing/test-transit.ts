/**
 * TestTransit: the way of every local message of a test system, seen, encoded and ordered.
 *
 * Each message is written down, passes through the codec if there is one, so that nothing is
 * shared by accident, and takes the link from its sender to its receiver. Signals of the kernel
 * carry code, so they skip the codec; `terminated` takes the link of the actor that ended, behind
 * all that it sent.
 */
import { AnyRef, type Cell, type Message, type Rider, type Transit } from '../kernel/index.ts'
import { activeTurn } from '../kernel/turn.ts'
import { WatchRecord } from '../kernel/watch.ts'
import type { Codec } from '../ports/codec.ts'
import type { EventLog } from './event-log.ts'
import { Journey, type JourneyWatcher } from './journey.ts'
import { isCell, type LinkEnd, type Links } from './links.ts'
import { TurnOwner } from './turn-owner.ts'
import { messageText, textOf } from './value-text.ts'

export interface TransitParts {
  readonly log: EventLog
  readonly links: Links
  readonly codec: Codec | null
}

export class TestTransit implements Transit, JourneyWatcher {
  readonly #log: EventLog
  readonly #links: Links
  readonly #codec: Codec | null

  constructor({ log, links, codec }: TransitParts) {
    this.#log = log
    this.#links = links
    this.#codec = codec
  }

  send(to: Cell, message: Message, payload: unknown, rider: Rider): void {
    const from = senderOf(to, rider)
    const inner = rider instanceof Journey ? rider.inner : rider
    const journey = new Journey({ to, message, rider: inner }, this)
    const carried = message.index < 0 ? payload : this.#recode(message, payload)
    const deliver = (): void => {
      to.deliver(message, carried, journey)
      journey.arrived = true
    }
    if (this.#log.wanted) {
      const shown = message.index < 0 ? message.name : messageText(message.name, payload)
      this.#log.add(`send ${nameOf(from)} -> ${to.path} ${shown}`)
    }
    // An actor's own ticks and continuations come from inside it and take no link.
    if (message.index < 0 && !(inner instanceof WatchRecord)) deliver()
    else this.#links.carry(to.home, from, to, deliver)
  }

  turnBegan({ to, message }: Journey): void {
    TurnOwner.set(to)
    if (this.#log.wanted) this.#log.add(`turn ${to.path} ${message.name}`)
  }

  turnEnded({ to, message }: Journey, error: Error | null): void {
    if (!this.#log.wanted) return
    const how = error === null ? 'done' : `fail ${textOf(error)}`
    this.#log.add(`${how} ${to.path} ${message.name}`)
  }

  carryBack(journey: Journey, value: unknown, answer: (value: unknown) => void): void {
    const { to, message, sender } = journey
    if (this.#log.wanted) {
      const shown = messageText(message.name, value)
      this.#log.add(`reply ${to.path} -> ${nameOf(sender)} ${shown}`)
    }
    const carried = this.#recode(message, value)
    this.#links.carry(to.home, to, sender, () => answer(carried))
  }

  #recode(message: Message, value: unknown): unknown {
    if (this.#codec === null || value === undefined) return value
    const subject = `${message.protocol} ${message.name}`
    return this.#codec.decode(this.#codec.encode(value, subject))
  }
}

/** Who sends: the actor that ended, or the one whose turn the calling code belongs to. */
function senderOf(to: Cell, rider: Rider): LinkEnd {
  if (rider instanceof WatchRecord) {
    const ended: unknown = AnyRef.recipientOf(rider.ref)
    return isSender(ended) ? ended : null
  }
  const { carrier } = to.home
  const sender = activeTurn(carrier)?.cell ?? null
  if (sender !== null) return sender
  if (rider !== null && !rider.isEnvelope) return rider
  return TurnOwner.find(carrier)
}

function isSender(value: unknown): value is Cell {
  return typeof value === 'object' && value !== null && isCell(value as LinkEnd)
}

function nameOf(end: LinkEnd): string {
  return end === null ? 'outside' : end.path
}
