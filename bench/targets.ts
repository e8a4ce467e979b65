/**
 * Targets: what shoal must reach in one run, as data. They are printed as met or missed and never
 * decide the exit code, since a busy machine makes every figure slower.
 *
 * `against` names the system whose median is multiplied by `factor`; without it `factor` is the
 * absolute figure in the workload's unit.
 */
export interface Target {
  readonly name: string
  readonly bound: 'at least' | 'at most'
  readonly factor: number
  readonly against?: 'bare' | 'erlang' | 'tcp' | 'moleculer'
}

export const targets: readonly Target[] = [
  { name: 'tell', bound: 'at least', factor: 0.5, against: 'bare' },
  { name: 'ping-pong', bound: 'at least', factor: 2, against: 'erlang' },
  { name: 'skynet', bound: 'at least', factor: 1, against: 'erlang' },
  { name: 'ask-deadline', bound: 'at least', factor: 500_000 },
  { name: 'spawn-stop', bound: 'at least', factor: 300_000 },
  { name: 'idle-actor-bytes', bound: 'at most', factor: 600 },
  { name: 'event-loop-delay-p99', bound: 'at most', factor: 20 },
  { name: 'metrics-cost', bound: 'at most', factor: 5 },
]

/** Those of the mesh; encrypted against what is not. */
export const meshTargets: readonly Target[] = [
  { name: 'ask-64', bound: 'at most', factor: 5, against: 'tcp' },
  { name: 'asks-in-flight-256', bound: 'at least', factor: 150_000 },
  { name: 'asks-in-flight-256', bound: 'at least', factor: 2, against: 'moleculer' },
  { name: 'tells-remote', bound: 'at least', factor: 500_000 },
  { name: 'idle-memory', bound: 'at most', factor: 110 },
  { name: 'idle-bandwidth', bound: 'at most', factor: 5 },
  { name: 'detect-kill-p99', bound: 'at most', factor: 2_000 },
  { name: 'detect-stop-p99', bound: 'at most', factor: 5_000 },
  { name: 'detect-drop-p99', bound: 'at most', factor: 5_000 },
  { name: 'false-deaths', bound: 'at most', factor: 0 },
]
