/**
 * Host: the machine and process that a node runs on, as it was last measured.
 *
 * Measuring may start a child process or read a slow file, therefore it happens on a timer of the
 * adapter's own; `resources()` answers at once with the latest sample and never fails. A value
 * that the machine does not tell is `null`, never a guess.
 */

export interface Resources {
  /** Wall-clock milliseconds of the sample. */
  readonly measuredAtMs: number
  readonly cpu: CpuUse
  readonly memory: SpaceUse
  readonly disk: SpaceUse | null
  readonly network: NetworkUse | null
  readonly process: ProcessUse
}

export interface CpuUse {
  readonly cores: number
  /** Share of all cores in use since the sample before, 0 … 1. */
  readonly share: number
  /** Load averages over 1, 5 and 15 minutes. */
  readonly load: readonly [number, number, number]
}

export interface SpaceUse {
  readonly usedBytes: number
  readonly totalBytes: number
}

export interface NetworkUse {
  /** Rates over all interfaces but loopback, in megabits a second, since the sample before. */
  readonly receiveMbps: number
  readonly sendMbps: number
}

export interface ProcessUse {
  readonly rssBytes: number
  readonly heapUsedBytes: number
  /** Share of one core used by this process since the sample before. */
  readonly cpuShare: number
  readonly eventLoopDelayMs: EventLoopDelay
  readonly uptimeMs: number
}

export interface EventLoopDelay {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export interface Host {
  /** The latest sample, at once. */
  resources(): Resources
  /** Measure now; concurrent calls share one measurement. */
  measure(): Promise<Resources>
  /** Stop the timer and release what measuring holds. */
  close(): Promise<void>
}
