/**
 * Look: pauses the main thread for a moment and reads where it is and which turn it runs.
 *
 * A thread inside a native call cannot be paused: then nothing is known but that, and the request
 * is withdrawn before it could stop the thread later.
 */
import { Session } from 'node:inspector'
import { type BlockReport, runningKey, type WatchOrder } from './report.ts'

/** Share of the interval that the thread has to answer; a report is due after two intervals. */
const patience = 0.75

type Seen = Omit<BlockReport, 'blockedMs'>

const nothing: Seen = { path: null, message: null, stack: [] }
const question = `JSON.stringify(globalThis[Symbol.for(${JSON.stringify(runningKey)})]?.() ?? null)`

export function lookInside(order: Pick<WatchOrder, 'intervalMs' | 'framesMax'>): Promise<Seen> {
  const session = new Session()
  session.connectToMainThread()
  const files = new Map<string, string>()
  session.on('Debugger.scriptParsed', ({ params }) => files.set(params.scriptId, params.url))
  return new Promise((resolve) => {
    let over = false
    const done = (seen: Seen): void => {
      if (over) return
      over = true
      clearTimeout(late)
      // Whatever is still asked of the main thread ends with this; if it is paused, it goes on.
      session.disconnect()
      resolve(seen)
    }
    const late = setTimeout(() => done(nothing), order.intervalMs * patience)
    session.once('Debugger.paused', ({ params }) => {
      if (over) return
      const stack = params.callFrames.slice(0, order.framesMax).map((frame) => {
        const { scriptId, lineNumber } = frame.location
        const name = frame.functionName === '' ? '(anonymous)' : frame.functionName
        return `${name} ${files.get(scriptId) ?? 'unknown'}:${lineNumber + 1}`
      })
      session.post('Runtime.evaluate', { expression: question }, (_, answer) => {
        done({ ...turnOf(answer?.result.value), stack })
      })
    })
    session.post('Debugger.enable')
    session.post('Debugger.pause')
  })
}

function turnOf(text: unknown): Pick<Seen, 'path' | 'message'> {
  const turn: unknown = typeof text === 'string' ? JSON.parse(text) : null
  if (typeof turn !== 'object' || turn === null) return { path: null, message: null }
  return turn as { readonly path: string; readonly message: string }
}
