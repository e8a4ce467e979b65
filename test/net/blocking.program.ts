/**
 * Blocking: a process whose main thread is blocked in the way that its argument names.
 *
 * It says on standard output when the block begins and what its own event stream heard of it.
 */
import { execFileSync } from 'node:child_process'
import { writeSync } from 'node:fs'
import { startWatchdog } from '../../src/adapters/watchdog/index.ts'
import { actor, ActorSystem, ask, protocol } from '../../src/index.ts'

const [way = 'loop', interval = '400', limit = 'Infinity'] = process.argv.slice(2)
const say = (word: string): void => void writeSync(1, `${word}\n`)

const Looper = protocol('test.looper/1', {
  loop: ask(),
  resumed: ask<{ ms: number }, number>(),
  native: ask<{ ms: number }, number>(),
})
const looper = actor(Looper, {
  state: () => null,
  on: {
    loop: () => {
      say('blocking')
      for (;;);
    },
    resumed: async (_, { ms }) => {
      await Promise.resolve()
      say('blocking')
      return spin(ms)
    },
    native: (_, { ms }) => {
      say('blocking')
      execFileSync('sleep', [String(ms / 1_000)])
      return ms
    },
  },
})

function spin(ms: number): number {
  const until = performance.now() + ms
  while (performance.now() < until);
  return ms
}

const system = await ActorSystem.start({ name: 'blocking' })
const watchdog = startWatchdog({
  systems: [system],
  intervalMs: Number(interval),
  limitMs: Number(limit),
})
system.events.subscribe('actor.stuck', ({ path, message }) => say(`stuck ${path} ${message}`))
const ref = system.spawn(looper, undefined, { name: 'looper' })
await new Promise((resolve) => setTimeout(resolve, Number(interval) * 2))
if (way === 'loop') await ref.loop()
if (way === 'resumed') await ref.resumed({ ms: Number(interval) * 3 })
if (way === 'native') await ref.native({ ms: Number(interval) * 4 })
if (way === 'outside') {
  say('blocking')
  spin(Number(interval) * 3)
}
if (way === 'quiet') {
  for (let i = 0; i < 20; i++) {
    spin(Number(interval) / 4)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}
await new Promise((resolve) => setTimeout(resolve, Number(interval)))
say('free')
await watchdog.stop()
await system.terminate()
