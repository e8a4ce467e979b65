/**
 * Door of the machine that a node runs on: its files, its identity and its resources.
 */
export { readFileIfThere, writeFileAtomic } from './atomic-file.ts'
export { openClusterSecret } from './cluster-secret.ts'
export type { ClusterSecret, SecretSources } from './cluster-secret.ts'
export { openDataDir } from './data-dir.ts'
export type { DataDir } from './data-dir.ts'
export { holderOf } from './data-dir-lock.ts'
export type { LockHolder } from './data-dir-lock.ts'
export { openIdentity } from './identity.ts'
export type { NodeIdentity } from './identity.ts'
export { openPeerMemory } from './peer-memory.ts'
export { openNodeHost } from './resources.ts'
export type { NodeHostOptions } from './resources.ts'
