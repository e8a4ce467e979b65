/**
 * ShoalProcess: the command line as a stranger runs it, in a process of its own.
 */
import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const main = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts')
const withSource = ['--conditions=shoal-source', main]

export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Run a command that ends by itself. */
export function shoal(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, timeout: 60_000 }
    const child = execFile(
      process.execPath,
      [...withSource, ...args],
      options,
      (_error, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
    )
  })
}

/** A command that stays, such as `up` and `demo`. */
export class Staying implements AsyncDisposable {
  readonly child: ChildProcess
  readonly #lines: string[] = []
  readonly #waiting: ((line: string) => void)[] = []

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(process.execPath, [...withSource, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let rest = ''
    this.child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) this.#take(line)
    })
  }

  /** The next line of its standard output. */
  line(): Promise<string> {
    const line = this.#lines.shift()
    if (line !== undefined) return Promise.resolve(line)
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve)
      this.child.once('exit', (code) => reject(new Error(`ended with code ${code}`)))
    })
  }

  async end(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill('SIGTERM')
      await once(this.child, 'exit')
    }
    return this.child.exitCode
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end()
  }

  #take(line: string): void {
    const waiting = this.#waiting.shift()
    if (waiting === undefined) this.#lines.push(line)
    else waiting(line)
  }
}

export async function scratch(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'shoal-test-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** The first of several neighbouring ports that are free now. */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = await freePort(0)
    const rest = await Promise.all(
      Array.from({ length: count - 1 }, (_, index) => freePort(first + index + 1).catch(() => 0)),
    )
    if (first + count < 60_000 && rest.every((port) => port !== 0)) return first
  }
}

async function freePort(wanted: number): Promise<number> {
  const server = createServer()
  server.listen(wanted, '127.0.0.1')
  await Promise.race([
    once(server, 'listening'),
    once(server, 'error').then(([error]) => Promise.reject(error as Error)),
  ])
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => void server.close(resolve))
  return port
}
