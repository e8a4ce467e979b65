/**
 * Usage: what a process takes of the machine, from the kernel's own accounts.
 *
 * Bytes are those of the TCP connections that the process holds, encryption and muxing included;
 * with the headers of IP and TCP for each segment they are what a wire would carry.
 */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)
/** IPv4 with 20 bytes, TCP with 32 because it carries timestamps. */
const segmentHeaderBytes = 52

export interface Traffic {
  /** Of all connections, by what names them: an ended one keeps its last figures. */
  readonly sent: number
  readonly received: number
  readonly onWire: number
}

export async function memoryBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8')
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? Number.NaN) * 1_024
}

/** What all connections of a process have carried so far. */
export async function trafficOf(pid: number): Promise<Traffic> {
  const { stdout } = await run('ss', ['-tinpHO'])
  const lines = stdout.split('\n').filter((line) => line.includes(`pid=${pid},`))
  const sum = (field: string): number =>
    lines.reduce((total, line) => total + figureOf(line, field), 0)
  const [sent, received] = [sum('bytes_sent'), sum('bytes_received')]
  const segments = sum('segs_out') + sum('segs_in')
  return { sent, received, onWire: sent + received + segments * segmentHeaderBytes }
}

function figureOf(line: string, field: string): number {
  return Number(new RegExp(` ${field}:(\\d+)`).exec(line)?.[1] ?? 0)
}
