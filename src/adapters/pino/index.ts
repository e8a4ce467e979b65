/**
 * Door of the pino log: the only folder that names pino.
 */
export { createPinoLog } from './log.ts'
export type { PinoLogOptions } from './log.ts'
