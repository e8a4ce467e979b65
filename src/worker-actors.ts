/**
 * WorkerActors: actors that live in a thread of their own, put together for this process.
 *
 * A thread is its own world: it gets its clock and event loop from the module named here.
 */
import { type WorkerActor, workerActors } from './adapters/comlink/index.ts'

const extension = import.meta.url.endsWith('.js') ? '.js' : '.ts'
const runtime = new URL(`./adapters/node-runtime/index${extension}`, import.meta.url).href

/** The definition of an actor that runs in a thread: spawn it like any other. */
export const workerActor: WorkerActor = workerActors({ runtime })
