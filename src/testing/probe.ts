/**
 * Probe: an actor of the test, which keeps what it receives and says what it missed.
 *
 * Every expectation moves the whole test system: first all that is ready, then virtual time, until
 * the expected has come or the time for it has passed. So `expectNone('500ms')` takes no time.
 */
import {
  type ActorSystem,
  type AnyRef,
  durationMs,
  type Duration,
  EdgeError,
  type Exit,
  type Input,
  type Messages,
  type Protocol,
  type Ref,
  sameActor,
  type Terminated,
} from '../kernel/index.ts'
import { watch } from '../kernel/watch.ts'
import { sameValue } from './equality.ts'
import * as limits from './limits.ts'
import { type Kept, probeActor, ProbeBox, type Received } from './probe-actor.ts'
import { messageText, textOf } from './value-text.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface WithinOptions {
  /** Virtual time that it may take. Default: 3 s, or what remains of an enclosing `within`. */
  readonly within?: Duration
}

/** The world a probe lives in and moves. */
export interface ProbeWorld {
  readonly system: ActorSystem
  readonly time: VirtualTime
}

export class Probe<M extends Messages> {
  /** Give this to the actor under test. */
  readonly ref: Ref<M>
  readonly #world: ProbeWorld
  readonly #box = new ProbeBox()
  #latest: Kept | null = null
  #endsAtMs = Infinity

