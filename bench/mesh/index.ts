/**
 * Mesh: `bench -- mesh`, what more than one process can show, beside the peers when asked.
 *
 * First pairs of processes, in turns with a plain socket and the peers; then meshes of five.
 * The exit code tells whether every result of shoal was right, never whether it was fast.
 */
import { parseArgs } from 'node:util'
import { chosen, describeMachine, measureAll, notesOf, resultOf } from '../local/index.ts'
import { printTargets } from '../local/table.ts'
import { writeReport } from '../report.ts'
import { meshTargets } from '../targets.ts'
import { pairs } from './pairs.ts'
import { measureScenes, sceneNames } from './scenes.ts'
import { openMeshSystems } from './systems.ts'

const quick = { runs: 3, peerRuns: 3, planMs: 90_000, endsAtMs: 150_000 }
const full = { runs: 11, peerRuns: 11, planMs: 8 * 60_000, endsAtMs: 20 * 60_000 }
const mustBeRight = new Set(['shoal', 'tcp'])

export async function benchMesh(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      peers: { type: 'boolean', default: false },
      json: { type: 'string' },
      only: { type: 'string' },
      systems: { type: 'string' },
    },
  })
  await using systems = await openMeshSystems({ peers: values.peers })
  const present = chosen(systems.present, values.systems)
  const machine = describeMachine(present)
  print(Object.entries(machine).map(([key, value]) => `${key}: ${value}`))
  const all = [...pairs, ...sceneNames.map((name) => ({ name }))]
  const names = chosen(all, values.only).map(({ name }) => name)
  const table = pairs.filter(({ name }) => names.includes(name))
  const measured = await measureAll(table, present, values.quick ? quick : full)
  const scenes = await measureScenes(names, { quick: values.quick })
  const rows = measured.flatMap((one) => one.rows)
  const results = [...rows.map((row) => resultOf(row)), ...scenes.results]
  const notes = [...systems.notes, ...measured.flatMap((one) => notesOf(one)), ...scenes.notes]
  printTargets(results, meshTargets)
  print(['', ...notes])
  if (values.json !== undefined) await writeReport(values.json, { results, machine, notes })
  const wrong = measured
    .flatMap(({ failures }) => failures)
    .filter(({ system, late }) => !late && mustBeRight.has(system))
  return wrong.length > 0 || !scenes.right ? 1 : 0
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`)
}
