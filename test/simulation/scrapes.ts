// One side's counters as Prometheus sees them: cumulative, sampled at scrapes, read back by increase() with all its extrapolation.
import type { Bucket } from '../../poller/analysis/histogram.ts'
import { drawNormal, drawPoisson } from './random.ts'
import { BOUNDS, type Version } from './version.ts'

/** The histogram of one status code. Samples are [time, counters], counters being the cumulative buckets and, last, the sum of seconds. */
type Series = { current: number[], samples: Array<[number, number[]]> }
export type Side = { version: Version, ok: Series, failed: Series }
export type Counted = { requests: number | null, errors: number, buckets: Bucket[], sum: number }

const SUM = BOUNDS.length

export function makeSide (version: Version, { past }: { past: number }): Side {
  const side = { version, ok: emptySeries(), failed: emptySeries() }
  if (past > 0) serve(side, past)
  return side
}

function emptySeries (): Series {
  return { current: new Array<number>(SUM + 1).fill(0), samples: [] }
}

/** Answers about this many requests, a Poisson number of each kind. */
export function serve ({ version, ok, failed }: Side, requests: number): void {
  addTo(ok, version, requests * (1 - version.errorRate))
  addTo(failed, version, requests * version.errorRate)
}

function addTo ({ current }: Series, { cells }: Version, requests: number): void {
  let below = 0
  for (const [i, { share, mean, variance }] of cells.entries()) {
    const count = drawPoisson(requests * share)
    below += count
    current[i] = (current[i] ?? 0) + below
    if (count > 0) current[SUM] = (current[SUM] ?? 0) + Math.max(count * (BOUNDS[i - 1] ?? 0), drawNormal(count * mean, Math.sqrt(count * variance)))
  }
}

/** Takes a sample. A code that has not occurred yet has no series, as in every Prometheus client. */
export function scrape (side: Side, at: number): void {
  for (const series of [side.ok, side.failed]) {
    if ((series.current[SUM - 1] ?? 0) > 0) series.samples.push([at, [...series.current]])
  }
}

/** What the queries of queries.ts give for this side at `now`, looking back `range` seconds. */
export function read (side: Side, now: number, range: number): Counted {
  const ok = countedOf(side.ok, now, range)
  const failed = countedOf(side.failed, now, range)
  const both = (i: number) => (ok?.[i] ?? 0) + (failed?.[i] ?? 0)
  return {
    requests: ok === undefined && failed === undefined ? null : both(SUM - 1),
    errors: failed?.[SUM - 1] ?? 0,
    buckets: BOUNDS.map((le, i) => ({ le, count: both(i) })),
    sum: both(SUM)
  }
}

/** `increase(x[range]) * (1 - 1 / count_over_time(x[range]))` of every counter of a series. */
function countedOf ({ samples }: Series, now: number, range: number): number[] | undefined {
  const start = samples.findIndex(([at]) => at > now - range)
  const end = samples.findLastIndex(([at]) => at <= now)
  const first = samples[start]
  const last = samples[end]
  const size = end - start + 1
  if (first === undefined || last === undefined || size < 2) return undefined
  const window = { first: first[0], last: last[0], size, from: now - range, to: now }
  return first[1].map((value, i) => extrapolate(value, (last[1][i] ?? 0) - value, window) * (1 - 1 / size))
}

type Window = { first: number, last: number, size: number, from: number, to: number }

/** Prometheus' extrapolatedRate (promql/functions.go) for a counter without resets. */
function extrapolate (first: number, delta: number, { first: firstAt, last: lastAt, size, from, to }: Window): number {
  const sampled = lastAt - firstAt
  const average = sampled / (size - 1)
  let toStart = firstAt - from
  if (toStart >= average * 1.1) toStart = average / 2
  if (delta > 0 && first >= 0) toStart = Math.min(toStart, sampled * (first / delta))
  let toEnd = to - lastAt
  if (toEnd >= average * 1.1) toEnd = average / 2
  return delta * (sampled + toStart + toEnd) / sampled
}
