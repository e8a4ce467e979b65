/**
 * Watcher: the thread that waits for beats of the main thread, and looks when none comes.
 *
 * One report for one block, and a second one when more is known. A thread that was suspended with
 * the whole machine beats again at once, so a missing beat is doubted before it is believed.
 */
import { writeSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { lookInside } from './look.ts'
import { type BlockReport, word, type WatchOrder } from './report.ts'

const order = workerData as WatchOrder
const { words } = order

// The main thread cannot start another watcher while it is blocked: this one goes on.
process.on('uncaughtException', (error) => {
  if (order.fd !== null) writeSync(order.fd, `watchdog: ${String(error)}\n`)
})

await watch()

async function watch(): Promise<void> {
  let seen = Atomics.load(words, word.beats)
  let lastBeatAt = performance.now()
  while (Atomics.load(words, word.stop) === 0) {
    const missing =
      Atomics.wait(words, word.beats, seen, order.intervalMs) === 'timed-out' &&
      Atomics.wait(words, word.beats, seen, order.doubtMs) === 'timed-out'
    if (missing) await followBlock(seen, lastBeatAt)
    seen = Atomics.load(words, word.beats)
    lastBeatAt = performance.now()
  }
}

async function followBlock(seen: number, lastBeatAt: number): Promise<void> {
  let found = await report(lastBeatAt)
  for (;;) {
    const leftMs = Math.max(0, order.limitMs - (performance.now() - lastBeatAt))
    const waitMs = found.stack.length > 0 ? leftMs : Math.min(leftMs, order.intervalMs)
    if (Atomics.wait(words, word.beats, seen, waitMs) !== 'timed-out') return
    if (waitMs === leftMs) endProcess()
    // It was inside a native call, or too slow to answer: it may be elsewhere by now.
    found = await report(lastBeatAt, 'news only')
  }
}

async function report(lastBeatAt: number, which?: 'news only'): Promise<BlockReport> {
  const seen = await lookInside(order)
  const blockedMs = Math.round(performance.now() - lastBeatAt)
  const found: BlockReport = { ...seen, blockedMs }
  if (which === 'news only' && found.stack.length === 0) return found
  if (order.fd !== null) writeSync(order.fd, `${lineOf(found)}\n`)
  parentPort?.postMessage(found)
  return found
}

/** The block may not go on for ever. */
function endProcess(): void {
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
