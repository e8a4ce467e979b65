/**
 * Watcher: the thread that waits for beats of the main thread, and looks when none comes.
 *
 * One report for one block. A thread that was suspended with the whole machine beats again at
 * once, so a missing beat is doubted for a moment before it is believed.
 */
import { writeSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { lookInside } from './look.ts'
import { type BlockReport, word, type WatchOrder } from './report.ts'

const order = workerData as WatchOrder
const { words } = order

await watch()

async function watch(): Promise<void> {
  let seen = Atomics.load(words, word.beats)
  let lastBeatAt = performance.now()
  while (Atomics.load(words, word.stop) === 0) {
    const missing =
      Atomics.wait(words, word.beats, seen, order.intervalMs) === 'timed-out' &&
      Atomics.wait(words, word.beats, seen, order.doubtMs) === 'timed-out'
    if (missing) {
      await report(lastBeatAt)
      waitForEnd(seen, lastBeatAt)
    }
    seen = Atomics.load(words, word.beats)
    lastBeatAt = performance.now()
  }
}

async function report(lastBeatAt: number): Promise<void> {
  const seen = await lookInside(order)
  const blockedMs = Math.round(performance.now() - lastBeatAt)
  const found: BlockReport = { ...seen, blockedMs }
  if (order.fd !== null) writeSync(order.fd, `${lineOf(found)}\n`)
  parentPort?.postMessage(found)
}

/** The block goes on: one report is enough, but it may not go on for ever. */
function waitForEnd(seen: number, lastBeatAt: number): void {
  const leftMs = Math.max(0, order.limitMs - (performance.now() - lastBeatAt))
  if (Atomics.wait(words, word.beats, seen, leftMs) !== 'timed-out') return
  const why = `The main thread was blocked for ${order.limitMs} ms; this process ends`
  if (order.fd !== null) writeSync(order.fd, `${JSON.stringify({ level: 'fatal', msg: why })}\n`)
  process.kill(process.pid, 'SIGKILL')
}

function lineOf(found: BlockReport): string {
  const who = found.path === null ? 'Code outside any actor' : `Actor ${found.path}`
  const what = found.message === null ? '' : ` in ${found.message}`
  const where = found.stack[0] ?? 'a native call'
  const msg = `${who} blocks the main thread${what} for ${found.blockedMs} ms, at ${where}`
  return JSON.stringify({ level: 'error', time: Date.now(), msg, ...found })
}
