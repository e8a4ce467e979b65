/**
 * Random: the one source of chance of a system, so that a seed can decide a whole run.
 */
export type { Random } from '../kernel/index.ts'
