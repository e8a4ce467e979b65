/**
 * bench: measures the runtime on this machine, beside a bare mailbox and other frameworks.
 *
 * `npm run bench -- local [--quick] [--peers] [--json FILE]` runs the workloads of one process;
 * `mesh` those of several, and what a mesh of five does when it is idle, busy or hurt;
 * `membership-cost` those of membership in the scale model;
 * `npm run bench -- compare A.json B.json` prints the ratios of two written runs.
 * Ends with a non-zero code only when a result is wrong, never when it is slow.
 */
import { compareRuns } from './compare.ts'
import { benchLocal } from './local/index.ts'
import { benchMesh } from './mesh/index.ts'
import { benchMembershipCost } from './mesh/membership-cost.ts'

const commands: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  local: benchLocal,
  mesh: benchMesh,
  'membership-cost': benchMembershipCost,
  compare: compareRuns,
}

const usage = `usage: npm run bench -- local [--quick] [--peers] [--json FILE] [--only a,b]
           [--systems a,b]
       npm run bench -- mesh [--quick] [--peers] [--json FILE] [--only a,b]
       npm run bench -- membership-cost [--quick] [--json FILE]
       npm run bench -- compare BEFORE.json AFTER.json
`

const [name = '', ...args] = process.argv.slice(2)
const command = Object.hasOwn(commands, name) ? commands[name] : undefined
if (command === undefined) {
  process.stderr.write(name === '' ? usage : `No benchmark is called '${name}'.\n${usage}`)
  process.exitCode = 2
} else {
  process.exitCode = await command(args).catch((error: unknown) => refuse(error))
}

/** Wrong words on the command line, or a file that cannot be read or written. */
function refuse(error: unknown): number {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}`)
  return 2
}
