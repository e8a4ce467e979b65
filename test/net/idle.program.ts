/**
 * IdleProgram: asks, sets and cancels timers, spawns a crowd, and then has nothing more to do.
 *
 * It never terminates its system: the process has to end by itself, because an idle system keeps
 * no timer and no handle. It prints what is still alive when its work is done.
 */
import { ActorSystem, actor, ask, protocol, tell } from '../../src/index.ts'

const Idle = protocol('test.idle/1', { echo: ask<{ n: number }, number>(), nap: tell() })
const idle = actor(Idle, {
  state: () => null,
  on: {
    echo: (_state, { n }) => n,
    nap: (_state, _none, ctx) => {
      ctx.after('nap', '1h', 'nap', undefined)
      ctx.cancelTimer('nap')
    },
  },
})

const system = await ActorSystem.start({ name: 'idle' })
const refs = Array.from({ length: 10_000 }, () => system.spawn(idle))
for (const ref of refs) ref.nap()
const answers = await Promise.all(refs.map((ref, n) => ref.echo({ n }, { deadline: 3_600_000 })))
const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
await settle()
await settle()
const timers = process.getActiveResourcesInfo().filter((name) => /Timeout|Immediate/.test(name))
process.stdout.write(JSON.stringify({ answers: answers.length, timers, armed: system.wheel.size }))
