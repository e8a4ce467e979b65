/**
 * ControlClient: finds the nodes of this machine by their data directories and speaks to them.
 */
import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { runRecord } from '../protocols/control.ts'
import type { ControlAnswer, ControlRequest, RunRecord } from '../protocols/control.ts'
import { holderOf, readFileIfThere } from './adapters/node-host/index.ts'
import { EdgeError } from './kernel/index.ts'

export const runFile = 'run.json'

export interface RunningNode {
  readonly dataDir: string
  readonly record: RunRecord
}

/** Nodes that run with this data directory or with one directly below it. */
export async function findRunning(dataDir: string): Promise<readonly RunningNode[]> {
  const own = await runningIn(dataDir)
  if (own !== null) return [own]
  const names = await readdir(dataDir).catch(() => [])
  const found = await Promise.all(
    names.toSorted(byName).map((name) => runningIn(join(dataDir, name))),
  )
  return found.filter((node) => node !== null)
}

function byName(a: string, b: string): number {
  return a < b ? -1 : 1
}

async function runningIn(dataDir: string): Promise<RunningNode | null> {
  const text = await readFileIfThere(join(dataDir, runFile)).catch(() => undefined)
  if (text === undefined) return null
  const record = parseRecord(text)
  // A crash leaves the record behind, but not the lock's holder.
  const holder = await holderOf(dataDir)
  return record === null || holder?.pid !== record.pid ? null : { dataDir, record }
}

function parseRecord(text: string): RunRecord | null {
  try {
    return runRecord.parse(JSON.parse(text))
  } catch {
    return null
  }
}

export async function request(
  node: RunningNode,
  said: ControlRequest,
  timeoutMs: number,
): Promise<unknown> {
  const answer = await exchange(node.record.socket, said, timeoutMs)
  if (answer.ok) return answer.result
  throw new EdgeError(answer.error.code, answer.error.message)
}

function exchange(path: string, said: ControlRequest, timeoutMs: number): Promise<ControlAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    const give = (why: string): void => {
      socket.destroy()
      reject(
        new EdgeError('node_unreachable', `The node behind ${path} ${why}; is it still running?`),
      )
    }
    socket.setTimeout(timeoutMs, () => give(`did not answer within ${timeoutMs} ms`))
    socket.once('error', (error) => give(`cannot be reached: ${error.message}`))
    socket.once('close', () => give('closed without an answer'))
    createInterface({ input: socket }).once('line', (line) => {
      socket.removeAllListeners('close')
      socket.end()
      resolve(JSON.parse(line) as ControlAnswer)
    })
    socket.write(`${JSON.stringify(said)}\n`)
  })
}
