/**
 * Cluster: five nodes in five processes that can be hurt one by one, and what the others saw.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Network } from './network.ts'
import { NodeProcess } from './node-process.ts'
import type { SeenChange } from './node-words.ts'

export interface Sighting extends SeenChange {
  readonly by: string
}

const formTimeoutMs = 60_000
const lookEveryMs = 50

export class Cluster implements AsyncDisposable {
  readonly #folder: string
  readonly #network: Network | null
  readonly #nodes: NodeProcess[] = []
  #listeners: ((seen: Sighting) => void)[] = []

  private constructor(folder: string, network: Network | null) {
    this.#folder = folder
    this.#network = network
  }

  /** Start so many nodes and wait until each of them sees all of them alive. */
  static async start(count: number, network: Network | null = null): Promise<Cluster> {
    const folder = await mkdtemp(join(tmpdir(), 'shoal-bench-'))
    const cluster = new Cluster(folder, network)
    try {
      await cluster.#begin(0)
      await Promise.all(Array.from({ length: count - 1 }, (_, at) => cluster.#begin(at + 1)))
      await cluster.formed()
    } catch (error) {
      await cluster[Symbol.asyncDispose]()
      throw error
    }
    return cluster
  }

  get nodes(): readonly NodeProcess[] {
    return this.#nodes
  }

  node(index: number): NodeProcess {
    const node = this.#nodes[index]
    if (node === undefined) throw new RangeError(`there is no node ${index}`)
    return node
  }

  /** Resolves with what the first sighting of each other node was that fits, or rejects. */
  async seenByOthers(
    index: number,
    fits: (seen: Sighting) => boolean,
    timeoutMs: number,
  ): Promise<readonly Sighting[]> {
    const seen = new Map<string, Sighting>()
    const stop = new AbortController()
    const all = Promise.withResolvers<void>()
    const listener = (sighting: Sighting): void => {
      if (sighting.by === this.node(index).name || seen.has(sighting.by) || !fits(sighting)) return
      seen.set(sighting.by, sighting)
      if (seen.size === this.#nodes.length - 1) all.resolve()
    }
    this.#listeners.push(listener)
    const late = sleep(timeoutMs, 'late', { signal: stop.signal }).catch(() => 'done')
    const outcome = await Promise.race([all.promise, late])
    stop.abort()
    this.#listeners = this.#listeners.filter((one) => one !== listener)
    if (outcome !== 'late') return [...seen.values()]
    throw new Error(`only ${[...seen.keys()].join(', ') || 'none'} saw it within ${timeoutMs} ms`)
  }

  /** Every sighting until the disposer is called. */
  watch(listener: (seen: Sighting) => void): () => void {
    this.#listeners.push(listener)
    return () => {
      this.#listeners = this.#listeners.filter((one) => one !== listener)
    }
  }

  /** End the process of a node if it lives, start it anew, and wait until all is whole. */
  async restart(index: number): Promise<void> {
    await this.node(index).close()
    await this.#network?.forget(index)
    await this.#begin(index)
    await this.formed()
  }

  async formed(): Promise<void> {
    const until = performance.now() + formTimeoutMs
    for (;;) {
      const views = await Promise.all(this.#nodes.map((node) => node.ask('alive')))
      if (views.every((names) => names.length === this.#nodes.length)) return
      if (performance.now() > until) {
        const counts = views.map(({ length }) => length).join(', ')
        throw new Error(`the nodes did not meet in ${formTimeoutMs} ms; they see ${counts}`)
      }
      await sleep(lookEveryMs)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.close()))
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #begin(index: number): Promise<void> {
    const name = `node-${index + 1}`
    const node = new NodeProcess(name, this.#network?.launcher ?? [])
    const other = this.#nodes.find((known, at) => known !== undefined && at !== index)
    this.#nodes[index] = node
    node.onChange((change) => {
      for (const listener of this.#listeners) listener({ ...change, by: name })
    })
    const host = (await this.#network?.connect(index, node.pid)) ?? '127.0.0.1'
    const dataDir = join(this.#folder, name)
    const joining = other === undefined ? {} : { join: await other.ask('ticket') }
    await node.ask('start', { name, dataDir, listen: `${host}:0`, ...joining })
  }
}

/** While the body runs, so many processes do nothing but compute. */
export async function burning<T>(count: number, body: () => Promise<T>): Promise<T> {
  const burners = Array.from({ length: count }, () =>
    spawn(process.execPath, ['-e', 'for (;;) Math.sqrt(2)'], { stdio: 'ignore' }),
  )
  try {
    return await body()
  } finally {
    for (const burner of burners) {
      const ended = once(burner, 'exit')
      burner.kill('SIGKILL')
      await ended
    }
  }
}
