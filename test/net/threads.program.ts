/**
 * Threads: a process with worker actors and jobs, that must end by itself in the way it is told.
 *
 * `closed` ends everything and prints what is left; `idle` leaves an idle actor and idle threads
 * alone and just comes to its end; `asking` has an answer under way, which must be waited for.
 */
import { readdirSync } from 'node:fs'
import { piscinaWorkers } from '../../src/adapters/piscina/index.ts'
import { startWatchdog } from '../../src/adapters/watchdog/index.ts'
import { ActorSystem, workerActor } from '../../src/index.ts'
import { Counter } from './thread-actors.ts'

const [way] = process.argv.slice(2)
const module = new URL('./thread-actors.ts', import.meta.url)
const jobs = new URL('../contract/workers-jobs.ts', import.meta.url)
const before = threads()

const system = await ActorSystem.start({ name: 'threads', askDeadline: '30s' })
const watchdog = startWatchdog({ systems: [system], fd: null })
const workers = piscinaWorkers({ slots: 2 })
const ref = system.spawn(workerActor(Counter, { module, export: 'counter' }))
const double = { module: jobs, export: 'double', input: { value: 4 } }
const answers = [
  await ref.total(),
  await workers.run<(input: { readonly value: number }) => number>(double),
]
if (way === 'asking') {
  void ref.slow({ ms: 300, value: 5 }).then((value) => console.log('answered', value))
}
if (way === 'closed') {
  await workers.close()
  await system.terminate()
  await watchdog.stop()
  console.log('left', threads() - before, process.getActiveResourcesInfo().filter(isOurs).length)
}
console.log('answers', ...answers)

function threads(): number {
  return readdirSync('/proc/self/task').length
}

function isOurs(name: string): boolean {
  return /Worker|MessagePort|Timeout/.test(name)
}
