/**
 * Processes: several nodes on one machine, each a process with a data directory of its own.
 *
 * All begin at once: they share a secret that is made here and know each other's ports. A child
 * whose parent is gone stops by itself, so nothing is ever left behind.
 */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { StatusReport } from '../../protocols/control.ts'
import { openClusterSecret } from '../adapters/node-host/index.ts'
import type { NodeConfig } from '../config.ts'
import { findRunning, request } from '../control-client.ts'
import { EdgeError } from '../kernel/index.ts'
import { poll } from '../poll.ts'
import type { Output } from './output.ts'
import { statusText } from './status.ts'
import { untilStopped } from './until-stopped.ts'

/** What a child is told, and what it answers. */
export interface ChildOrder {
  readonly name: string
  readonly dataDir: string
  readonly listen: string
  readonly peers: readonly string[]
  readonly secret: string
  readonly config: NodeConfig
}
export type ChildWord =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }

/** The published package holds JavaScript, the checkout TypeScript. */
const extension = import.meta.filename.endsWith('.js') ? 'js' : 'ts'
const childProgram = join(import.meta.dirname, `child.${extension}`)
const forming = { everyMs: 20, withinMs: 30_000 }

export async function startProcesses(
  config: NodeConfig,
  count: number,
  output: Output,
): Promise<void> {
  const { dataDir } = config
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const { secret } = await openClusterSecret(dataDir, { configured: config.cluster.secret })
  const children: ChildProcess[] = []
  const stopAll = async (): Promise<void> => {
    for (const child of children) if (child.connected) child.disconnect()
    await Promise.all(children.map((child) => ended(child)))
  }
  try {
    await Promise.all(orders(config, count, secret).map((order) => begin(order, children)))
    const report = await formed(dataDir, count)
    output.result({ ...report, data_dir: dataDir, pid: process.pid }, () =>
      demoText(report, dataDir),
    )
  } catch (error) {
    await stopAll()
    throw error
  }
  const allEnded = Promise.all(children.map((child) => ended(child)))
  await untilStopped((why) => {
    output.say(`${why}: stopping ${children.length} nodes`)
    return stopAll()
  }, allEnded)
}

function orders(config: NodeConfig, count: number, secret: string): readonly ChildOrder[] {
  const first = config.listen.p2p?.port ?? 0
  const ports = Array.from({ length: count }, (_, index) => first + index)
  return ports.map((port, index) => ({
    name: `node-${index + 1}`,
    dataDir: join(config.dataDir, `node-${index + 1}`),
    listen: `127.0.0.1:${port}`,
    peers: ports.filter((other) => other !== port).map((other) => `/ip4/127.0.0.1/tcp/${other}`),
    secret,
    config,
  }))
}

/** Resolves when the child's node is up; rejects with the child's own words when it is not. */
async function begin(order: ChildOrder, children: ChildProcess[]): Promise<void> {
  const child = fork(childProgram, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
  })
  children.push(child)
  child.send(order)
  const word = await Promise.race([
    once(child, 'message').then(([said]) => said as ChildWord),
    once(child, 'exit').then(
      () => ({ kind: 'failed', code: 'start_failed', message: gone(order) }) as const,
    ),
  ])
  if (word.kind === 'failed') throw new EdgeError(word.code, word.message)
}

function gone(order: ChildOrder): string {
  return `The process of ${order.name} ended before its node was up`
}

function ended(child: ChildProcess): Promise<unknown> {
  return child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : once(child, 'exit')
}

/** Wait until one of them sees all of them alive. */
async function formed(dataDir: string, count: number): Promise<StatusReport> {
  const report = await poll(() => reportOf(dataDir, count), forming)
  if (report !== undefined) return report
  throw new EdgeError(
    'timeout',
    `The ${count} nodes did not find each other in ${forming.withinMs} ms`,
  )
}

async function reportOf(dataDir: string, count: number): Promise<StatusReport | undefined> {
  const [node] = await findRunning(dataDir)
  if (node === undefined) return undefined
  const report = (await request(node, { op: 'status' }, 5_000)) as StatusReport
  const alive = report.nodes.filter(({ liveness }) => liveness === 'alive')
  return alive.length >= count ? { ...report, nodes: alive } : undefined
}

function demoText(report: StatusReport, dataDir: string): string {
  return [
    `${report.nodes.length} nodes are up, each a process of its own:`,
    '',
    statusText(report),
    '',
    `Their data is under ${dataDir}. Try, in another terminal:`,
    '  npm run -s shoal -- status --name node-2',
    '  kill -9 the process of one of them, and look at the status again',
    'Ctrl+C stops them all.',
  ].join('\n')
}
