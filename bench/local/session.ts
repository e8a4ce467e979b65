/**
 * Session: one measured process, driven line by line over its standard input and output.
 *
 * Exactly one question is under way at a time. A process that ends or stays silent turns the
 * question into a failure with its last words; `close` never leaves a process behind.
 */
import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

export interface Reply {
  readonly ms?: number
  readonly work?: number
  readonly value?: number
  /** What stands behind the value, for people. */
  readonly note?: string
  readonly error?: string
  readonly names?: readonly string[]
}

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd?: string
}

const marker = '@bench '

export class Session {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>
  #answer: (reply: Reply) => void = () => {}
  #ended = false
  #lastWords = ''

  constructor(command: Command) {
    this.#process = spawn(command.file, command.args, {
      cwd: command.cwd,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.#process.stdin.on('error', () => {})
    this.#process.stderr.on('data', (chunk: Buffer) => this.#hear(chunk.toString()))
    this.#process.on('error', (error) => this.#end(error.message))
    this.#process.on('exit', (code) => this.#end(`process ended with code ${String(code)}`))
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#read(line))
  }

  /** Resolves with the names of the workloads that the process offers. */
  open(timeoutMs: number): Promise<Reply> {
    return this.#await(timeoutMs)
  }

  run(name: string, size: number, actors: number, timeoutMs: number): Promise<Reply> {
    const reply = this.#await(timeoutMs)
    if (!this.#ended) this.#process.stdin.write(`run ${name} ${size} ${actors}\n`)
    return reply
  }

  async close(): Promise<void> {
    if (this.#ended) return
    const exited = new Promise<void>((resolve) => this.#process.once('exit', () => resolve()))
    this.#process.stdin.end()
    const kill = setTimeout(() => this.#process.kill('SIGKILL'), 2_000)
    await exited
    clearTimeout(kill)
  }

  #await(timeoutMs: number): Promise<Reply> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#process.kill('SIGKILL')
        this.#answer({ error: `no answer within ${timeoutMs} ms; the process was ended` })
      }, timeoutMs)
      this.#answer = (reply) => {
        clearTimeout(timer)
        resolve(reply)
      }
      if (this.#ended) this.#answer({ error: this.#lastWords })
    })
  }

  #read(line: string): void {
    if (line.startsWith(marker)) this.#answer(JSON.parse(line.slice(marker.length)) as Reply)
    else this.#hear(`${line}\n`)
  }

  #hear(words: string): void {
    this.#lastWords = `${this.#lastWords}${words}`.slice(-600)
  }

  #end(reason: string): void {
    this.#ended = true
    this.#lastWords = `${reason}: ${this.#lastWords.trim()}`
    this.#answer({ error: this.#lastWords })
  }
}
