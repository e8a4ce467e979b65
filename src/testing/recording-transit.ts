/**
 * RecordingTransit: takes every message that a behaviour sends, and delivers none.
 */
import type { Cell, Message, Rider, Transit } from '../kernel/index.ts'
import type { Effect } from './effect.ts'
import { Answer } from './turn-report.ts'

export class RecordingTransit implements Transit {
  readonly #record: (effect: Effect) => void

  constructor(record: (effect: Effect) => void) {
    this.#record = record
  }

  send(to: Cell, message: Message, payload: unknown, rider: Rider): void {
    // Signals of the kernel, such as the end of a watched actor, are the test's own doing.
    if (message.index < 0) {
      to.deliver(message, payload, rider)
      return
    }
    const sent = { to: to.ref, name: message.name, payload }
    if (rider instanceof Answer) this.#record({ kind: 'forwarded', ...sent })
    else if (message.kind === 'ask' && rider?.isEnvelope === true) {
      const succeed = (value: unknown): void => rider.succeed(value)
      const fail = (error: Error): void => rider.fail(error)
      this.#record({ kind: 'asked', ...sent, succeed, fail })
    } else this.#record({ kind: message.kind === 'stream' ? 'streamed' : 'told', ...sent })
  }
}
