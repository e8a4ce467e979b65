/**
 * WatchdogTest: a blocked main thread is named from outside while it is blocked (JS-4, R230).
 */
import { spawn } from 'node:child_process'
import { expect, test } from 'vitest'

const program = new URL('./blocking.program.ts', import.meta.url).pathname
const intervalMs = 500

interface Run {
  readonly words: readonly string[]
  readonly reports: readonly Record<string, unknown>[]
  /** From the beginning of the block to the first report. */
  readonly afterMs: number
  readonly code: number | null
  readonly signal: string | null
}

/** Run the program until it ends; one that is blocked for ever is ended after its report. */
function run(way: string, more: readonly string[] = [], interval = intervalMs): Promise<Run> {
  const args = ['--conditions=shoal-source', program, way, String(interval), ...more]
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
    killSignal: 'SIGKILL',
  })
  const words: string[] = []
  const reports: Record<string, unknown>[] = []
  let begunAt = NaN
  let afterMs = NaN
  child.stdout.on('data', (data: Buffer) => {
    words.push(...data.toString().trim().split('\n'))
    if (words.includes('blocking') && Number.isNaN(begunAt)) begunAt = performance.now()
  })
  child.stderr.on('data', (data: Buffer) => {
    for (const line of data.toString().trim().split('\n')) {
      if (line.startsWith('{')) reports.push(JSON.parse(line) as Record<string, unknown>)
    }
    if (Number.isNaN(afterMs)) afterMs = performance.now() - begunAt
    if (way === 'loop' && more.length === 0) child.kill('SIGKILL')
  })
  return new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({ words, reports, afterMs, code, signal }))
  })
}

function stackOf(report: Readonly<Record<string, unknown>> | undefined): string {
  return String(report?.['stack'])
}

test('JS-4, R230: an endless loop is named, with its message, within twice the interval', async () => {
  // Long enough for two busy cores to let both threads have their turn.
  const { reports, afterMs } = await run('loop', [], 1_000)
  expect(reports[0]).toMatchObject({ level: 'error', path: '/looper', message: 'loop' })
  expect(stackOf(reports[0])).toContain('blocking.program.ts')
  expect(afterMs).toBeLessThan(2 * 1_000)
})

test('JS-4: a loop after an await is named too, and the system hears when it is over', async () => {
  const { reports, words, code } = await run('resumed')
  expect(reports.at(-1)).toMatchObject({ path: '/looper', message: 'resumed' })
  expect(words).toContain('stuck /looper resumed')
  expect(words).toContain('free')
  expect(code).toBe(0)
})

test('a native call that blocks is reported, and the thread is not stopped by it', async () => {
  const { reports, words, code } = await run('native')
  expect(reports[0]).toMatchObject({ stack: [] })
  expect(words).toContain('free')
  expect(code).toBe(0)
})

test('code outside any actor is reported by its stack alone', async () => {
  const { reports, code } = await run('outside')
  expect(reports.at(-1)).toMatchObject({ path: null })
  expect(stackOf(reports.at(-1))).toContain('spin')
  expect(code).toBe(0)
})

test('work in short pieces is no block, and the watchdog leaves nothing behind', async () => {
  const { reports, words, code } = await run('quiet')
  expect(reports).toEqual([])
  expect(words).toContain('free')
  expect(code).toBe(0)
})

test('fault 23: a block beyond its limit ends the process', async () => {
  const { reports, signal } = await run('loop', [String(3 * intervalMs)])
  expect(reports).toContainEqual(expect.objectContaining({ path: '/looper' }))
  expect(reports.at(-1)).toMatchObject({ level: 'fatal' })
  expect(signal).toBe('SIGKILL')
})
