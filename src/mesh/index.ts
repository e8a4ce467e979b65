/**
 * Mesh: the door through which other folders use remote actors.
 */
export type { MeshCounters } from './association.ts'
export { decodeFrame } from './decode-frame.ts'
export { Mesh, type MeshOptions, systemName } from './mesh.ts'
