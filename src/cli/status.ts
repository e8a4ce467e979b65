/**
 * StatusCommand: who is in the mesh, as one of its nodes on this machine sees it.
 */
import type { StatusReport } from '../../protocols/control.ts'
import { request } from '../control-client.ts'
import type { Output } from './output.ts'
import { table } from './output.ts'
import { running } from './settings.ts'
import type { CommonFlags } from './settings.ts'

const answerWithinMs = 5_000

export async function status(flags: CommonFlags, output: Output): Promise<void> {
  const [node] = await running(flags)
  if (node === undefined) return
  const report = (await request(node, { op: 'status' }, answerWithinMs)) as StatusReport
  output.result(report, () => `${statusText(report)}\n\nas ${node.record.name} sees it now`)
}

export function statusText(report: StatusReport): string {
  const rows = report.nodes.map((node) => [
    node.self ? `${node.name} (asked)` : node.name,
    node.status,
    node.runtime_status,
    node.round_trip_ms === null ? '-' : `${node.round_trip_ms.toFixed(1)} ms`,
    node.node_id,
    node.addresses[0]?.replace(/\/p2p\/.*$/, '') ?? '-',
  ])
  return table(['name', 'status', 'runtime', 'distance', 'node id', 'address'], rows)
}
