/**
 * Large program: clusters beyond what a test may cost, in virtual time, as commands.
 *
 * `node --conditions=shoal-source test/sim/large.program.ts --nodes 1000 --minutes 10` runs real
 * actors over the simulated net; `--model` runs the pure membership rules alone, which is how
 * 10,000 nodes fit into one process.
 */
import { parseArgs } from 'node:util'
import { membershipLimits as limits } from '../../protocols/limits.ts'
import { membershipProfiles, MembershipWorld, simulate } from '../../src/testing/index.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    nodes: { type: 'string', default: '1000' },
    minutes: { type: 'string', default: '10' },
    model: { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed)
const nodes = Number(values.nodes)
const minutes = Number(values.minutes)
const beganMs = Date.now()

function say(text: string): void {
  const { rss } = process.memoryUsage()
  const took = ((Date.now() - beganMs) / 1_000).toFixed(1)
  console.log(`${text} (${took} s, ${Math.round(rss / 2 ** 20)} MiB)`)
}

if (values.model) runModel()
else await runActors()

function runModel(): void {
  let deaths = 0
  const profile = membershipProfiles.lan
  const world = new MembershipWorld({
    seed,
    nodes,
    profile,
    limits,
    met: true,
    heartbeats: true,
    onEffect: (_, effect) => {
      if (effect.type === 'event' && effect.event === 'member.dead') deaths += 1
    },
  })
  const half = (minutes * 60_000) / 2
  world.run(half)
  say(`${nodes} nodes after ${half} virtual ms: ${deaths} held for dead`)
  if (deaths > 0) process.exitCode = 1
  world.kill(0)
  world.run(half)
  say(`one was killed; ${deaths} of ${nodes - 1} hold it for dead`)
  if (deaths !== nodes - 1) process.exitCode = 1
}

async function runActors(): Promise<void> {
  const options = { seed, nodes, minutes, profile: 'lan', workload: false } as const
  const run = await simulate(options, async (world) => {
    for (let minute = 1; minute <= minutes / 2; minute++) {
      await world.run('60s')
      console.log(`minute ${minute}: ${world.trace.count} frames`)
    }
  })
  say(`${nodes} nodes, ${minutes} virtual minutes, ${run.frames} frames, hash ${run.hash}`)
  const deaths = run.world.log.filter((line) => line.includes('member.dead'))
  if (deaths.length > 0) process.exitCode = 1
}
