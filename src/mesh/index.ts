/**
 * Mesh: the door through which other folders use remote actors.
 */
export type { MeshCounters } from './association.ts'
export { Mesh, type MeshOptions, systemName } from './mesh.ts'
