/**
 * The data directory: one holder at a time, whose death frees it, and clear words otherwise.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import {
  holderOf,
  openDataDir,
  readFileIfThere,
  writeFileAtomic,
} from '../../src/adapters/node-host/index.ts'

let base = ''
let dir = ''
const children: ChildProcess[] = []

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'shoal-data-'))
  dir = join(base, 'deep', 'data')
})

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  rmSync(base, { recursive: true, force: true })
})

const lockFile = (): string => join(dir, 'lock.json')

/** A lock as some other process would have left it. */
function leaveLock(changes: Record<string, unknown>): void {
  const lock = JSON.parse(readFileSync(lockFile(), 'utf8')) as Record<string, unknown>
  writeFileSync(lockFile(), JSON.stringify({ ...lock, token: 'other', ...changes }))
}

/** A real process that opens the directory, says so, and stays. */
async function holdElsewhere(): Promise<ChildProcess> {
  const door = new URL('../../src/adapters/node-host/index.ts', import.meta.url).href
  const script = `import { openDataDir } from ${JSON.stringify(door)}
    await openDataDir(${JSON.stringify(dir)}, 'other')
    process.stdout.write('held')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script])
  children.push(child)
  await once(child.stdout, 'data')
  return child
}

describe('the lock', () => {
  test('is held by one and free again when it closes', async () => {
    const first = await openDataDir(dir, 'edge-1')
    await expect(openDataDir(dir, 'edge-2')).rejects.toMatchObject({
      code: 'data_dir_locked',
      message: expect.stringContaining(`node edge-1 (process ${process.pid}, since `) as string,
      detail: { pid: process.pid, nodeName: 'edge-1', since: first.holder.since },
    })
    await first.close()
    expect(await holderOf(dir)).toBeUndefined()
    await (await openDataDir(dir, 'edge-2')).close()
    expect(readdirSync(dir)).toEqual(['README.txt'])
  })

  test('of a killed process is taken over; of a living one it names the process', async () => {
    const child = await holdElsewhere()
    await expect(openDataDir(dir, 'edge-1')).rejects.toMatchObject({
      code: 'data_dir_locked',
      detail: { pid: child.pid, nodeName: 'other' },
    })
    expect(await holderOf(dir)).toMatchObject({ pid: child.pid, nodeName: 'other' })
    child.kill('SIGKILL')
    await once(child, 'exit')
    const mine = await openDataDir(dir, 'edge-1')
    expect(await holderOf(dir)).toMatchObject({ pid: process.pid, nodeName: 'edge-1' })
    await mine.close()
  })

  test('of an earlier process with the same number or boot is taken over', async () => {
    await openDataDir(dir, 'edge-1')
    leaveLock({ startTicks: '1' })
    await openDataDir(dir, 'edge-2')
    leaveLock({ bootId: 'an earlier boot' })
    const third = await openDataDir(dir, 'edge-3')
    expect(third.holder.nodeName).toBe('edge-3')
    await third.close()
  })

  test('of another container is held as long as it is touched', async () => {
    await openDataDir(dir, 'edge-1')
    leaveLock({ namespace: 'pid:[1]', pid: 1, nodeName: 'container' })
    await expect(openDataDir(dir, 'edge-2')).rejects.toMatchObject({ code: 'data_dir_locked' })
    const anHourAgo = new Date(Date.now() - 3_600_000)
    utimesSync(lockFile(), anHourAgo, anHourAgo)
    await (await openDataDir(dir, 'edge-2')).close()
  })

  test('that is empty or nonsense is held only while it is fresh', async () => {
    await (await openDataDir(dir, 'edge-1')).close()
    for (const text of ['', 'nonsense', 'null', '{"pid":-1}']) {
      writeFileSync(lockFile(), text)
      await expect(openDataDir(dir, 'edge-2')).rejects.toMatchObject({ code: 'data_dir_locked' })
      utimesSync(lockFile(), 0, 0)
      await (await openDataDir(dir, 'edge-2')).close()
    }
  })

  test('that is stale goes to exactly one of twenty that want it at once', async () => {
    await openDataDir(dir, 'edge-1')
    leaveLock({ startTicks: '1' })
    const tries = Array.from({ length: 20 }, (_, i) => openDataDir(dir, `edge-${i}`))
    const results = await Promise.allSettled(tries)
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const reasons = results.filter((result) => result.status === 'rejected')
    for (const { reason } of reasons) expect(reason).toMatchObject({ code: 'data_dir_locked' })
    expect(readdirSync(dir).toSorted()).toEqual(['README.txt', 'lock.json'])
  })

  test('that somebody else took meanwhile is left alone by a late close', async () => {
    const first = await openDataDir(dir, 'edge-1')
    leaveLock({ nodeName: 'thief' })
    await first.close()
    expect(readFileSync(lockFile(), 'utf8')).toContain('thief')
  })
})

describe('a directory that cannot be used', () => {
  test('below a file is refused in one sentence with path and remedy', async () => {
    const file = join(base, 'file')
    writeFileSync(file, '')
    await expect(openDataDir(join(file, 'data'), 'edge-1')).rejects.toMatchObject({
      code: 'data_dir_unusable',
      message:
        `cannot make the data directory: ${join(file, 'data')} (ENOTDIR); ` +
        'a part of the path is a file: choose another with EDGE_DATA_DIR',
    })
  })

  test('that is a file is refused', async () => {
    writeFileSync(join(base, 'file'), '')
    await expect(openDataDir(join(base, 'file'), 'edge-1')).rejects.toMatchObject({
      code: 'data_dir_unusable',
    })
  })

  test('is opened for its owner alone', async () => {
    const opened = await openDataDir(dir, 'edge-1')
    expect(statSync(dir).mode & 0o777).toBe(0o700)
    expect(statSync(lockFile()).mode & 0o777).toBe(0o600)
    await opened.close()
  })
})

describe('an atomic write', () => {
  test('leaves the old text or the new, and no other file', async () => {
    const path = join(base, 'record.json')
    expect(await readFileIfThere(path)).toBeUndefined()
    const texts = Array.from({ length: 20 }, (_, i) => `${i}`.repeat(1_000))
    await Promise.all(texts.map((text) => writeFileAtomic(path, text)))
    expect(texts).toContain(await readFileIfThere(path))
    expect(readdirSync(base)).toEqual(['record.json'])
  })

  test('that fails leaves the old text and names the path', async () => {
    const path = join(base, 'nowhere', 'record.json')
    await expect(writeFileAtomic(path, 'x')).rejects.toMatchObject({
      code: 'data_dir_unusable',
      detail: { errno: 'ENOENT' },
    })
  })
})
