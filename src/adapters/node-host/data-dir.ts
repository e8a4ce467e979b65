/**
 * DataDir: the folder in which a node keeps everything, used by one process at a time.
 *
 * Opening makes it when it is not there, locks it, and tries once to write, so that a disk that is
 * full or read-only is found at the start and not at the first acknowledged write.
 */
import { join } from 'node:path'

import { makeFolder, writeFileAtomic } from './atomic-file.ts'
import { lockDataDir } from './data-dir-lock.ts'
import type { LockHolder } from './data-dir-lock.ts'

export interface DataDir {
  readonly path: string
  readonly holder: LockHolder
  /** Give the lock back; the files stay. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const README = `This folder belongs to a node of a shoal cluster.
node.key and cluster.secret let anybody act as this node or join its cluster: keep them private.
`

export async function openDataDir(path: string, nodeName: string): Promise<DataDir> {
  await makeFolder(path)
  const lock = await lockDataDir(path, nodeName)
  try {
    await writeFileAtomic(join(path, 'README.txt'), README, { mode: 0o644 })
  } catch (cause) {
    await lock.release()
    throw cause
  }
  const close = (): Promise<void> => lock.release()
  return { path, holder: lock.holder, close, [Symbol.asyncDispose]: close }
}
