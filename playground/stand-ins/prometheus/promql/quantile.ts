// histogram_quantile over classic buckets: linear inside a bucket, never beyond the last finite bound.
import { dropMetricName, labelsKey, withoutLabels } from '../labels.ts'
import type { Labels } from '../labels.ts'
import { parseFloatText } from './literals.ts'

export interface Bucket {
  readonly bound: number
  readonly count: number
}

export interface VectorItem {
  readonly labels: Labels
  readonly value: number
}

export interface Quantiles {
  readonly items: readonly VectorItem[]
  /** Values of `le` that are no number, '' for a missing one; their items are ignored. */
  readonly badBounds: readonly string[]
  /** True when buckets had to be lifted to be cumulative. */
  readonly lifted: boolean
}

/** histogram_quantile(q, vector): groups the vector's buckets by their other labels. */
export function histogramQuantile (q: number, vector: readonly VectorItem[]): Quantiles {
  const badBounds: string[] = []
  const groups = new Map<string, { labels: Labels, buckets: Bucket[] }>()
  for (const { labels, value } of vector) {
    const bound = parseFloatText(labels['le'] ?? '')
    if (bound === undefined) {
      badBounds.push(labels['le'] ?? '')
      continue
    }
    const rest = dropMetricName(withoutLabels(labels, ['le']))
    const group = groups.get(labelsKey(rest)) ?? { labels: rest, buckets: [] }
    group.buckets.push({ bound, count: value })
    groups.set(labelsKey(rest), group)
  }
  const found = [...groups.values()]
  return {
    items: found.map(group => ({ labels: group.labels, value: bucketQuantile(q, group.buckets) })),
    badBounds,
    lifted: found.some(group => needsLifting(coalesce(group.buckets)))
  }
}

/**
 * The q-quantile of one histogram (Prometheus, promql/quantile.go). NaN without observations, without a +Inf
 * bucket or with fewer than two buckets; the last finite bound when the rank lies beyond it.
 *
 * Buckets 0.1: 50, 0.5: 90, +Inf: 100 and q 0.7: rank 70 lies in (0.1, 0.5], 20 of its 40 in: 0.1 + 0.4 × 0.5 = 0.3.
 */
export function bucketQuantile (q: number, given: readonly Bucket[]): number {
  if (Number.isNaN(q)) return NaN
  if (q < 0) return -Infinity
  if (q > 1) return Infinity
  const buckets = makeMonotonic(coalesce(given))
  const last = buckets.at(-1)
  if (last === undefined || last.bound !== Infinity || buckets.length < 2) return NaN
  if (last.count === 0 || Number.isNaN(last.count)) return NaN
  return interpolate(q * last.count, buckets)
}

function interpolate (rank: number, buckets: readonly Bucket[]): number {
  const found = buckets.slice(0, -1).findIndex(bucket => bucket.count >= rank)
  if (found === -1) return (buckets.at(-2) as Bucket).bound
  const bucket = buckets[found] as Bucket
  if (found === 0 && bucket.bound <= 0) return bucket.bound
  const below = buckets[found - 1] ?? { bound: 0, count: 0 }
  return below.bound + (bucket.bound - below.bound) * ((rank - below.count) / (bucket.count - below.count))
}

// Buckets with equal bounds (written differently in `le`) count together.
function coalesce (buckets: readonly Bucket[]): Bucket[] {
  const counts = new Map<number, number>()
  for (const { bound, count } of buckets) counts.set(bound, (counts.get(bound) ?? 0) + count)
  return [...counts].map(([bound, count]) => ({ bound, count })).sort((a, b) => a.bound - b.bound)
}

// Differences below one part in 10^12 come from adding floats, not from the data.
function needsLifting (buckets: readonly Bucket[]): boolean {
  return buckets.some((bucket, i) => bucket.count < (buckets[i - 1]?.count ?? -Infinity) * (1 - 1e-12))
}

// Scrapes of several pods can make a bucket smaller than the one below it: it is lifted.
function makeMonotonic (buckets: readonly Bucket[]): Bucket[] {
  let highest = -Infinity
  return buckets.map(({ bound, count }) => {
    highest = Math.max(highest, Number.isNaN(count) ? highest : count)
    return { bound, count: Math.max(count, highest) }
  })
}
