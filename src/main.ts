/**
 * Main: what `npm start` shows until there is a node to start.
 *
 * A small supervised system counts parcels, fails on a damaged one, restarts, and says at each
 * step what happens and why.
 */
import { ActorSystem, actor, ask, protocol, restart, tell } from './index.ts'

const Scale = protocol('shoal.start-scale/1', {
  weigh: tell<{ parcel: string; grams: number }>(),
  sum: ask<void, { parcels: number; grams: number }>(),
})

const scale = actor(Scale, {
  state: () => ({ parcels: 0, grams: 0 }),
  supervise: restart({ max: 3, within: '10s', backoff: { min: 50, max: 500 } }),
  on: {
    weigh: (state, { parcel, grams }) => {
      if (!(grams > 0)) throw new RangeError(`parcel ${parcel} weighs ${grams} g`)
      state.parcels++
      state.grams += grams
    },
    sum: ({ parcels, grams }) => ({ parcels, grams }),
  },
})

const say = (text: string): void => console.log(text)
await using system = await ActorSystem.start({ name: 'start' })
system.events.subscribe('actor.failed', ({ path, error, directive }) =>
  say(`${path} failed: ${String(error)}; its policy says: ${directive}`),
)
system.events.subscribe('actor.restarted', ({ path, incarnation }) =>
  say(`${path} begins its life number ${incarnation}, with a fresh state and the same queue`),
)

const ref = system.spawn(scale, undefined, { name: 'scale' })
say(`An actor lives at ${String(ref)}.`)
for (const [index, grams] of [250, 1_200, -5, 80, 640].entries()) {
  ref.weigh({ parcel: `P${index + 1}`, grams })
}
const { parcels, grams } = await ref.sum(undefined, { deadline: 5_000 })
say(`After the restart it weighed ${parcels} parcels, ${grams} g: what waited was not lost.`)
say('Next: read examples/counter.ts, change a line, and run it with')
say('  npx node --conditions=shoal-source examples/counter.ts')
