/**
 * Lodging: what a stand-in holds through its incarnations: a thread, and what must not be lost.
 *
 * When the thread dies, messages that its actor had not begun with go to the next one first, in
 * order. A failure of the actor is thrown in a turn of the stand-in, while the actor waits.
 */
import {
  addressOf,
  type Cell,
  type Context,
  EdgeError,
  type Envelope,
  type Exit,
  hasCode,
  type Message,
  type Messages,
  type Protocol,
  refClass,
  reportKilled,
  type Rider,
  type Rule,
  stopped,
  type AnyRef,
} from '../../kernel/index.ts'
import * as limits from '../../../protocols/limits.ts'
import type { Answer, LodgerOrder } from '../../../workers/thread/control.ts'
import type { KnownErrors } from '../../../workers/thread/error-form.ts'
import { FarRecipient } from '../../../workers/thread/far-recipient.ts'
import { lodgerUid } from '../../../workers/thread/frames.ts'
import type { LodgerFailure } from '../../../workers/thread/link-options.ts'
import type { Parcel } from '../../../workers/thread/payload.ts'
import { type Sent, Thread } from './thread.ts'

type Ctx = Context<Messages, Lodging>

export interface LodgingOptions {
  readonly self: Cell
  readonly protocol: Protocol
  readonly runtime: string
  readonly errors: KnownErrors
  readonly module: string
  readonly export: string
  readonly init: Parcel
  readonly memoryMb: number | undefined
  readonly native: boolean
  readonly stuckMs: number
  /** What the definition in the thread says about an error of its own. */
  readonly noteRule: (error: object, rule: Rule) => void
}

export class Lodging {
  readonly #options: LodgingOptions
  #thread: Thread | null = null
  #lodger: Lodger | null = null
  /** The lodger as a ref, to forward to. */
  #to: AnyRef | null = null
  /** The actor has failed and waits for a verdict. */
  #waiting = false
  #unbegun: readonly Sent[] = []
  readonly #rules = new Map<string, Rule>()
  #ctx: Ctx | null = null
  /** Messages keep their order here, so it is known which of them were begun with. */
  readonly #inOrder: boolean

  constructor(options: LodgingOptions) {
    this.#options = options
    const { self, protocol } = options
    const overtakes = protocol.table.some((message) => message.options.interleave === true)
    this.#inOrder = !overtakes && (self.props.order ?? 'arrival') === 'arrival'
    self.addWatcher({ ended: () => this.#close() })
  }

  get thread(): Thread | null {
    return this.#thread
  }

  /** The state of the next incarnation. */
  async open(ctx: Ctx): Promise<Lodging | typeof stopped> {
    this.#ctx = ctx
    const before = this.#thread
    if (before !== null && !before.ended && this.#waiting) {
      // It may fail again before this has been heard: that failure waits, too.
      this.#waiting = false
      this.#check(before, await before.decide('restart'))
    } else {
      if (before !== null && !before.ended) await this.#stopThread(before, false)
      await this.#openThread()
    }
    this.#hearEnd(ctx)
    return this
  }

  /** Hand the message of this turn over; the thread answers. */
  pass(ctx: Ctx): unknown {
    const thread = this.#thread
    // The thread has died: its stand-in is about to fail, and the next incarnation begins here.
    if (thread === null || thread.ended) return ctx.stash()
    if (thread.underWay >= limits.threadWindow) return thread.room().then(() => this.pass(ctx))
    return ctx.forward(this.#to as never)
  }

  /** The stand-in stops. */
  async leave(): Promise<void> {
    const thread = this.#thread
    if (thread === null) return
    const { self } = this.#options
    const request = self.extras?.request
    const grace = request?.graceMs ?? self.props.graceMs
    const graceMs = grace * limits.threadGraceShare
    if (!(await thread.stop({ graceMs, drain: request?.drained === true }))) reportKilled(self)
  }

  async #openThread(): Promise<void> {
    const thread = this.#startThread()
    const previous = this.#thread
    this.#thread = thread
    this.#waiting = false
    if (previous !== null && !previous.ended) previous.end(replacedError(this.#options.self))
    this.#check(thread, await thread.start(this.#order()))
    const left = this.#unbegun
    this.#unbegun = []
    for (const { message, parcel, rider } of left) this.#lodger?.accept(message, parcel, rider)
  }

  #startThread(): Thread {
    const { self, runtime, errors, memoryMb, native, stuckMs, protocol } = this.#options
    const { path } = self
    const thread = new Thread({
      system: self.home as never,
      runtime,
      errors,
      name: path,
      memoryMb,
      native,
      stuckMs,
      hear: {
        failed: (failure) => this.#failed(failure),
        exited: (exit) => this.#exited(thread, exit),
        stuck: (message) => {
          self.home.events.publish('actor.stuck', { path, message, afterMs: stuckMs })
        },
      },
    })
    thread.link.directory.listLodger(self.ref, protocol)
    const lodger = new Lodger(thread, { uid: lodgerUid, protocol, address: addressOf(self.ref) })
    const Ref = refClass(protocol)
    this.#lodger = lodger
    this.#to = new Ref(lodger)
    return thread
  }

  #order(): LodgerOrder {
    const { self, protocol, module, init } = this.#options
    init.address((ref) => this.#thread?.link.directory.formOf(ref))
    const names = self.path.split('/').filter((name) => name !== '')
    return {
      system: `${self.home.name}~${names.at(-1) ?? ''}`,
      names: names.map((name) => name.replace('$', '~')),
      module,
      export: this.#options.export,
      protocol: protocol.id,
      init: init.value,
      initCarried: init.carried,
      order: self.props.order ?? 'arrival',
      graceMs: self.props.graceMs,
      traced: self.home.tracer !== null,
      incarnations: self.incarnation - 1,
    }
  }

  #check(thread: Thread, answer: Answer): void {
    if (answer.ok) return
    this.#waiting = answer.waiting
    if (!answer.waiting) thread.end(replacedError(this.#options.self))
    throw thread.link.revive(answer.error)
  }

  /** A failure there is thrown here, in a turn; what is decided here is done there. */
  #failed({ error, rule }: LodgerFailure): void {
    const ctx = this.#ctx
    if (ctx === null) return
    this.#waiting = true
    if (rule !== null && typeof error === 'object' && error !== null) {
      this.#options.noteRule(error, this.#sameRule(rule))
    }
    this.#inTurn(ctx, () => {
      throw error
    })
    this.#inTurn(ctx, () => this.#resume())
  }

  /** An incarnation that has ended meanwhile has no turns: the next one finds what has happened. */
  #inTurn(ctx: Ctx, go: () => unknown): void {
    try {
      ctx.reenterAfter(Promise.resolve(), go)
    } catch (stale) {
      if (!hasCode(stale, 'stale_incarnation')) throw stale
    }
  }

