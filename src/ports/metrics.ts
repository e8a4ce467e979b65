/**
 * Metrics: what a system counted, as integers that an exporter copies when it is asked.
 */
import type { ActorMetrics, SystemMetrics } from '../kernel/index.ts'

export type { ActorMetrics, SystemMetrics }

/** Whoever can tell what a system did so far. */
export interface MetricsSource {
  collect(): SystemMetrics
  /** The busiest actors first. */
  actors(limit?: number): readonly ActorMetrics[]
}
