/**
 * ShoalTrees: skynet, a tree in which every actor that is no leaf spawns ten children.
 *
 * A leaf reports its number and ends; a node ends with its sum. The clock stops when the root has
 * ended, and a root ends after all below it, so 1,111,111 actors have lived and gone by then.
 */
import { ActorSystem, actor, protocol, tell } from 'shoal'
import { completion, skynetSum, timed, verify } from '../outcome.ts'
import type { Workloads } from '../outcome.ts'

const branches = 10

const Sky = protocol('bench.sky/1', {
  grow: tell<{ first: number; size: number }>(),
  add: tell<{ sum: number }>(),
})

interface SkyState {
  readonly report: { add(payload: { sum: number }): void }
  sum: number
  left: number
}

const sky = actor(Sky, {
  state: (report: SkyState['report']): SkyState => ({ report, sum: 0, left: branches }),
  on: {
    grow: (state, { first, size }, ctx) => {
      if (size === 1) {
        state.report.add({ sum: first })
        ctx.stop()
        return
      }
      const share = size / branches
      for (let child = 0; child < branches; child++) {
        ctx.spawn(sky, ctx.self).grow({ first: first + child * share, size: share })
      }
    },
    add: (state, { sum }, ctx) => {
      state.sum += sum
      if (--state.left > 0) return
      state.report.add({ sum: state.sum })
      ctx.stop()
    },
  },
})

async function skynet(size: number) {
  await using system = await ActorSystem.start({ name: 'bench' })
  const { done, complete } = completion()
  const outcome = await timed(size, async () => {
    const root = system.spawn(sky, { add: ({ sum }: { sum: number }) => complete(sum) })
    root.grow({ first: 0, size })
    await done
    await system.stop(root)
  })
  verify('the sum of the leaves', await done, skynetSum(size))
  return outcome
}

export const shoalTrees: Workloads = { skynet }
