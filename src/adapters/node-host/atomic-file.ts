/**
 * AtomicFile: small files that are there whole or not at all, whatever cuts the power.
 *
 * A new text goes to a file beside the old one, is flushed, and takes its name; then the folder is
 * flushed too, since a name is data of the folder.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

import { hostFileBytesMax } from '../../../protocols/limits.ts'
import { dataDirUnusable } from './data-dir-errors.ts'

export interface WriteOptions {
  /** Permission bits; only the owner may read unless said otherwise. */
  readonly mode?: number
}

export async function writeFileAtomic(
  path: string,
  text: string,
  { mode = 0o600 }: WriteOptions = {},
): Promise<void> {
  const beside = besideOf(path)
  try {
    await writeFlushed(beside, text, mode)
    await rename(beside, path)
    await flushFolder(dirname(path))
  } catch (cause) {
    await rm(beside, { force: true }).catch(() => undefined)
    throw dataDirUnusable('write', path, cause)
  }
}

/** The text of a file, or nothing when there is none. */
export async function readFileIfThere(path: string): Promise<string | undefined> {
  try {
    if ((await stat(path)).size > hostFileBytesMax) {
      throw new RangeError(`larger than ${hostFileBytesMax} bytes`)
    }
    return await readFile(path, 'utf8')
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined
    throw dataDirUnusable('read', path, cause)
  }
}

/** Make a folder that only its owner can enter, with all above it. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw dataDirUnusable('make', path, cause)
  }
}

export async function writeFlushed(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A name in the same folder that nobody else uses. */
export function besideOf(path: string): string {
  return `${path}.${process.pid}.${randomBytes(4).toString('hex')}.new`
}

export function errnoOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code
}

async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } catch (cause) {
    // Some file systems cannot flush a folder; the name is then as safe as they make it.
    if (!['EINVAL', 'EPERM', 'EISDIR', 'ENOTSUP'].includes(errnoOf(cause) ?? '')) throw cause
  } finally {
    await folder.close()
  }
}
