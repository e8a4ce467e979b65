/**
 * Network: a switch in a namespace of its own, to which each node has a wire that can be cut.
 *
 * A cut wire loses what is sent in both directions and tells nobody, as a broken switch does.
 * It needs root; everything is gone when the process that holds the namespace ends.
 */
import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readlink } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)
const attempts = 100

export class Network implements AsyncDisposable {
  readonly launcher = ['unshare', '-n']
  readonly #holder: ChildProcess

  private constructor(holder: ChildProcess) {
    this.#holder = holder
  }

  /** A network, or the reason why there can be none. */
  static async open(): Promise<Network | string> {
    if (process.getuid?.() !== 0) return 'namespaces of the network need root'
    const holder = spawn('unshare', ['-n', 'sleep', 'infinity'], { stdio: 'ignore' })
    const network = new Network(holder)
    try {
      await once(holder, 'spawn')
      await separate(holder.pid ?? 0)
      await network.#ip('link', 'add', 'switch', 'type', 'bridge')
      await network.#ip('link', 'set', 'switch', 'up')
      return network
    } catch (error) {
      await network[Symbol.asyncDispose]()
      return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
    }
  }

  /** Give the process of a node its wire; answers the address that it has. */
  async connect(index: number, pid: number): Promise<string> {
    const host = `10.99.0.${index + 1}`
    await separate(pid)
    await this.#ip('link', 'add', wire(index), 'type', 'veth', 'peer', 'name', `end${index}`)
    await this.#ip('link', 'set', `end${index}`, 'netns', String(pid))
    await this.mend(index)
    await this.#ip('link', 'set', wire(index), 'up')
    await within(pid, ['link', 'set', 'lo', 'up'])
    await within(pid, ['address', 'add', `${host}/24`, 'dev', `end${index}`])
    await within(pid, ['link', 'set', `end${index}`, 'up'])
    return host
  }

  cut(index: number): Promise<void> {
    return this.#ip('link', 'set', wire(index), 'nomaster')
  }

  mend(index: number): Promise<void> {
    return this.#ip('link', 'set', wire(index), 'master', 'switch')
  }

  /** The process is gone, and its wire with it: the kernel takes both ends down, in a while. */
  async forget(index: number): Promise<void> {
    await this.#ip('link', 'delete', wire(index)).catch(() => {})
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#holder.exitCode !== null || this.#holder.signalCode !== null) return
    const ended = once(this.#holder, 'exit').catch(() => {})
    this.#holder.kill('SIGKILL')
    await ended
  }

  #ip(...args: readonly string[]): Promise<void> {
    return within(this.#holder.pid ?? 0, args)
  }
}

function wire(index: number): string {
  return `wire${index}`
}

async function within(pid: number, args: readonly string[]): Promise<void> {
  await run('nsenter', ['-t', String(pid), '-n', 'ip', ...args])
}

/** Wait until a process has left the namespace of this one. */
async function separate(pid: number): Promise<void> {
  const own = await readlink('/proc/self/ns/net')
  for (let left = attempts; left > 0; left--) {
    if ((await readlink(`/proc/${pid}/ns/net`)) !== own) return
    await sleep(20)
  }
  throw new Error('a process got no namespace of its own')
}
