/**
 * ProcessMark: tells one process from every other one, also from later ones with the same number.
 *
 * Process numbers are used again. On Linux the start time in clock ticks, the boot and the process
 * namespace make the mark exact; elsewhere only the number is known.
 */
import { readFileSync, readlinkSync } from 'node:fs'

export interface ProcessMark {
  readonly pid: number
  /** Clock ticks from boot to the start of the process. */
  readonly startTicks?: string
  readonly bootId?: string
  /** Numbers mean nothing between two namespaces, such as two containers. */
  readonly namespace?: string
}

export type Liveness = 'alive' | 'dead' | 'unknown'

export function ownProcessMark(): ProcessMark {
  const startTicks = startTicksOf(process.pid)
  const bootId = attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())
  const namespace = attempt(() => readlinkSync('/proc/self/ns/pid'))
  return {
    pid: process.pid,
    ...(startTicks !== undefined && { startTicks }),
    ...(bootId !== undefined && { bootId }),
    ...(namespace !== undefined && { namespace }),
  }
}

/** Whether the marked process still runs; unknown when it lives where we cannot look. */
export function livenessOf(mark: ProcessMark, own: ProcessMark = ownProcessMark()): Liveness {
  if (differ(mark.bootId, own.bootId)) return 'dead'
  if (differ(mark.namespace, own.namespace)) return 'unknown'
  if (!isRunning(mark.pid)) return 'dead'
  return differ(mark.startTicks, startTicksOf(mark.pid)) ? 'dead' : 'alive'
}

function differ(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && one !== other
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Field 22 of /proc/PID/stat; the name in field 2 may hold spaces and brackets. */
function startTicksOf(pid: number): string | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
