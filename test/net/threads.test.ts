/**
 * ThreadsTest: threads leave nothing behind and keep no process alive that has nothing to do.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const program = new URL('./threads.program.ts', import.meta.url).pathname

async function run(way: string): Promise<readonly string[]> {
  const args = ['--conditions=shoal-source', program, way]
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    timeout: 40_000,
    killSignal: 'SIGKILL',
  })
  return stdout.trim().split('\n')
}

test('SD-3, LC-18: what was closed leaves no thread, port or timer', async () => {
  expect(await run('closed')).toEqual(['left 0 0', 'answers 0 8'])
})

test('MB-15: an idle actor in a thread, idle workers and the watchdog let the process end', async () => {
  expect(await run('idle')).toEqual(['answers 0 8'])
})

test('an answer that is under way is waited for', async () => {
  expect(await run('asking')).toEqual(['answers 0 8', 'answered 5'])
})
