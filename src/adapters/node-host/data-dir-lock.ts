/**
 * DataDirLock: one process at a time uses a data directory, and the others are told which.
 *
 * The lock is a file that names its holder. It appears whole or not at all, since it is written
 * under another name and linked. A lock whose holder is dead is taken over; two that try this at
 * once are kept apart by a claim. Where the holder cannot be looked at, as in another container,
 * its lock counts as held while it is touched regularly.
 */
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { lockFreshMs, lockTouchMs, lockTriesMax } from '../../../protocols/limits.ts'
import { EdgeError } from '../../kernel/index.ts'
import { besideOf, errnoOf, writeFlushed } from './atomic-file.ts'
import { dataDirUnusable } from './data-dir-errors.ts'
import { livenessOf, ownProcessMark } from './process-mark.ts'
import type { ProcessMark } from './process-mark.ts'

export interface LockHolder extends ProcessMark {
  readonly nodeName: string
  /** When the lock was taken, as an ISO date. */
  readonly since: string
}

export interface DataDirLock {
  readonly holder: LockHolder
  release(): Promise<void>
}

const LOCK = 'lock.json'
const RETRY_MS = 20

export async function lockDataDir(dir: string, nodeName: string): Promise<DataDirLock> {
  const path = join(dir, LOCK)
  const holder = { ...ownProcessMark(), nodeName, since: new Date().toISOString() }
  const text = `${JSON.stringify({ ...holder, token: besideOf('') })}\n`
  try {
    await acquire(path, text)
  } catch (cause) {
    throw cause instanceof EdgeError ? cause : dataDirUnusable('write', path, cause)
  }
  const touch = setInterval(() => void touchFile(path), lockTouchMs)
  touch.unref()
  return {
    holder,
    release: async () => {
      clearInterval(touch)
      if ((await textOf(path)) === text) await rm(path, { force: true })
    },
  }
}

/** Who holds the lock of a data directory right now, if anybody. */
export async function holderOf(dir: string): Promise<LockHolder | undefined> {
  const path = join(dir, LOCK)
  const text = await textOf(path)
  return text !== undefined && (await isHeld(path, text)) ? parseHolder(text) : undefined
}

async function acquire(path: string, text: string): Promise<void> {
  for (let tries = 0; tries < lockTriesMax; tries += 1) {
    if (await create(path, text)) return
    const found = await textOf(path)
    if (found === undefined) continue
    if (await isHeld(path, found)) throw locked(path, parseHolder(found))
    if (await takeOver(path, { stale: found, text })) return
    await sleep(RETRY_MS)
  }
  throw locked(path, undefined)
}

/** Replace a stale lock; only the process with the claim may, and only while it is still stale. */
async function takeOver(path: string, lock: { stale: string; text: string }): Promise<boolean> {
  const claim = `${path}.claim`
  if (!(await create(claim, lock.text))) {
    const other = await textOf(claim)
    if (other !== undefined && !(await isHeld(claim, other))) await rm(claim, { force: true })
    return false
  }
  try {
    if ((await textOf(path)) !== lock.stale) return false
    const beside = besideOf(path)
    await writeFlushed(beside, lock.text, 0o600)
    await rename(beside, path)
    return true
  } finally {
    await rm(claim, { force: true })
  }
}

/** Make the file with its text, unless there is one. */
async function create(path: string, text: string): Promise<boolean> {
  const beside = besideOf(path)
  try {
    await writeFlushed(beside, text, 0o600)
    await link(beside, path)
    return true
  } catch (cause) {
    if (errnoOf(cause) === 'EEXIST') return false
    // File systems without links: the text then appears a moment after the name.
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'].includes(errnoOf(cause) ?? '')) throw cause
    return await createInPlace(path, text)
  } finally {
    await rm(beside, { force: true })
  }
}

async function createInPlace(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o600 })
    return true
  } catch (cause) {
    if (errnoOf(cause) === 'EEXIST') return false
    throw cause
  }
}

async function isHeld(path: string, text: string): Promise<boolean> {
  const holder = parseHolder(text)
  const liveness = holder === undefined ? 'unknown' : livenessOf(holder)
  return liveness === 'alive' || (liveness === 'unknown' && (await isFresh(path)))
}

/** Touched lately. A time far in the future comes from a wrong clock and says nothing. */
async function isFresh(path: string): Promise<boolean> {
  const touchedMs = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  )
  return Math.abs(Date.now() - touchedMs) < lockFreshMs
}

async function touchFile(path: string): Promise<void> {
  const now = new Date()
  // A lock that cannot be touched is still held; the next start finds out whether it is stale.
  await utimes(path, now, now).catch(() => undefined)
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined
    throw cause
  }
}

function parseHolder(text: string): LockHolder | undefined {
  try {
    const holder = JSON.parse(text) as LockHolder | null
    return Number.isSafeInteger(holder?.pid) && Number(holder?.pid) > 0
      ? (holder ?? undefined)
      : undefined
  } catch {
    return undefined
  }
}

function locked(path: string, holder: LockHolder | undefined): EdgeError {
  const who =
    holder === undefined
      ? 'another process that is starting'
      : `node ${holder.nodeName} (process ${holder.pid}, since ${holder.since})`
  return new EdgeError(
    'data_dir_locked',
    `the data directory is in use by ${who}: ${path}; stop that node, ` +
      'or choose another directory with EDGE_DATA_DIR',
    {
      detail: {
        path,
        ...(holder && { pid: holder.pid, nodeName: holder.nodeName, since: holder.since }),
      },
    },
  )
}
