/**
 * Seeds program: runs a range of seeds and says what each did; for nights and for hunting.
 *
 * `node --conditions=shoal-source test/sim/seeds.program.ts --first 1 --count 1000 [--once]`
 */
import { parseArgs } from 'node:util'
import { simulateSeeds } from '../../src/testing/index.ts'
import { optionsOf } from './cluster-seeds.ts'

const { values } = parseArgs({
  options: {
    first: { type: 'string', default: '1' },
    count: { type: 'string', default: '100' },
    once: { type: 'boolean', default: false },
  },
})
const first = Number(values.first)
let failed = 0
for (let seed = first; seed < first + Number(values.count); seed++) {
  const options = { ...optionsOf([seed], 'test/sim/cluster-odd.test.ts'), twice: !values.once }
  const line = await simulateSeeds(options).then(
    ({ frames, agreedAfterMsMax, failures, fired }) => {
      const asks = JSON.stringify(Object.fromEntries(failures))
      const odd = JSON.stringify(Object.fromEntries(fired))
      return `${seed} ok ${frames} frames, agreed after ${agreedAfterMsMax} ms ${asks} ${odd}`
    },
    (error: unknown) => {
      failed++
      return `${seed} FAILED ${error instanceof Error ? error.message : String(error)}`
    },
  )
  console.log(line)
}
process.exitCode = failed === 0 ? 0 : 1
