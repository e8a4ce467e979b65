/**
 * Door of the Piscina adapter: stateless jobs on a pool of worker threads.
 */
export { piscinaWorkers, type PiscinaWorkersOptions } from './piscina-workers.ts'
