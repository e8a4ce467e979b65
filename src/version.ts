/**
 * Version: what this software calls itself towards people and peers.
 */
export const version = '0.1.0'
export const software = `shoal/${version}`
