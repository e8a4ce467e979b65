/**
 * Resources: the Host port on a real machine.
 *
 * A timer of its own measures, so that a heartbeat or a request only reads the latest sample.
 * Rates are taken between two samples by a clock that nobody can set.
 */
import { availableParallelism, loadavg } from 'node:os'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'

import { hostSampleMs } from '../../../protocols/limits.ts'
import type { EventLoopDelay, Host, NetworkUse, Resources } from '../../ports/host.ts'
import { countCpu, countNetwork, measureDisk, measureMemory } from './counters.ts'
import type { CpuCount, NetworkCount } from './counters.ts'

export interface NodeHostOptions {
  /** Whose file system is measured: the data directory. */
  readonly folder: string
  readonly sampleMs?: number
}

/** Where rates are taken from. */
interface Mark {
  readonly atMs: number
  readonly cpu: CpuCount
  readonly processMicros: number
  readonly network: NetworkCount | null
}

/** How often the delay of the event loop is looked at; below it nothing is seen. */
const DELAY_RESOLUTION_MS = 20
const NS_PER_MS = 1e6

export async function openNodeHost(options: NodeHostOptions): Promise<Host> {
  const host = new NodeHost(options, await takeMark())
  await host.measure()
  return host
}

class NodeHost implements Host {
  readonly #folder: string
  readonly #delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS })
  readonly #timer: NodeJS.Timeout
  #mark: Mark
  #latest: Resources | undefined
  #measuring: Promise<Resources> | undefined

  constructor({ folder, sampleMs = hostSampleMs }: NodeHostOptions, mark: Mark) {
    this.#folder = folder
    this.#mark = mark
    this.#delay.enable()
    // A sample that fails keeps the one before; its age is in it.
    this.#timer = setInterval(() => void this.measure().catch(() => undefined), sampleMs)
    this.#timer.unref()
  }

  resources(): Resources {
    if (this.#latest === undefined) throw new Error('openNodeHost measures before it returns')
    return this.#latest
  }

  measure(): Promise<Resources> {
    this.#measuring ??= this.#sample().finally(() => {
      this.#measuring = undefined
    })
    return this.#measuring
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#measuring?.catch(() => undefined)
    this.#delay.disable()
  }

  async #sample(): Promise<Resources> {
    const [mark, disk] = await Promise.all([takeMark(), measureDisk(this.#folder)])
    const before = this.#mark
    this.#mark = mark
    const { rss, heapUsed } = process.memoryUsage()
    const passedMs = Math.max(1, mark.atMs - before.atMs)
    const [load1 = 0, load5 = 0, load15 = 0] = loadavg()
    this.#latest = {
      measuredAtMs: Date.now(),
      cpu: {
        cores: availableParallelism(),
        share: shareOf(mark.cpu, before.cpu, this.#latest?.cpu.share),
        load: [load1, load5, load15],
      },
      memory: measureMemory(),
      disk,
      network: networkUse(mark.network, before.network, passedMs),
      process: {
        rssBytes: rss,
        heapUsedBytes: heapUsed,
        cpuShare: (mark.processMicros - before.processMicros) / 1_000 / passedMs,
        eventLoopDelayMs: this.#takeDelay(),
        uptimeMs: Math.round(performance.now()),
      },
    }
    return this.#latest
  }

  /** The histogram holds whole intervals; what is beyond the resolution is delay. */
  #takeDelay(): EventLoopDelay {
    const past = (ns: number): number => Math.max(0, ns / NS_PER_MS - DELAY_RESOLUTION_MS)
    const delay = {
      p50: past(this.#delay.percentile(50)),
      p99: past(this.#delay.percentile(99)),
      max: past(this.#delay.max),
    }
    this.#delay.reset()
    return delay
  }
}

async function takeMark(): Promise<Mark> {
  const { user, system } = process.cpuUsage()
  const network = await countNetwork()
  return { atMs: performance.now(), cpu: countCpu(), processMicros: user + system, network }
}

/** Two samples within one tick of the kernel's clock say nothing: the share before stays. */
function shareOf(now: CpuCount, before: CpuCount, last = 0): number {
  const all = now.allMs - before.allMs
  return all <= 0 ? last : Math.min(1, Math.max(0, (now.busyMs - before.busyMs) / all))
}

function networkUse(
  now: NetworkCount | null,
  before: NetworkCount | null,
  passedMs: number,
): NetworkUse | null {
  if (now === null || before === null) return null
  // Bits per millisecond are kilobits a second. A counter that fell back belongs to a new device.
  const mbps = (bytes: number): number => (Math.max(0, bytes) * 8) / passedMs / 1_000
  return {
    receiveMbps: mbps(now.receivedBytes - before.receivedBytes),
    sendMbps: mbps(now.sentBytes - before.sentBytes),
  }
}
