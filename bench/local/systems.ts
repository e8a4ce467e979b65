/**
 * Systems: how each measured process is started, and why one cannot be.
 *
 * All Node processes get the same flags. Erlang runs with one scheduler, because everything else
 * here is one thread; its module is compiled into a folder that the run removes.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Command } from './session.ts'

export interface System {
  readonly name: string
  /** The others' slowness cuts the size of their runs. */
  readonly full: boolean
  readonly command: Command
}

export interface Systems {
  readonly present: readonly System[]
  readonly notes: readonly string[]
  [Symbol.asyncDispose](): Promise<void>
}

const run = promisify(execFile)
const here = import.meta.dirname
const peersFolder = join(here, '..', 'peers')
const peerNames = ['xstate', 'nact', 'comedy', 'moleculer']
const installTimeoutMs = 45_000

export async function openSystems(options: { readonly peers: boolean }): Promise<Systems> {
  const folder = await mkdtemp(join(tmpdir(), 'shoal-bench-'))
  const own = ['shoal', 'bare'].map((name) => nodeSystem(name, join(here, name, 'main.ts'), true))
  const others = options.peers ? [await erlang(folder), ...(await peers())] : []
  return {
    present: [...own, ...others.filter((other) => typeof other !== 'string')],
    notes: others.filter((other) => typeof other === 'string'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

export function nodeSystem(name: string, entry: string, full: boolean): System {
  const args = ['--conditions=shoal-source', '--expose-gc', entry]
  return { name, full, command: { file: process.execPath, args } }
}

/** Skips, with the reason, are texts. */
async function erlang(folder: string): Promise<System | string> {
  try {
    await run('erlc', ['-o', folder, join(here, 'erlang', 'shoal_bench.erl')])
  } catch (error) {
    return `erlang: skipped, ${reasonOf(error)}`
  }
  const flags = ['+S', '1:1', '+P', '4000000', '-noshell', '-pa', folder]
  const args = [...flags, '-run', 'shoal_bench', 'main']
  return { name: 'erlang', full: true, command: { file: 'erl', args } }
}

async function peers(): Promise<readonly (System | string)[]> {
  try {
    await installPeers()
  } catch (error) {
    const reason = reasonOf(error)
    return peerNames.map((name) => `${name}: skipped, npm ci in bench/peers failed: ${reason}`)
  }
  return peerNames.map((name) => nodeSystem(name, join(peersFolder, `${name}.ts`), false))
}

/** The peers are no dependencies of the product: the first run that wants them installs them. */
export async function installPeers(): Promise<void> {
  if (existsSync(join(peersFolder, 'node_modules', '.package-lock.json'))) return
  process.stderr.write('installing the peers (npm ci in bench/peers) ...\n')
  await run('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: peersFolder,
    env: outerEnvironment(),
    timeout: installTimeoutMs,
  })
}

/** Without what `npm run` adds for this package, which would lead npm back here. */
function outerEnvironment(): NodeJS.ProcessEnv {
  const ours = /^npm_(package_|lifecycle_|command$|config_local_prefix$|config_prefix$)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)))
}

/** The line that says most: npm's first error, else the first line of all. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if ('code' in error && error.code === 'ENOENT') return 'the command is not on the path'
  const said = 'stderr' in error ? String(error.stderr).split('\n') : []
  const first = said.find((line) => /^npm error (?!code|errno|syscall)/.test(line))
  return first ?? error.message.split('\n')[0] ?? ''
}
