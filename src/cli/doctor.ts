/**
 * Doctor: looks for what keeps a node from running well, and says what to do about each.
 */
import { createServer } from 'node:net'
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { holderOf } from '../adapters/node-host/index.ts'
import { colocationProfile } from '../adapters/libp2p/index.ts'
import { fieldsWithoutEffect } from '../config-listing.ts'
import type { LoadedConfig, NodeConfig } from '../config.ts'
import { findRunning, request } from '../control-client.ts'
import type { Output } from './output.ts'
import { exitCodes } from './exit-code.ts'
import { load } from './settings.ts'
import type { CommonFlags } from './settings.ts'

export interface Finding {
  readonly check: string
  readonly verdict: 'ok' | 'warn' | 'fail'
  readonly detail: string
}

const nodeVersionMin = 24
const freeBytesMin = 100e6

export async function doctor(flags: CommonFlags, output: Output): Promise<void> {
  const loaded = await load(flags)
  const findings = [
    nodeVersion(),
    configuration(loaded),
    ...colocation(loaded.config),
    await space(loaded.config),
    ...(await place(loaded.config)),
  ]
  const verdict = worst(findings)
  output.result({ verdict, findings }, () => text(findings))
  if (verdict === 'fail') process.exitCode = exitCodes.partial
}

function nodeVersion(): Finding {
  const major = Number(process.versions.node.split('.')[0])
  const detail = `Node ${process.versions.node}`
  if (major >= nodeVersionMin) return { check: 'node', verdict: 'ok', detail }
  return { check: 'node', verdict: 'fail', detail: `${detail}; shoal needs ${nodeVersionMin}` }
}

function configuration(loaded: LoadedConfig): Finding {
  const from = loaded.file ?? 'the embedded default'
  const idle = fieldsWithoutEffect(loaded).map(({ path }) => path)
  const notes = [
    ...loaded.warnings,
    ...(idle.length === 0 ? [] : [`not yet used: ${idle.join(', ')}`]),
  ]
  return {
    check: 'configuration',
    verdict: notes.length === 0 ? 'ok' : 'warn',
    detail: [`read from ${from}`, ...notes].join('; '),
  }
}

function colocation(config: NodeConfig): readonly Finding[] {
  const { nodesPerAddress } = config.net
  const profile = colocationProfile({
    nodesMax: config.cluster.maxNodes,
    ...(nodesPerAddress === undefined ? {} : { nodesPerAddressMax: nodesPerAddress }),
  })
  const detail =
    `up to ${profile.nodesPerAddressMax} nodes behind one address, ` +
    `${profile.connectionsMax} connections, ${profile.inboundPerAddressPerSecond} new ones a second`
  const warnings = profile.warnings.map((warning): Finding => ({
    check: 'colocation',
    verdict: 'warn',
    detail: warning,
  }))
  return [{ check: 'colocation', verdict: 'ok', detail }, ...warnings]
}

async function space(config: NodeConfig): Promise<Finding> {
  const { bavail, bsize } = await statfsNear(config.dataDir)
  const free = bavail * bsize
  const detail = `${Math.round(free / 1e6)} MB free where ${config.dataDir} lies`
  return { check: 'disk', verdict: free < freeBytesMin ? 'warn' : 'ok', detail }
}

/** The directory may not be there yet; then its nearest parent that is. */
async function statfsNear(path: string): Promise<{ bavail: number; bsize: number }> {
  return statfs(path).catch((error: unknown) => {
    if (dirname(path) === path) throw error
    return statfsNear(dirname(path))
  })
}

/** Whose place it is: a running node's, or free to be taken. */
async function place(config: NodeConfig): Promise<readonly Finding[]> {
  const running = await findRunning(config.dataDir)
  if (running.length > 0) {
    return Promise.all(
      running.map(async (node): Promise<Finding> => {
        const found = (await request(node, { op: 'doctor' }, 5_000)) as { peers: number }
        const { name, pid } = node.record
        const detail = `${name} runs as process ${pid} and is connected to ${found.peers} peers`
        return { check: 'node', verdict: 'ok', detail }
      }),
    )
  }
  const holder = await holderOf(config.dataDir)
  const lock: Finding =
    holder === undefined
      ? { check: 'data directory', verdict: 'ok', detail: `${config.dataDir} is free` }
      : {
          check: 'data directory',
          verdict: 'fail',
          detail: `${config.dataDir} is held by ${holder.nodeName}, process ${holder.pid}`,
        }
  return [lock, await port(config)]
}

function port(config: NodeConfig): Promise<Finding> {
  const { p2p } = config.listen
  if (p2p === null) {
    return Promise.resolve({ check: 'port', verdict: 'ok', detail: 'this node only dials' })
  }
  const at = `${p2p.host}:${p2p.port}`
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error) => {
      const detail = `${at} cannot be used: ${error.message}; choose another with --port-offset`
      resolve({ check: 'port', verdict: 'fail', detail })
    })
    server.listen(p2p.port, p2p.host, () => {
      server.close(() => resolve({ check: 'port', verdict: 'ok', detail: `${at} is free` }))
    })
  })
}

function worst(findings: readonly Finding[]): Finding['verdict'] {
  if (findings.some(({ verdict }) => verdict === 'fail')) return 'fail'
  return findings.some(({ verdict }) => verdict === 'warn') ? 'warn' : 'ok'
}

function text(findings: readonly Finding[]): string {
  const marks = { ok: '✓', warn: '!', fail: '✖' } as const
  return findings
    .map(({ check, verdict, detail }) => `${marks[verdict]} ${check}: ${detail}`)
    .join('\n')
}
