/**
 * WorkersMemoryTest: the contract of the Workers port, kept by its twin without threads.
 */
import { memoryWorkers } from '../../src/adapters/memory/index.ts'
import { workersContract } from './workers.ts'

workersContract('the memory twin', (options) => memoryWorkers(options))
