/**
 * Up: start a node in this process, or several on this machine, and keep them until told to stop.
 */
import { fieldsWithoutEffect } from '../config-listing.ts'
import type { LoadedConfig } from '../config.ts'
import type { ShoalNode } from '../node.ts'
import type { Output } from './output.ts'
import { startProcesses } from './processes.ts'
import { load } from './settings.ts'
import type { CommonFlags } from './settings.ts'
import { untilStopped } from './until-stopped.ts'

export interface UpFlags extends CommonFlags {
  readonly nodes?: string
  readonly join?: string
}

export async function up(flags: UpFlags, output: Output): Promise<void> {
  const loaded = await load(flags)
  for (const warning of loaded.warnings) output.say(`note: ${warning}`)
  const idle = fieldsWithoutEffect(loaded).map(({ path }) => path)
  if (idle.length > 0) output.say(`note: not yet used: ${idle.join(', ')}`)
  const nodes = Number(flags.nodes ?? '1')
  if (nodes > 1) await startProcesses(loaded.config, nodes, output)
  else await upHere(loaded, flags, output)
}

async function upHere(loaded: LoadedConfig, flags: UpFlags, output: Output): Promise<void> {
  // Loading what a node needs takes a third of a second; commands that start none skip it.
  const { startLoaded } = await import('../node-start.ts')
  const options = flags.join === undefined ? {} : { join: flags.join }
  const node = await startLoaded(loaded.config, options)
  output.result(readyData(node), () => readyText(node, loaded.file))
  await untilStopped((why) => {
    output.say(`${why}: leaving the mesh and stopping`)
    return node.stop()
  }, node.whenStopped)
}

function readyData(node: ShoalNode): object {
  return {
    node_id: node.info.nodeId,
    name: node.info.name,
    peer_id: node.info.peerId,
    addresses: node.addresses(),
    data_dir: node.dataDir,
    pid: process.pid,
  }
}

function readyText(node: ShoalNode, file: string | undefined): string {
  const lines = [
    `Node ${node.info.name} is up (${node.info.nodeId}).`,
    `  configuration   ${file ?? 'embedded default'}`,
    `  data directory  ${node.dataDir}`,
    ...node.addresses().map((address) => `  listens on      ${address}`),
    'Next, in another terminal:',
    '  npm run -s shoal -- status     who is in the mesh',
    '  npm run -s shoal -- ticket     the line with which another box joins:',
    '                                 npm run -s shoal -- up --join TICKET',
    'Ctrl+C stops the node.',
  ]
  return lines.join('\n')
}
