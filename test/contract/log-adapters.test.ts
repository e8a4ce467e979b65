/**
 * Log contract, kept: by the pino log and by its in-memory twin.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { MemoryLog } from '../../src/adapters/memory/log.ts'
import { createPinoLog } from '../../src/adapters/pino/index.ts'
import { logContract } from './log.ts'
import type { WrittenLine } from './log.ts'

logContract('pino', (options) => {
  const written: string[] = []
  const log = createPinoLog({ ...options, write: (line) => void written.push(line) })
  return { log, lines: () => written.map((line) => JSON.parse(line) as WrittenLine) }
})

logContract('memory', (options) => {
  const log = MemoryLog.create(options)
  const lines = (): WrittenLine[] =>
    log.lines.map(({ level, message, fields }) => ({ ...fields, level, message }))
  return { log, lines }
})

test('a pino log with a file appends whole lines, readable by its owner', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'shoal-log-'))
  const file = join(dir, 'logs', 'node.log')
  const log = createPinoLog({ file })
  log.info('one')
  log.info('two', { n: 2 })
  await log.flush()
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  expect(lines.map((line) => (JSON.parse(line) as WrittenLine)['message'])).toEqual(['one', 'two'])
  expect(lines[1]).toMatch(/"time":"\d{4}-\d\d-\d\dT/)
  rmSync(dir, { recursive: true })
})
