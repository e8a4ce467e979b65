/**
 * Workloads: the table of what is measured in one process.
 *
 * `size` is the amount of work in one run, `actors` the shape. A slow peer gets a smaller size of
 * the same shape (see schedule.ts), which its row shows; shoal, bare and Erlang get the full size.
 */
import { breakEvenPoints } from './break-even.ts'

export interface Workload {
  readonly name: string
  readonly about: string
  readonly unit: string
  /** Whether a greater figure is the better one. */
  readonly more: boolean
  readonly size: number
  readonly actors: number
  /** Runs of a slow peer are cut to about this; the full size holds for the others. */
  readonly peerRunMs: number
  /** Sizes that the shape allows: any, `powers` of ten only, or the stated one alone. */
  readonly steps: 'any' | 'powers' | 'fixed'
  readonly runs?: number
  /** Share of the time, in parts like those of the others. */
  readonly share: number
}

const peerRunMs = 200

function rate(
  name: string,
  unit: string,
  [size, actors]: readonly [number, number],
  about: string,
): Workload {
  return { name, unit, size, actors, about, more: true, peerRunMs, steps: 'any', share: 1 }
}

function gauge(
  name: string,
  unit: string,
  [size, actors]: readonly [number, number],
  about: string,
): Workload {
  return {
    name,
    unit,
    size,
    actors,
    about,
    more: false,
    peerRunMs: 1_000,
    steps: 'any',
    runs: 3,
    share: 2,
  }
}

export const workloads: readonly Workload[] = [
  rate('tell', 'messages/s', [1_000_000, 1], 'one producer floods a counter, then reads it'),
  rate('tell-many', 'messages/s', [1_000_000, 100], '100 producers, one counter'),
  rate('ping-pong', 'round trips/s', [1_000_000, 2], 'two actors, one message in flight'),
  rate('thread-ring', 'hops/s', [1_000_000, 503], 'one token around a ring of 503 actors'),
  rate('fork-join', 'actors/s', [100_000, 1], 'create actors, one message each, all report'),
  rate('fork-join-throughput', 'messages/s', [600_000, 60], '60 actors get 10,000 messages each'),
  {
    ...rate('skynet', 'leaves/s', [1_000_000, 10], 'a tree of 1,111,111 actors sums its leaves'),
    peerRunMs: 500,
    steps: 'powers',
    runs: 3,
    share: 6,
  },
  rate('big', 'messages/s', [1_000_000, 1], 'every actor pings every actor and is answered'),
  rate('ask', 'asks/s', [200_000, 1], 'one ask after the other'),
  rate('ask-deadline', 'asks/s', [200_000, 1], 'one ask after the other, each with a deadline'),
  rate('ask-concurrent', 'asks/s', [200_000, 100], '100 asks in flight'),
  rate('ask-concurrent-deadline', 'asks/s', [200_000, 100], '100 in flight, each with a deadline'),
  rate(
    'spawn-stop',
    'actors/s',
    [100_000, 100],
    'spawn 100, see them begun, stop them, see them ended',
  ),
  rate('restart-storm', 'restarts/s', [5_000, 1], 'a supervised actor that fails each message'),
  rate('worker-roundtrip', 'round trips/s', [5_000, 1], 'a small job to a thread and back'),
  rate('worker-jobs', 'jobs/s', [2_000, 1], 'a small stateless job after the other in a thread'),
  ...breakEvenPoints.map(({ name, costMs, calls }) => ({
    ...gauge(name, 'x caller', [calls, 4], `calls of ${costMs} ms: two threads over the caller`),
    more: true,
    steps: 'fixed' as const,
    share: 0.5,
  })),
  gauge('metrics-cost', '%', [300_000, 1], 'how much slower with metrics: tell or ping-pong'),
  gauge('idle-actor-bytes', 'bytes', [100_000, 1], 'heap of an idle actor; no timer each'),
  {
    ...gauge('event-loop-delay-p99', 'ms', [1_500, 10_000], '10,000 actors, each always busy'),
    steps: 'fixed',
  },
]