  constructor(world: ProbeWorld, spoken: Protocol<M>, name?: string) {
    this.#world = world
    const naming = name === undefined ? { namePrefix: 'probe' } : { name }
    this.ref = world.system.spawn(probeActor(spoken, this.#box), undefined, naming)
  }

  /** What has arrived and was not expected yet, oldest first. */
  get unread(): readonly Received<M>[] {
    return this.#box.messages as unknown as readonly Received<M>[]
  }

  /** The next message is this one; with a payload given, exactly this one. Returns its payload. */
  async expect<K extends keyof M & string>(
    name: K,
    ...rest: [] | [payload: Input<M[K]>, options?: WithinOptions]
  ): Promise<Input<M[K]>> {
    const wanted = rest.length === 0 ? name : messageText(name, rest[0])
    await this.#until(() => this.#box.messages.length > 0, wanted, rest[1])
    const [first] = this.#box.messages as [Kept]
    if (first.name !== name || (rest.length > 0 && !sameValue(first.payload, rest[0]))) {
      throw this.#missed(`expected ${wanted}, but the next message is another one`)
    }
    return this.#take().payload as Input<M[K]>
  }

  /** The next message, whichever it is. */
  async next(options?: WithinOptions): Promise<Received<M>> {
    await this.#until(() => this.#box.messages.length > 0, 'a message', options)
    return this.#take() as unknown as Received<M>
  }

  /** The next `count` messages. */
  async receive(count: number, options?: WithinOptions): Promise<readonly Received<M>[]> {
    await this.#until(() => this.#box.messages.length >= count, `${count} messages`, options)
    return Array.from({ length: count }, () => this.#take() as unknown as Received<M>)
  }

  /** Nothing has arrived, and nothing arrives for so long. */
  async expectNone(during: Duration = 0): Promise<void> {
    await this.#world.time.advance(during)
    if (this.#box.messages.length === 0) return
    throw this.#missed(`expected no message during ${durationMs(during)} ms`)
  }

  /** Skip messages until one passes the test; the skipped ones are gone. */
  async fish(
    wanted: (message: Received<M>) => boolean,
    options?: WithinOptions,
  ): Promise<Received<M>> {
    const skipped: string[] = []
    const what = `a message that passes ${wanted.name || 'the test'}`
    for (;;) {
      await this.#until(() => this.#box.messages.length > 0, what, options, skipped)
      const message = this.#take() as unknown as Received<M>
      if (wanted(message)) return message
      skipped.push(messageText(message.name, message.payload))
    }
  }

  /** What is expected inside takes at least `min` and at most `max` of virtual time, together. */
  async within<T>(limit: { min?: Duration; max: Duration }, work: () => Promise<T>): Promise<T> {
    const { clock } = this.#world.time
    const startedAt = clock.now()
    const outer = this.#endsAtMs
    const maxMs = durationMs(limit.max)
    this.#endsAtMs = Math.min(outer, startedAt + maxMs)
    const back = (): void => {
      this.#endsAtMs = outer
    }
    const result = await work().finally(back)
    const tookMs = clock.now() - startedAt
    if (tookMs > maxMs) throw this.#missed(`took ${tookMs} ms, at most ${maxMs} ms were allowed`)
    const minMs = durationMs(limit.min ?? 0)
    if (tookMs < minMs) throw this.#missed(`took ${tookMs} ms, at least ${minMs} ms were expected`)
    return result
  }

  /** Have the probe watch an actor, so that its end can be expected. */
  watch(ref: AnyRef): void {
    watch(this.#world.system.cellOf(this.ref), ref, null)
  }

  /** The actor ends, for this reason if one is given; unless it is watched, it is from now on. */
  async expectTerminated(
    ref: AnyRef,
    options: WithinOptions & { readonly reason?: Exit['reason'] } = {},
  ): Promise<Terminated> {
    const { terminated } = this.#box
    const find = (): number => terminated.findIndex((event) => sameActor(event.ref, ref))
    if (find() < 0) this.watch(ref)
    await this.#until(() => find() >= 0, `the end of ${String(ref)}`, options)
    const event = terminated.splice(find(), 1)[0] as Terminated
    if (options.reason === undefined || event.reason === options.reason) return event
    throw this.#missed(`${String(ref)} ended as ${event.reason}, expected ${options.reason}`)
  }

  /** Answer the ask that was taken last. */
  reply(value: unknown): void {
    this.#asked('reply').succeed(value)
  }

  /** Refuse the ask that was taken last. */
  fail(error: Error): void {
    this.#asked('fail').fail(error)
  }

  /** Give an item to the reader of the stream that was taken last. */
  item(value: unknown): void {
    const items = this.#latest?.items
    if (items === null || items === undefined) throw this.#missed('has taken no stream to feed')
    items.push(value)
  }

  #asked(what: string): NonNullable<Kept['replier']> {
    const replier = this.#latest?.replier ?? null
    if (replier !== null) return replier
    throw this.#missed(`has taken no ask to ${what} to; expect the ask first`)
  }

  #take(): Kept {
    this.#latest = this.#box.messages.shift() as Kept
    return this.#latest
  }

  async #until(
    ready: () => boolean,
    wanted: string,
    options: WithinOptions = {},
    skipped: readonly string[] = [],
  ): Promise<void> {
    const { time } = this.#world
    const now = time.clock.now()
    const own = options.within === undefined ? limits.expectMs : durationMs(options.within)
    const enclosed = this.#endsAtMs < Infinity && options.within === undefined
    const untilMs = enclosed ? this.#endsAtMs : Math.min(this.#endsAtMs, now + own)
    await time.settle()
    while (!ready() && (await time.step(untilMs))) continue
    if (ready()) return
    if (untilMs > time.clock.now()) await time.advance(untilMs - time.clock.now())
    throw this.#missed(`expected ${wanted} within ${untilMs - now} ms of virtual time`, skipped)
  }

  /** Say what is there instead, one message a line, as people read it. */
  #missed(what: string, skipped: readonly string[] = []): EdgeError {
    const unread = this.#box.messages.map(({ name, payload }) => messageText(name, payload))
    const ended = this.#box.terminated.map(({ ref, reason }) => `${String(ref)} ended: ${reason}`)
    const lines = [
      ...listed('skipped', skipped),
      ...listed('unread', unread),
      ...listed('ended', ended),
    ]
    const rest = lines.length === 0 ? '; nothing is unread' : `:\n${lines.join('\n')}`
    const { path } = this.#world.system.cellOf(this.ref)
    return new EdgeError('expectation_failed', `Probe ${path}: ${what}${rest}`, {
      detail: { path, latest: textOf(this.#latest?.payload) },
    })
  }
}

function listed(title: string, lines: readonly string[]): readonly string[] {
  return lines.slice(0, limits.probeLinesShown).map((line, at) => `  ${title} ${at + 1}. ${line}`)
}
