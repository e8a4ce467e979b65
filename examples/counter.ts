/**
 * Counter: a supervised actor that crashes, restarts and is asked.
 * Its name, its queue and its ref survive the crash; its state starts afresh.
 */
import { ActorSystem, actor, ask, hasCode, protocol, restart, tell } from 'shoal'

const Counter = protocol('example.counter/1', {
  add: tell<{ by: number }>(),
  total: ask<void, number>(),
  divide: ask<{ by: number }, number>(),
})

const counter = actor(Counter, {
  state: (init: { from: number }) => ({ total: init.from }),
  supervise: restart({ max: 5, within: '10s' }),
  on: {
    add: (state, { by }) => {
      state.total += by
    },
    total: (state) => state.total,
    divide: (state, { by }) => {
      if (by === 0) throw new RangeError('nothing can be divided by zero')
      return state.total / by
    },
  },
})

await using system = await ActorSystem.start({ name: 'example' })
const ref = system.spawn(counter, { from: 40 }, { name: 'counter' })

ref.add({ by: 2 })
console.log(await ref.total()) // → 42

const crash = await ref.divide({ by: 0 }).catch((error: unknown) => error)
console.log(hasCode(crash, 'faulted') && crash.detail) // → { path: '/counter', message: 'divide' }

console.log(await ref.total(undefined, { deadline: 200 })) // → 40
