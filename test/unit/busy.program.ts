/**
 * BusyProgram: runs the busy scenario with the seed given and prints its whole event log.
 */
import { testSystem } from '../../src/testing/index.ts'
import { busyScenario } from './busy-scenario.ts'

const kit = await testSystem({ seed: Number(process.argv[2]), delivery: 'shuffled' })
await busyScenario(kit)
await kit.stop()
process.stdout.write(kit.log.text)
