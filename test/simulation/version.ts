// A model version as the simulation knows it: how its requests fall into the buckets of Seldon's executor.
import jstat from 'jstat'

/** Upper bounds in seconds of seldon_api_executor_server_requests_seconds. */
export const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, Infinity]

/** One lognormal part of a latency distribution: its share, median in seconds, and the spread of the logarithm. */
export type Part = { share: number, median: number, sigma: number }

/** `share` of requests in the bucket, and mean and variance of the latencies inside. */
type Cell = { share: number, mean: number, variance: number }
export type Version = { errorRate: number, cells: Cell[] }

/** A service around 40 ms whose p95 is about 0.1 s. */
export const ORDINARY: Part[] = [{ share: 1, median: 0.04, sigma: 0.6 }]

/** The same with 2 % of slow requests (cold caches, big inputs): mean and variance are ruled by a few. */
export const HEAVY_TAIL: Part[] = [{ share: 0.98, median: 0.04, sigma: 0.6 }, { share: 0.02, median: 1, sigma: 0.8 }]

export function makeVersion (parts: Part[], { errorRate = 0.007, slower = 1 }: { errorRate?: number, slower?: number } = {}): Version {
  const scaled = parts.map((part) => ({ ...part, median: part.median * slower }))
  return { errorRate, cells: BOUNDS.map((bound, i) => cellOf(scaled, BOUNDS[i - 1] ?? 0, bound)) }
}

/** Moments of a mixture between two bounds, in closed form: the k-th moment of a lognormal is one of the normal, shifted by kσ. */
function cellOf (parts: Part[], from: number, to: number): Cell {
  const moments = [0, 1, 2].map((k) => parts.reduce((sum, { share, median, sigma }) => {
    const below = (bound: number) => bound === 0 ? 0 : bound === Infinity ? 1 : jstat.normal.cdf((Math.log(bound / median) / sigma) - k * sigma, 0, 1)
    return sum + share * median ** k * Math.exp(k * k * sigma * sigma / 2) * (below(to) - below(from))
  }, 0))
  const [share = 0, first = 0, second = 0] = moments
  if (share < 1e-12) return { share: 0, mean: from, variance: 0 }
  const mean = first / share
  return { share, mean, variance: Math.max(0, second / share - mean * mean) }
}
