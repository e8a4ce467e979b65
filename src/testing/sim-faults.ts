/**
 * SimFaults: a bad day as data, drawn from one seed before it begins.
 *
 * A plan is a list, so that a failing run can be shrunk by leaving faults out, and told to people.
 * Every fault ends by itself or is ended when the calm begins.
 */
import type { SeededRandom } from './seeded-random.ts'

interface At {
  readonly atMs: number
}

interface While extends At {
  readonly forMs: number
}

export type Fault =
  /** The process ends; `silent` as by loss of power, where nobody closes its connections. */
  | (While & { readonly kind: 'kill'; readonly node: number; readonly silent: boolean })
  | (While & { readonly kind: 'pause'; readonly node: number })
  | (While & { readonly kind: 'partition'; readonly sides: readonly (readonly number[])[] })
  | (While & { readonly kind: 'one-way' | 'clog' | 'refuse' } & Direction)
  | (While & { readonly kind: 'weather'; readonly loss: number; readonly meanMs: number } & Jitter)
  | (At & { readonly kind: 'reset' } & Direction)
  | (At & { readonly kind: 'clock'; readonly node: number; readonly byMs: number })
  | (At & { readonly kind: 'crash'; readonly node: number })

export type FaultKind = Fault['kind']

interface Direction {
  readonly from: number
  readonly to: number
}

interface Jitter {
  readonly jitterMs: number
}

export const faultKinds: readonly FaultKind[] = [
  'kill',
  'pause',
  'partition',
  'one-way',
  'clog',
  'refuse',
  'weather',
  'reset',
  'clock',
  'crash',
]

export interface FaultPlanOptions {
  readonly nodes: number
  /** Faults begin between these and none lasts beyond the second. */
  readonly fromMs: number
  readonly untilMs: number
  /** Mean time between two faults. */
  readonly everyMs: number
  readonly kinds: readonly FaultKind[]
}

/** Draw a bad day. */
export function planFaults(random: SeededRandom, options: FaultPlanOptions): readonly Fault[] {
  const faults: Fault[] = []
  if (options.kinds.length === 0) return faults
  let atMs = options.fromMs + pauseMs(random, options)
  while (atMs < options.untilMs) {
    faults.push(drawFault(random, options, Math.round(atMs)))
    atMs += pauseMs(random, options)
  }
  return faults
}

/** The nodes that a fault needs. */
export function nodesOf(fault: Fault): readonly number[] {
  if ('node' in fault) return [fault.node]
  if ('from' in fault) return [fault.from, fault.to]
  return []
}

export function faultText(fault: Fault): string {
  const { kind, atMs, ...rest } = fault
  return `${kind} at ${atMs} ms ${JSON.stringify(rest)}`
}

function pauseMs(random: SeededRandom, { everyMs }: FaultPlanOptions): number {
  return -Math.log(1 - random.next()) * everyMs
}

function drawFault(random: SeededRandom, options: FaultPlanOptions, atMs: number): Fault {
  const kind = random.pick(options.kinds)
  const restMs = options.untilMs - atMs
  const forMs = Math.min(restMs, Math.round(10 ** random.between(2, 4.2)))
  const node = 1 + random.below(options.nodes)
  const to = 1 + ((node + random.below(Math.max(1, options.nodes - 1))) % options.nodes)
  switch (kind) {
    case 'kill':
      return { kind, atMs, forMs, node, silent: random.next() < 0.3 }
    case 'pause':
      return { kind, atMs, forMs, node }
    case 'partition':
      return { kind, atMs, forMs, sides: drawSides(random, options.nodes) }
    case 'one-way':
    case 'clog':
    case 'refuse':
      return { kind, atMs, forMs, from: node, to }
    case 'weather':
      return { kind, atMs, forMs, ...drawWeather(random) }
    case 'reset':
      return { kind, atMs, from: node, to }
    case 'clock':
      return { kind, atMs, node, byMs: Math.round(random.between(-3_600_000, 3_600_000)) }
    case 'crash':
      return { kind, atMs, node }
  }
}

function drawWeather(random: SeededRandom): { loss: number; meanMs: number; jitterMs: number } {
  const loss = random.next() < 0.5 ? 0 : random.between(0, 0.2)
  return { loss, meanMs: random.between(0.3, 40), jitterMs: random.between(0, 40) }
}

/** Two halves, one alone, or two sides with a bridge that belongs to both. */
function drawSides(random: SeededRandom, nodes: number): readonly (readonly number[])[] {
  const order = random.shuffle(Array.from({ length: nodes }, (_, at) => at + 1))
  const shape = random.pick(['halves', 'isolated', 'bridge'] as const)
  if (shape === 'isolated' || nodes < 3) return [order.slice(0, 1), order.slice(1)]
  const cut = 1 + random.below(nodes - 1)
  if (shape === 'halves') return [order.slice(0, cut), order.slice(cut)]
  return [order.slice(0, cut), [...order.slice(cut), order[0] as number]]
}
