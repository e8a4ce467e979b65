/**
 * NodeProcess: a node in a process of its own, as the measuring process holds it.
 *
 * Whatever happens to the measurement, `close` ends the process; it also ends with its parent.
 */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { NodeOp, NodeOps, SeenChange, Word } from './node-words.ts'

/** Runs in front of the node's program, such as a change of the network namespace. */
export type Launcher = readonly string[]

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

const program = join(import.meta.dirname, 'node.program.ts')
const flags = ['--conditions=shoal-source']
const answerTimeoutMs = 60_000

export class NodeProcess implements AsyncDisposable {
  readonly name: string
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  #onChange: (change: SeenChange) => void = () => {}
  #ids = 0

  constructor(name: string, launcher: Launcher = []) {
    this.name = name
    const command = [...launcher, process.execPath, ...flags]
    const execPath = command.shift() ?? ''
    this.#child = fork(program, {
      execPath,
      execArgv: command,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      serialization: 'advanced',
    })
    this.#child.on('message', (word) => this.#hear(word as Word))
    this.#child.on('exit', (code) => this.#failAll(`${name} ended with code ${String(code)}`))
    // A process that was killed cannot be written to; its end says so already.
    this.#child.on('error', () => {})
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  onChange(listener: (change: SeenChange) => void): void {
    this.#onChange = listener
  }

  ask<Op extends NodeOp>(
    op: Op,
    ...[argument]: Parameters<NodeOps[Op]>
  ): Promise<Awaited<ReturnType<NodeOps[Op]>>> {
    const id = ++this.#ids
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const timer = setTimeout(() => {
      this.#waiting.delete(id)
      reject(new Error(`${this.name} did not answer '${op}' within ${answerTimeoutMs} ms`))
    }, answerTimeoutMs)
    this.#waiting.set(id, { resolve, reject })
    this.#child.send({ id, op, argument })
    // The table of operations types what the other process answers.
    return promise.finally(() => clearTimeout(timer)) as Promise<Awaited<ReturnType<NodeOps[Op]>>>
  }

  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(name)
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #hear(word: Word): void {
    if (word.kind === 'changed') {
      this.#onChange(word.change)
      return
    }
    const waiting = this.#waiting.get(word.id)
    this.#waiting.delete(word.id)
    if (word.kind === 'answer') waiting?.resolve(word.value)
    else waiting?.reject(new Error(`${this.name}: ${word.message}`))
  }

  #failAll(reason: string): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(reason))
    this.#waiting.clear()
  }
}
