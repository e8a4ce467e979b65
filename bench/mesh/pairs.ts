/**
 * Pairs: the workloads between two processes, as a table and as what every system runs.
 *
 * A workload's `actors` is the number of questions under way; its size is how many are asked.
 */
import type { Workloads } from '../local/outcome.ts'
import type { Workload } from '../local/workloads.ts'
import { askMany, roundTrip, smallDuringBulk } from './window.ts'
import type { AskOnce } from './window.ts'

const kib = 1_024
const sizes = [
  { name: '64', bytes: 64, size: 4_000 },
  { name: '1k', bytes: kib, size: 4_000 },
  { name: '16k', bytes: 16 * kib, size: 2_000 },
  { name: '128k', bytes: 128 * kib, size: 400 },
  { name: '1m', bytes: kib * kib, size: 60 },
] as const
const windows = [
  { inFlight: 64, size: 60_000 },
  { inFlight: 256, size: 100_000 },
] as const
const bulk = { bytes: 64, bulkBytes: kib * kib }

function workload(
  about: Pick<Workload, 'name' | 'about' | 'unit' | 'more' | 'size' | 'actors' | 'share'>,
): Workload {
  return { ...about, peerRunMs: 500, steps: 'any' }
}

export const pairs: readonly Workload[] = [
  ...sizes.map(({ name, bytes, size }) =>
    workload({
      name: `ask-${name}`,
      about: `round trip of an ask of ${bytes} bytes, median`,
      unit: 'us',
      more: false,
      size,
      actors: 1,
      share: 1,
    }),
  ),
  ...windows.map(({ inFlight, size }) =>
    workload({
      name: `asks-in-flight-${inFlight}`,
      about: `${inFlight} asks of 64 bytes in flight`,
      unit: 'asks/s',
      more: true,
      size,
      actors: inFlight,
      share: 2,
    }),
  ),
  workload({
    name: 'tells-remote',
    about: 'one way, 64 bytes each; ends when the other side has counted all',
    unit: 'tells/s',
    more: true,
    size: 200_000,
    actors: 1,
    share: 2,
  }),
  workload({
    name: 'small-during-bulk',
    about: 'p99 of small asks while two asks of 1 MiB are always under way',
    unit: 'ms',
    more: false,
    size: 200,
    actors: 1,
    share: 2,
  }),
]

/** What a system must be able to do to run them all. */
export interface Pair {
  readonly ask: AskOnce
  /** Send so many messages of so many bytes; resolves when the other side has counted them. */
  readonly tells?: (count: number, bytes: number) => Promise<{ ms: number; work: number }>
}

/** The workloads of a system whose other process is met when the first of them runs. */
export function pairWorkloads(meet: () => Promise<Pair>, offers: { tells: boolean }): Workloads {
  let met: Promise<Pair> | undefined
  const pair = (): Promise<Pair> => (met ??= warmed(meet))
  const trips = sizes.map(({ name, bytes }) => [
    `ask-${name}`,
    async (count: number) => roundTrip((await pair()).ask, count, bytes),
  ])
  const floods = windows.map(({ inFlight }) => [
    `asks-in-flight-${inFlight}`,
    async (count: number) => askMany((await pair()).ask, { count, inFlight, bytes: 64 }),
  ])
  const tells = async (count: number) => (await pair()).tells?.(count, 64)
  return {
    ...(Object.fromEntries([...trips, ...floods]) as Workloads),
    'small-during-bulk': async (count) => smallDuringBulk((await pair()).ask, { count, ...bulk }),
    ...(offers.tells ? ({ 'tells-remote': tells } as unknown as Workloads) : {}),
  }
}

/** The compiler has seen the path before anything is measured on it: with few, and with many. */
async function warmed(meet: () => Promise<Pair>): Promise<Pair> {
  const pair = await meet()
  await askMany(pair.ask, { count: 20_000, inFlight: 32, bytes: 64 })
  await askMany(pair.ask, { count: 5_000, inFlight: 1, bytes: 64 })
  return pair
}
