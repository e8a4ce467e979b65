/**
 * Watchdog: notices from another thread that this one does not come back, and says who holds it.
 *
 * The main thread only counts beats; nothing is added to a turn. When the beats stop, the watching
 * thread pauses this one through the inspector for a moment, reads stack and turn, writes a line
 * and lets it go on. It is off while a debugger is attached, which stops threads for good reason.
 */
import inspector from 'node:inspector'
import { Worker } from 'node:worker_threads'
import * as limits from '../../../protocols/limits.ts'
import { type ActorSystem, EdgeError, type RunningTurn, runningTurn } from '../../kernel/index.ts'
import { type BlockReport, runningKey, word, type WatchOrder } from './report.ts'

export interface WatchdogOptions {
  /** Their actors are named, and they publish `actor.stuck` when the thread is free again. */
  readonly systems: readonly ActorSystem[]
  /** A block is reported after at most twice this time. */
  readonly intervalMs?: number
  /** A block that lasts longer ends the process, for a supervisor outside to start it again. */
  readonly limitMs?: number
  /** Where the line is written while the main thread cannot; null: nowhere. Default: stderr. */
  readonly fd?: number | null
  /** Called once the main thread is free again. */
  readonly onReport?: (report: BlockReport) => void
}

export interface Watchdog {
  /** False while a debugger is attached. */
  readonly watching: boolean
  stop(): Promise<void>
}

const entry = new URL('./watcher.ts', import.meta.url).href

export function startWatchdog(options: WatchdogOptions): Watchdog {
  const intervalMs = options.intervalMs ?? limits.watchdogIntervalMs
  if (!(intervalMs >= 10)) throw intervalError(intervalMs)
  if (inspector.url() !== undefined) return { watching: false, stop: async () => {} }
  const words = new Int32Array(new SharedArrayBuffer(8))
  const order: WatchOrder = {
    words,
    intervalMs,
    doubtMs: Math.min(limits.watchdogDoubtMs, intervalMs / 2),
    limitMs: options.limitMs ?? Infinity,
    framesMax: limits.watchdogFramesMax,
    fd: options.fd === undefined ? 2 : options.fd,
  }
  const watcher = new Watcher(order, (report) => tell(options, report))
  const beat = setInterval(() => {
    Atomics.add(words, word.beats, 1)
    Atomics.notify(words, word.beats)
  }, intervalMs / 4)
  beat.unref()
  const conceal = reveal(options.systems)
  return { watching: true, stop: () => end(watcher, [() => clearInterval(beat), conceal]) }
}

/** The watching thread, started again if it fails: nobody would watch it otherwise. */
class Watcher {
  readonly #order: WatchOrder
  readonly #hear: (report: BlockReport) => void
  #worker: Worker
  #left = 3
  #stopped = false

  constructor(order: WatchOrder, hear: (report: BlockReport) => void) {
    this.#order = order
    this.#hear = hear
    this.#worker = this.#start()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    const { words } = this.#order
    Atomics.store(words, word.stop, 1)
    Atomics.add(words, word.beats, 1)
    Atomics.notify(words, word.beats)
    await this.#worker.terminate()
  }

  #start(): Worker {
    const worker = new Worker(new URL(siblingOf(entry)), {
      name: 'watchdog',
      workerData: this.#order,
    })
    worker.on('message', this.#hear)
    worker.on('error', () => {
      if (!this.#stopped && this.#left-- > 0) this.#worker = this.#start()
    })
    // After the listeners, which would keep the process alive.
    worker.unref()
    return worker
  }
}

async function end(watcher: Watcher, before: readonly (() => void)[]): Promise<void> {
  for (const each of before) each()
  await watcher.stop()
}

function tell(options: WatchdogOptions, report: BlockReport): void {
  options.onReport?.(report)
  const { path, message, blockedMs } = report
  if (path === null || message === null) return
  for (const { events } of options.systems) {
    events.publish('actor.stuck', { path, message, afterMs: blockedMs })
  }
}

/** Let whoever pauses this thread ask which turn runs. */
function reveal(systems: readonly ActorSystem[]): () => void {
  const key = Symbol.for(runningKey)
  const look = (): RunningTurn | null => {
    for (const { carrier } of systems) {
      const running = runningTurn(carrier)
      if (running !== null) return running
    }
    return null
  }
  Reflect.set(globalThis, key, look)
  return () => {
    if (Reflect.get(globalThis, key) === look) Reflect.deleteProperty(globalThis, key)
  }
}

function siblingOf(address: string): string {
  return import.meta.url.endsWith('.js') ? address.replace(/\.ts$/, '.js') : address
}

function intervalError(intervalMs: number): EdgeError {
  return new EdgeError(
    'invalid_option',
    `The watchdog's interval is ${intervalMs} ms; give at least 10`,
  )
}
