/**
 * Thread: one worker thread with the actor that lives in it, seen from outside.
 *
 * It starts the worker, hands messages over, and knows which of them the actor had begun with when
 * the thread died. A thread whose event loop does not answer while it works is ended, unless it
 * may be inside a native call: that would take the whole process down, so it is only let go.
 */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { releaseProxy, type Remote, wrap } from 'comlink'
import * as limits from '../../../protocols/limits.ts'
import {
  type ActorSystem,
  EdgeError,
  type Exit,
  type Message,
  type Rider,
} from '../../kernel/index.ts'
import type { Answer, Control, LodgerOrder, LodgerView } from '../../../workers/thread/control.ts'
import type { KnownErrors } from '../../../workers/thread/error-form.ts'
import { Link } from '../../../workers/thread/link.ts'
import type { LodgerFailure, TracedTurn } from '../../../workers/thread/link-options.ts'
import type { Parcel } from '../../../workers/thread/payload.ts'
import type { Movable } from '../../../workers/thread/transfer.ts'
import { clockOffsetMs } from './clock-offset.ts'

export interface ThreadOptions {
  readonly system: ActorSystem
  /** Address of the module that gives the thread its runtime. */
  readonly runtime: string
  readonly errors: KnownErrors
  readonly name: string
  readonly memoryMb: number | undefined
  /** It may be inside a native call at any time. */
  readonly native: boolean
  readonly stuckMs: number
  readonly hear: ThreadListener
}

export interface ThreadListener {
  failed(failure: LodgerFailure): void
  exited(exit: Exit): void
  stuck(message: string): void
}

/** A message under way to the actor. */
export interface Sent {
  readonly message: Message
  readonly parcel: Parcel
  readonly rider: Rider
}

/** What the entry of the thread finds as its data. */
export interface ThreadData {
  readonly control: MessagePort
  readonly frames: MessagePort
  readonly begun: SharedArrayBuffer
  readonly runtime: string
}

const entry = new URL('./thread-side.ts', import.meta.url).href

export class Thread {
  readonly link: Link
  /** Resolves when the thread has ended, with the reason when nobody wanted it to. */
  readonly gone: Promise<EdgeError | null>
  readonly #options: ThreadOptions
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #controlPort: MessagePort
  readonly #control: Remote<Control>
  readonly #begun = new Int32Array(new SharedArrayBuffer(4))
  readonly #sent: (Sent | undefined)[] = []
  #sentFirst = 0
  #sentTotal = 0
  #begunTotal = 0
  readonly #rooms: (() => void)[] = []
  #asked = 0
  #watchdog: NodeJS.Timeout | null = null
  #fault: unknown = undefined
  #why: EdgeError | null = null
  #wanted = false
  #resting = false
  ended = false

