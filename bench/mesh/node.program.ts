/**
 * NodeProgram: one node of a measured mesh, in a process of its own.
 *
 * It does what its parent says, tells it every change of its view, and ends with it.
 */
import { startNode } from 'shoal'
import type { MemberChange, ShoalNode } from 'shoal'
import { Echo, echo, echoPath } from './echo.ts'
import { wallMs } from './node-words.ts'
import type { AskOrder, NodeOps, Request, StartOrder, Word } from './node-words.ts'
import { askMany } from './window.ts'

let node: ShoalNode | undefined

const ops: NodeOps = { start, ticket, alive, setWeight, askAll }

process.on('disconnect', () => process.exit(0))
process.on('message', (said) => void obey(said as Request))

/** Never rejects: what fails is said to the parent. */
async function obey({ id, op, argument }: Request): Promise<void> {
  try {
    const run = ops[op] as (argument: unknown) => Promise<unknown>
    say({ kind: 'answer', id, value: await run(argument) })
  } catch (error) {
    say({ kind: 'failed', id, message: error instanceof Error ? error.message : String(error) })
  }
}

async function start({ name, dataDir, listen, join }: StartOrder): Promise<void> {
  const config = {
    node: { name },
    dataDir,
    listen: { p2p: listen },
    cluster: { mdns: false },
    logs: { level: 'error' as const },
  }
  node = await startNode(config, join === undefined ? {} : { join })
  node.system.spawn(echo, undefined, { name: echoPath.slice(1) })
  void reportChanges(node)
}

/** Ends with the node; the parent then hears of the end of this process. */
async function reportChanges(running: ShoalNode): Promise<void> {
  for (;;) {
    try {
      for await (const change of running.membership.changes()) report(change)
      return
    } catch {
      // The stream ends when its reader was too slow: read on from the view as it is now.
    }
  }
}

function report({ type, member }: MemberChange): void {
  const { name, weight } = member
  say({ kind: 'changed', change: { type, name, weight, wallMs: wallMs() } })
}

function ticket(): Promise<string> {
  return Promise.resolve(running().ticket())
}

async function alive(): Promise<readonly string[]> {
  const { members } = await running().members()
  return members.filter(({ liveness }) => liveness === 'alive').map(({ name }) => name)
}

function setWeight(weight: number): Promise<void> {
  running().membership.setOffer({ weight })
  return Promise.resolve()
}

async function askAll({ peers, count, inFlight, bytes }: AskOrder): Promise<number> {
  const refs = await Promise.all(
    peers.map(async (name) => (await running().peer(name)).ref(Echo, echoPath)),
  )
  let next = 0
  const ask = async (body: Uint8Array) => {
    const ref = refs[next++ % refs.length]
    return (await ref?.echo(body))?.length ?? 0
  }
  const outcome = await askMany(ask, { count, inFlight, bytes })
  return 'work' in outcome ? (outcome.work / outcome.ms) * 1_000 : 0
}

function running(): ShoalNode {
  if (node === undefined) throw new Error('the node was not started')
  return node
}

function say(word: Word): void {
  if (process.connected) process.send?.(word)
}
