// What was measured of one canary and its stable version, over one look-back at one instant. A value that is missing has a reason, never a number.
import type { Histogram } from './histogram.ts'
import type { Reason } from './reasons.ts'

export type Pair<T> = { stable: T, canary: T }

/** Why there is no value. `Error`: the measuring failed. `Inconclusive`: it worked and there is nothing to judge. */
export type Problem = { outcome: 'Error' | 'Inconclusive', reason: Reason, detail?: string }

export type Reading<T> = { value: T } | { problem: Problem }

export type Measurement = {
  /** Requests counted; null for a side of which Prometheus knows no series. */
  requests: Reading<Pair<number | null>>
  /** Requests among them that failed. */
  errors: Reading<Pair<number>>
  /** Latencies in seconds of all requests; null for a side without a histogram. */
  latency: Reading<Pair<Histogram | null>>
  /** Results of the metrics' own queries, by metric name. */
  queries: Record<string, Reading<Pair<number>>>
}

export function problemOf (outcome: Problem['outcome'], reason: Reason, detail?: string): { problem: Problem } {
  return { problem: { outcome, reason, ...(detail === undefined ? {} : { detail }) } }
}
