/**
 * Down: stop the nodes of a data directory, after they have told the others.
 */
import { holderOf } from '../adapters/node-host/index.ts'
import { request } from '../control-client.ts'
import type { RunningNode } from '../control-client.ts'
import { EdgeError } from '../kernel/index.ts'
import { poll } from '../poll.ts'
import type { Output } from './output.ts'
import { running } from './settings.ts'
import type { CommonFlags } from './settings.ts'

const stopWithinMs = 15_000
const stopping = { everyMs: 25, withinMs: stopWithinMs }

export async function down(flags: CommonFlags, output: Output): Promise<void> {
  const nodes = await running(flags)
  await Promise.all(nodes.map((node) => stopOne(node)))
  const names = nodes.map(({ record }) => record.name)
  output.result({ stopped: names }, () => `stopped: ${names.join(', ')}`)
}

async function stopOne(node: RunningNode): Promise<void> {
  await request(node, { op: 'stop', leave: true }, stopWithinMs)
  const gone = await poll(async () => ((await holds(node)) ? undefined : true), stopping)
  if (gone === undefined) throw stillRunning(node)
}

async function holds(node: RunningNode): Promise<boolean> {
  return (await holderOf(node.dataDir))?.pid === node.record.pid
}

function stillRunning({ record }: RunningNode): EdgeError {
  return new EdgeError(
    'timeout',
    `${record.name} (process ${record.pid}) was told to stop and still runs after ` +
      `${stopWithinMs / 1_000} s; look at its log, or end the process yourself`,
  )
}
