/**
 * Scenes: what a mesh of five processes does when it is idle, busy or hurt.
 *
 * Each scene has a mesh of its own. A scene that cannot be played says why; one that goes wrong,
 * such as a death that nobody notices, makes the whole run wrong.
 */
import { availableParallelism, loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { medianOf } from '../local/statistics.ts'
import { figure } from '../local/table.ts'
import type { Result } from '../report.ts'
import { Cluster, burning } from './cluster.ts'
import { Network } from './network.ts'
import { wallMs } from './node-words.ts'
import { memoryBytes, trafficOf } from './usage.ts'
import { quantileOf } from './window.ts'

export interface Pace {
  readonly quick: boolean
}

interface Played {
  readonly results: readonly Result[]
  readonly notes: readonly string[]
  readonly right: boolean
}

type Fault = 'kill' | 'stop' | 'drop'

const nodes = 5
const noticeTimeoutMs = 30_000
const settleMs = 8_000

const scenes: Readonly<Record<string, (pace: Pace) => Promise<readonly Result[] | string>>> = {
  'asks-5x5': askEachOther,
  spread: spread,
  idle: idle,
  'detect-kill': (pace) => detect('kill', pace, null),
  'detect-stop': (pace) => detect('stop', pace, null),
  'detect-drop': detectDropped,
  'false-deaths': falseDeaths,
}

export const sceneNames: readonly string[] = Object.keys(scenes)

export async function measureScenes(names: readonly string[], pace: Pace): Promise<Played> {
  const results: Result[] = []
  const notes: string[] = []
  let right = true
  for (const name of sceneNames.filter((one) => names.includes(one))) {
    try {
      const played = await scenes[name]?.(pace)
      if (typeof played === 'string') notes.push(`${name}: skipped, ${played}`)
      else results.push(...(played ?? []))
    } catch (error) {
      right = false
      notes.push(`shoal: ${name} failed: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return { results, notes, right }
}

/** Every node asks the actors of all five at once; the sum over the mesh. */
async function askEachOther({ quick }: Pace): Promise<readonly Result[]> {
  await using cluster = await Cluster.start(nodes)
  const peers = cluster.nodes.map(({ name }) => name)
  const runs: number[] = []
  for (let run = 0; run < (quick ? 3 : 11); run++) {
    const order = { peers, count: quick ? 4_000 : 20_000, inFlight: nodes * 16, bytes: 64 }
    const rates = await Promise.all(cluster.nodes.map((node) => node.ask('askAll', order)))
    runs.push(rates.reduce((sum, rate) => sum + rate, 0))
  }
  return shown('every node asks actors on all five, 80 in flight each', [
    resultOf('asks-5x5', 'asks/s', runs),
  ])
}

/** One node says something new about itself; how long until all others know. */
async function spread({ quick }: Pace): Promise<readonly Result[]> {
  await using cluster = await Cluster.start(nodes)
  const tookMs: number[] = []
  for (let weight = 2; weight < (quick ? 12 : 102); weight++) {
    const index = weight % nodes
    const { name } = cluster.node(index)
    const news = cluster.seenByOthers(
      index,
      (seen) => seen.name === name && seen.weight === weight,
      noticeTimeoutMs,
    )
    const atMs = wallMs()
    await cluster.node(index).ask('setWeight', weight)
    tookMs.push(Math.max(...(await news).map((seen) => seen.wallMs)) - atMs)
  }
  return shown('news of one node, until the last of the other four knows', [
    ...distribution('spread', tookMs),
  ])
}

async function idle({ quick }: Pace): Promise<readonly Result[]> {
  await using cluster = await Cluster.start(nodes)
  await sleep(settleMs)
  const pids = cluster.nodes.map(({ pid }) => pid)
  const before = await Promise.all(pids.map((pid) => trafficOf(pid)))
  const startedMs = performance.now()
  await sleep(quick ? 20_000 : 120_000)
  const seconds = (performance.now() - startedMs) / 1_000
  const after = await Promise.all(pids.map((pid) => trafficOf(pid)))
  const memory = await Promise.all(pids.map((pid) => memoryBytes(pid)))
  const rates = (field: 'sent' | 'received' | 'onWire'): readonly number[] =>
    pids.map((_, at) => {
      const bytes = (after[at]?.[field] ?? 0) - (before[at]?.[field] ?? 0)
      return (bytes * 8) / 1_000 / seconds
    })
  const [sent, received] = [rates('sent'), rates('received')]
  const both = sent.map((rate, at) => rate + (received[at] ?? 0))
  return shown('a node among five that do nothing', [
    resultOf(
      'idle-memory',
      'MB PSS',
      memory.map((bytes) => bytes / 1e6),
    ),
    resultOf('idle-bandwidth', 'kbit/s sent', sent),
    resultOf('idle-bandwidth-both', 'kbit/s', both),
    resultOf('idle-bandwidth-wire', 'kbit/s', rates('onWire')),
  ])
}

async function detectDropped(pace: Pace): Promise<readonly Result[] | string> {
  const network = await Network.open()
  if (typeof network === 'string') return network
  await using open = network
  return await detect('drop', pace, open)
}

/** From the fault until the last survivor holds the node for dead. */
async function detect(
  fault: Fault,
  { quick }: Pace,
  network: Network | null,
): Promise<readonly Result[]> {
  await using cluster = await Cluster.start(nodes, network)
  const tookMs: number[] = []
  for (let repetition = 0; repetition < (quick ? 3 : 50); repetition++) {
    const index = repetition % nodes
    const { name } = cluster.node(index)
    const death = cluster.seenByOthers(
      index,
      (seen) => seen.name === name && seen.type === 'dead',
      noticeTimeoutMs,
    )
    const atMs = wallMs()
    if (fault === 'drop') await network?.cut(index)
    else cluster.node(index).signal(fault === 'kill' ? 'SIGKILL' : 'SIGSTOP')
    tookMs.push(Math.max(...(await death).map((seen) => seen.wallMs)) - atMs)
    await cluster.restart(index)
  }
  return shown(`${aboutFault[fault]} of one of five, until dead on all survivors`, [
    ...distribution(`detect-${fault}`, tookMs),
  ])
}

const aboutFault: Readonly<Record<Fault, string>> = {
  kill: 'SIGKILL',
  stop: 'SIGSTOP',
  drop: 'packets dropped both ways',
}

/** Other processes take every core; nobody dies, so nobody may be held for dead. */
async function falseDeaths({ quick }: Pace): Promise<readonly Result[]> {
  await using cluster = await Cluster.start(nodes)
  let [deaths, suspicions] = [0, 0]
  const unwatch = cluster.watch(({ type }) => {
    if (type === 'dead') deaths++
    if (type === 'suspect') suspicions++
  })
  await burning(availableParallelism(), () => sleep(quick ? 15_000 : 600_000))
  unwatch()
  return shown(`nobody dies while all cores compute for ${quick ? '15 s' : '10 minutes'}`, [
    resultOf('false-deaths', 'deaths', [deaths]),
    resultOf('false-suspicions', 'suspicions', [suspicions]),
  ])
}

function resultOf(name: string, unit: string, runs: readonly number[]): Result {
  return { name, system: 'shoal', value: medianOf(runs), unit, runs }
}

function distribution(name: string, tookMs: readonly number[]): readonly Result[] {
  const single = (suffix: string, value: number): Result => ({
    ...resultOf(`${name}-${suffix}`, 'ms', [value]),
  })
  return [
    resultOf(name, 'ms', tookMs),
    single('p99', quantileOf(tookMs, 0.99)),
    single('max', Math.max(...tookMs)),
  ]
}

function shown(about: string, results: readonly Result[]): readonly Result[] {
  const load = loadavg()[0]?.toFixed(1) ?? '?'
  const lines = results.map(({ name, value, unit, runs }) => {
    const spread = `${figure(Math.min(...runs))}–${figure(Math.max(...runs))}`
    const times = runs.length > 1 ? `${spread}, ${runs.length} times` : ''
    const cells = [name.padEnd(22), figure(value).padStart(10), unit.padEnd(14), times]
    return `  ${cells.join(' ')}`.trimEnd()
  })
  process.stdout.write(`\n${about} (load ${load})\n${lines.join('\n')}\n`)
  return results
}
