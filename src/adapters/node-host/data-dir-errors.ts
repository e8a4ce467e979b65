/**
 * DataDirErrors: what a data directory that cannot be used is told about, in one sentence.
 */
import { EdgeError } from '../../kernel/index.ts'

const REMEDIES: Readonly<Record<string, string>> = {
  EACCES: 'let the user that runs the node own it, or choose another with EDGE_DATA_DIR',
  EPERM: 'let the user that runs the node own it, or choose another with EDGE_DATA_DIR',
  EROFS: 'the file system is read-only: choose another place with EDGE_DATA_DIR',
  ENOSPC: 'the disk is full: free some space',
  EDQUOT: 'the quota is used up: free some space',
  ENOTDIR: 'a part of the path is a file: choose another with EDGE_DATA_DIR',
  EEXIST: 'there is a file of that name: choose another with EDGE_DATA_DIR',
  EISDIR: 'there is a folder where a file belongs: move it away',
  EIO: 'the disk reports an error: check it',
}

export function dataDirUnusable(
  verb: 'read' | 'write' | 'make',
  path: string,
  cause: unknown,
): EdgeError {
  const errno = (cause as NodeJS.ErrnoException | undefined)?.code ?? String(cause)
  const remedy = REMEDIES[errno] ?? 'check the path, or choose another with EDGE_DATA_DIR'
  const what = verb === 'make' ? 'make the data directory' : `${verb} in the data directory`
  return new EdgeError('data_dir_unusable', `cannot ${what}: ${path} (${errno}); ${remedy}`, {
    cause,
    detail: { path, errno },
  })
}