  constructor(options: ThreadOptions) {
    this.#options = options
    const frames = new MessageChannel()
    const control = new MessageChannel()
    this.#port = frames.port1
    this.#controlPort = control.port1
    const data: ThreadData = {
      control: control.port2,
      frames: frames.port2,
      begun: this.#begun.buffer,
      runtime: options.runtime,
    }
    this.#worker = new Worker(new URL(siblingOf(entry)), {
      name: options.name,
      workerData: data,
      transferList: [control.port2, frames.port2],
      ...(options.memoryMb !== undefined && {
        resourceLimits: { maxOldGenerationSizeMb: options.memoryMb },
      }),
    })
    this.link = this.#openLink()
    this.#control = wrap<Control>(this.#controlPort)
    this.gone = this.#listen()
  }

  get underWay(): number {
    return this.#sentTotal - this.#begunTotal
  }

  async start(order: LodgerOrder): Promise<Answer> {
    const answer = await this.#ask<Answer>(() => this.#control.start(order))
    this.#watchdog = setInterval(() => this.#look(), this.#options.stuckMs / 2)
    this.#watchdog.unref()
    return answer
  }

  decide(verdict: 'restart' | 'resume' | 'stop'): Promise<Answer> {
    return this.#ask(() => this.#control.decide(verdict))
  }

  inspect(): Promise<LodgerView | null> {
    return this.#ask(() => this.#control.inspect())
  }

  remember(sent: Sent): void {
    this.#sent.push(sent)
    this.#sentTotal++
    if (this.underWay === 1) this.#port.ref()
  }

  /** Resolves when the actor has begun with more, or will never. */
  room(): Promise<void> {
    if (this.ended) return Promise.resolve()
    return new Promise((resolve) => this.#rooms.push(resolve))
  }

  /** Messages that the actor had not begun with when its thread ended; their calls stay open. */
  takeUnbegun(): readonly Sent[] {
    this.#taken(this.#begun[0] as number)
    const left = this.#sent.slice(this.#sentFirst) as Sent[]
    this.#sent.length = 0
    this.#sentFirst = 0
    this.#begunTotal = this.#sentTotal
    return left
  }

  /** Let the actor end, and its thread with it. False when it did not within the time. */
  async stop(how: { readonly graceMs: number; readonly drain: boolean }): Promise<boolean> {
    if (this.ended) return true
    this.#wanted = true
    this.#worker.ref()
    this.link.bye()
    const stopped = this.#ask<Answer>(() => this.#control.stop(how)).then(() => this.gone)
    if (how.graceMs === Infinity) {
      await stopped.catch(() => {})
      return true
    }
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), how.graceMs)
    })
    const first = await Promise.race([stopped.catch(() => null), late])
    clearTimeout(timer)
    if (first !== 'late') return true
    const { name } = this.#options
    this.end(new EdgeError('stopped', `${name} was stopped before it could answer`))
    return false
  }

  /** End the thread now. A native call cannot be ended: its thread is let go when it returns. */
  end(why: EdgeError): void {
    if (this.ended) return
    this.#why ??= why
    if (this.#options.native) {
      this.#worker.unref()
      // Whenever the call returns, the thread reads this and ends by itself.
      this.link.bye()
      void this.#control.stop({ graceMs: 0, drain: false })
      this.#close()
      return
    }
    // The exit event does what remains.
    void this.#worker.terminate()
  }

  /** A call of the thread's control; lost when the thread ends before it answers. */
  async #ask<T>(call: () => PromiseLike<unknown>): Promise<T> {
    if (this.ended) throw this.#why ?? this.#exitError(0)
    const lost = this.gone.then((why): never => {
      throw why ?? this.#exitError(0)
    })
    // Comlink spells an answer that is a union in its own way; it is what the control promised.
    return Promise.race([call() as PromiseLike<T>, lost])
  }

  #openLink(): Link {
    const { system, errors, hear } = this.#options
    return new Link({
      system,
      thread: 0,
      clockOffsetMs: clockOffsetMs(system.clock),
      errors,
      limits: threadLimits,
      post: (frames, transfer) => this.#port.postMessage(frames, transfer as Movable[]),
      hear: {
        taken: (count) => this.#taken(count),
        failed: (failure) => hear.failed(failure),
        exited: (exit) => hear.exited(exit),
        traced: (turn) => this.#traced(turn),
      },
    })
  }

  #traced({ trace, protocol, message, path, error }: TracedTurn): void {
    const { system, name } = this.#options
    const said: Message = { protocol, name: message, kind: 'tell', index: 0, options: {} }
    system.tracer?.turnEnded(trace, said, { node: `${system.name}~${name}`, path, uid: 0 }, error)
  }

  #listen(): Promise<EdgeError | null> {
    this.#port.on('message', (frames: readonly unknown[]) => {
      this.link.receive(frames)
      this.#restSoon()
    })
    this.#port.unref()
    this.#controlPort.unref()
    this.#worker.unref()
    this.#worker.on('error', (error) => {
      this.#fault = error
    })
    return new Promise((resolve) => {
      this.#resolveGone = resolve
      this.#worker.on('exit', (code) => {
        if (!this.#wanted) this.#why ??= this.#exitError(code)
        this.#close()
      })
    })
  }

  #resolveGone: (why: EdgeError | null) => void = () => {}

  #close(): void {
    if (this.ended) return
    this.ended = true
    if (this.#watchdog !== null) clearInterval(this.#watchdog)
    if (!this.#options.native || this.#why === null) this.#control[releaseProxy]()
    this.#port.close()
    for (const room of this.#rooms.splice(0)) room()
    this.#resolveGone(this.#why)
  }

  #taken(count: number): void {
    if (count <= this.#begunTotal) return
    for (; this.#begunTotal < count; this.#begunTotal++) this.#sent[this.#sentFirst++] = undefined
    if (this.#sentFirst > limits.threadWindow) {
      this.#sent.splice(0, this.#sentFirst)
      this.#sentFirst = 0
    }
    if (this.underWay === 0) this.#port.unref()
    for (const room of this.#rooms.splice(0)) room()
  }

  /** Answers come outside any turn: let the system's alarm go when nobody waits any more. */
  #restSoon(): void {
    if (this.#resting) return
    this.#resting = true
    setImmediate(() => {
      this.#resting = false
      this.#options.system.wheel.rest()
    })
  }

  /** Ask for a sign of life; two rounds without one mean that the event loop does not turn. */
  #look(): void {
    if (this.#asked === 0) {
      this.#asked = 1
      void this.#ask(() => this.#control.ping()).then(
        () => (this.#asked = 0),
        () => (this.#asked = 0),
      )
      return
    }
    if (++this.#asked < 3) return
    // What arrived while this thread itself was busy is read first.
    setImmediate(() => setImmediate(() => this.#stuck()))
  }

  #stuck(): void {
    if (this.#asked < 3 || this.ended) return
    const at = this.#sent[this.#sentFirst - 1 + (this.#begun[0] as number) - this.#begunTotal]
    const message = at?.message.name ?? 'unknown'
    this.#options.hear.stuck(message)
    this.end(stuckError(this.#options, message))
  }

  #exitError(code: number): EdgeError {
    return new EdgeError(
      'worker_exited',
      `The thread of ${this.#options.name} ended (exit code ${code}); what it was working on has ` +
        'an unknown outcome: ask again only what may be done twice',
      { cause: this.#fault, detail: { exitCode: code } },
    )
  }
}

export const threadLimits = {
  depthMax: limits.codecDepthMax,
  valuesMax: limits.threadValuesMax,
  bytesMax: limits.threadPayloadBytesMax,
  framesPerPost: limits.threadFramesPerPost,
}

/** The same file beside this one, whether both are sources or both are compiled. */
function siblingOf(address: string): string {
  return import.meta.url.endsWith('.js') ? address.replace(/\.ts$/, '.js') : address
}

function stuckError(options: ThreadOptions, message: string): EdgeError {
  return new EdgeError(
    'worker_stuck',
    `The thread of ${options.name} gave no sign of life for ${options.stuckMs} ms while it ` +
      `handled ${message}; it was ended: look for an endless loop in that handler`,
    { detail: { message, stuckMs: options.stuckMs } },
  )
}
