/**
 * ReturnPath: carries what came of the other side's calls back to them.
 *
 * A call that came in is open until it has had exactly one end: an answer, a failure, or the word
 * that it was dropped because nobody waited any more.
 */
import type { ActorSystem, Message } from '../../src/kernel/index.ts'
import { frame } from './frames.ts'
import type { CallReturn, IncomingCall } from './incoming-call.ts'
import type { Parcel } from './payload.ts'
import type { Movable } from './transfer.ts'

export interface ReturnPathOptions {
  readonly system: ActorSystem
  readonly push: (fields: readonly unknown[], transfer?: readonly Movable[]) => void
  /** Throws when the value cannot cross. */
  readonly pack: (value: unknown, subject: string) => Parcel
  /** Never throws: what cannot cross is named instead. */
  readonly packOrName: (value: unknown) => Parcel
}

export class ReturnPath implements CallReturn {
  readonly #options: ReturnPathOptions
  readonly #open = new Map<number, IncomingCall>()

  constructor(options: ReturnPathOptions) {
    this.#options = options
  }

  add(call: IncomingCall): void {
    this.#open.set(call.id, call)
  }

  call(id: number): IncomingCall | undefined {
    return this.#open.get(id)
  }

  close(): void {
    for (const call of this.#open.values()) call.cut()
    this.#open.clear()
  }

  now(): number {
    return this.#options.system.clock.now()
  }

  reply(id: number, value: unknown): void {
    this.#open.delete(id)
    this.#send(id, frame.reply, value)
  }

  refuse(id: number, error: Error): void {
    this.#open.delete(id)
    this.#options.push([frame.fail, id, this.#options.packOrName(error).value])
  }

  dropped(id: number): void {
    this.#open.delete(id)
    this.#options.push([frame.dropped, id])
  }

  opened(id: number): void {
    this.#options.push([frame.opened, id])
  }

  item(id: number, value: unknown): void {
    this.#send(id, frame.item, value)
  }

  end(id: number): void {
    this.#open.delete(id)
    this.#options.push([frame.end, id])
  }

  late(call: IncomingCall, value: unknown): void {
    const route = { recipient: '/outside', sender: null }
    const message = { protocol: 'shoal.call/1', name: `call ${call.id}` } as Message
    this.#options.system.deadLetters.add('late-reply', message, value, route)
  }

  #send(id: number, kind: number, value: unknown): void {
    const parcel = this.#packed(id, value)
    if (parcel === null) return
    this.#options.push([kind, id, parcel.value, parcel.carried], parcel.transfer)
  }

  /** An answer that cannot cross becomes a refusal that says so. */
  #packed(id: number, value: unknown): Parcel | null {
    try {
      return this.#options.pack(value, 'answer')
    } catch (refusal) {
      this.#open.get(id)?.abandon()
      this.refuse(id, refusal as Error)
      return null
    }
  }
}
