/**
 * MeshSystems: which pairs of processes can be measured here, and why one cannot be.
 *
 * A plain socket is always there: it is the floor that the targets are counted in.
 */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { installPeers, nodeSystem, reasonOf } from '../local/systems.ts'
import type { System, Systems } from '../local/systems.ts'

const run = promisify(execFile)
const here = import.meta.dirname

export async function openMeshSystems(options: { readonly peers: boolean }): Promise<Systems> {
  const folder = await mkdtemp(join(tmpdir(), 'shoal-bench-'))
  const own = ['shoal', 'tcp'].map((name) => nodeSystem(name, join(here, name, 'main.ts'), true))
  const others = options.peers ? [await moleculer(), await erlang(folder), await nats()] : []
  return {
    present: [...own, ...others.filter((other) => typeof other !== 'string')],
    notes: others.filter((other) => typeof other === 'string'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

async function moleculer(): Promise<System | string> {
  try {
    await installPeers()
  } catch (error) {
    return `moleculer: skipped, npm ci in bench/peers failed: ${reasonOf(error)}`
  }
  return nodeSystem('moleculer', join(here, '..', 'peers', 'moleculer-tcp.ts'), true)
}

/** Neither node starts the port mapper, which would outlive the measurement. */
async function erlang(folder: string): Promise<System | string> {
  try {
    await run('erlc', ['-o', folder, join(here, 'erlang', 'shoal_mesh_bench.erl')])
  } catch (error) {
    return `erlang: skipped, ${reasonOf(error)}`
  }
  const port = String(await freePort())
  const flags = ['+S', '1:1', '-noshell', '-start_epmd', 'false', '-erl_epmd_port', port]
  const args = [...flags, '-pa', folder, '-run', 'shoal_mesh_bench', 'main', folder]
  return { name: 'erlang', full: true, command: { file: 'erl', args } }
}

async function nats(): Promise<string> {
  try {
    await run('nats-server', ['--version'])
  } catch (error) {
    return `nats: skipped, ${reasonOf(error)}`
  }
  return 'nats: skipped, its rows are not written yet'
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => void server.close(resolve))
  return port
}