  /** Only an incarnation that was told to resume gets here. */
  #resume(): void {
    this.#waiting = false
    // If the thread dies before it has heard, its end is what counts.
    this.#thread?.decide('resume').catch(() => {})
  }

  /** A budget belongs to a rule, so the same rule must be the same object each time. */
  #sameRule(rule: Rule): Rule {
    const key = JSON.stringify(rule, (_, value: unknown) => (value === Infinity ? '∞' : value))
    const known = this.#rules.get(key) ?? rule
    this.#rules.set(key, known)
    return known
  }

  /** The actor has ended by its own wish. */
  #exited(thread: Thread, exit: Exit): void {
    if (thread !== this.#thread || this.#ctx === null) return
    const { cause } = exit
    this.#inTurn(this.#ctx, () => {
      if (exit.reason === 'failed') throw cause
      return stopped
    })
  }

  #hearEnd(ctx: Ctx): void {
    const thread = this.#thread as Thread
    ctx.reenterAfter(
      thread.gone.then((why) => {
        this.#threadEnded(thread, why)
        return why
      }),
      (_, outcome) => {
        if (outcome.ok && outcome.value !== null) throw outcome.value
      },
    )
  }

  #threadEnded(thread: Thread, why: EdgeError | null): void {
    const left = thread.takeUnbegun()
    const again = this.#inOrder && why !== null ? left.filter(canSendAgain) : []
    this.#unbegun = [...this.#unbegun, ...again]
    thread.link.release(new Set(again.flatMap(({ rider }) => (isCall(rider) ? [rider] : []))))
    thread.link.close(why ?? endedError(this.#options.self))
    for (const sent of left) if (!again.includes(sent)) this.#bury(sent, why !== null)
  }

  #bury({ message, parcel, rider }: Sent, lost: boolean): void {
    const { self } = this.#options
    if (isCall(rider) && rider.withdrawn() === null) rider.fail(endedError(self))
    self.deadLetter(lost ? 'undeliverable-remote' : 'stopped', message, parcel.value, rider)
  }

  async #stopThread(thread: Thread, drain: boolean): Promise<void> {
    const { graceMs } = this.#options.self.props
    await thread.stop({ graceMs, drain })
    await thread.gone
  }

  /** The stand-in has ended for good. */
  #close(): void {
    const thread = this.#thread
    this.#ctx = null
    for (const sent of this.#unbegun) this.#bury(sent, false)
    this.#unbegun = []
    if (thread === null) return
    thread.end(endedError(this.#options.self))
    void thread.gone.then((why) => this.#threadEnded(thread, why))
  }
}

/** The actor in the thread, as its stand-in speaks to it. */
class Lodger extends FarRecipient {
  readonly #thread: Thread

  constructor(thread: Thread, to: ConstructorParameters<typeof FarRecipient>[1]) {
    super(thread.link, to)
    this.#thread = thread
  }

  override accept(message: Message, parcel: unknown, rider: Rider): void {
    this.#thread.remember({ message, parcel: parcel as Parcel, rider })
    super.accept(message, parcel, rider)
  }
}

function isCall(rider: Rider): rider is Envelope {
  return rider !== null && rider.isEnvelope && rider.expectsReply
}

function canSendAgain({ parcel, rider }: Sent): boolean {
  return parcel.transfer.length === 0 && (!isCall(rider) || rider.withdrawn() === null)
}

function endedError(self: Cell): EdgeError {
  return new EdgeError('stopped', `${self.path} stopped before it could answer`, {
    detail: { path: self.path },
  })
}

function replacedError(self: Cell): EdgeError {
  return new EdgeError('worker_exited', `The thread of ${self.path} was replaced by another`, {
    detail: { path: self.path },
  })
}
