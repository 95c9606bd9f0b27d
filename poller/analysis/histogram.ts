// What can be known of latencies from a Prometheus histogram: counts below fixed bounds, and the exact sum.
// Within a finite bucket values are taken as spread evenly, as histogram_quantile does.

/** Cumulative: `count` values were at most `le` seconds. The last `le` is Infinity. */
export type Bucket = { le: number, count: number }
export type Histogram = { buckets: Bucket[], sum: number }

/** A quantile: `beyond` says that it lies above the last finite bound, which is then given in its place. */
export type Quantile = { seconds: number, beyond: boolean }

/**
 * Puts buckets in order and makes them rise. Counters of one histogram are read one after the other, and increase() extrapolates each
 * by itself, so neighbours may cross by a fraction. Undefined without an open last bucket or without any value: that is no histogram.
 */
export function histogramOf (buckets: Bucket[], sum: number): Histogram | undefined {
  const rising: Bucket[] = []
  let highest = 0
  for (const { le, count } of [...buckets].sort((a, b) => a.le - b.le)) {
    highest = Math.max(highest, count)
    rising.push({ le, count: highest })
  }
  if (rising.length < 2 || rising.at(-1)?.le !== Infinity || highest <= 0) return undefined
  return { buckets: rising, sum }
}

export function sizeOf ({ buckets }: Histogram): number {
  return buckets.at(-1)?.count ?? 0
}

/** The value that a share `q` of all values do not exceed, interpolated linearly in its bucket. The 0.95 of 90 ≤ 0.1 s and 100 ≤ 0.2 s is 0.15 s. */
export function quantileOf (histogram: Histogram, q: number): Quantile {
  const rank = q * sizeOf(histogram)
  let below: Bucket = { le: 0, count: 0 }
  for (const bucket of histogram.buckets) {
    if (bucket.count >= rank && bucket.count > below.count) {
      if (bucket.le === Infinity) return { seconds: below.le, beyond: true }
      return { seconds: below.le + (bucket.le - below.le) * Math.max(0, rank - below.count) / (bucket.count - below.count), beyond: false }
    }
    below = bucket
  }
  return { seconds: below.le, beyond: true }
}

/**
 * How many values exceed `seconds`, interpolated linearly in its bucket: `least` … `most`.
 * The two differ only in the open last bucket, where any number of its values may exceed it.
 */
export function countAbove (histogram: Histogram, seconds: number): { least: number, most: number } {
  const total = sizeOf(histogram)
  let below: Bucket = { le: 0, count: 0 }
  for (const bucket of histogram.buckets) {
    if (seconds <= bucket.le) {
      // Exactly on the last finite bound everything is known; above it nothing is.
      if (bucket.le === Infinity) return { least: seconds > below.le ? 0 : total - below.count, most: total - below.count }
      const above = total - below.count - (bucket.count - below.count) * (seconds - below.le) / (bucket.le - below.le)
      return { least: above, most: above }
    }
    below = bucket
  }
  return { least: 0, most: 0 }
}

/**
 * Variance of single values around `mean`, from the buckets: Σ nᵢ ((mᵢ − mean)² + wᵢ²/12) / (n − 1), with the middle mᵢ and the width wᵢ.
 * w²/12 is the variance of values spread evenly in their bucket. It is on the high side for data that cluster, which makes a claim of harm rarer, never more common.
 * Values in the open last bucket stand where the exact sum puts them (at least at its bound), spread exponentially above it: variance (m − bound)².
 */
export function varianceOf (histogram: Histogram, mean: number): number {
  let below: Bucket = { le: 0, count: 0 }
  let placed = 0
  let squares = 0
  for (const { le, count } of histogram.buckets) {
    const inside = count - below.count
    if (le !== Infinity) {
      const middle = (below.le + le) / 2
      placed += inside * middle
      squares += inside * ((middle - mean) ** 2 + (le - below.le) ** 2 / 12)
    } else if (inside > 0) {
      const middle = Math.max(below.le, (histogram.sum - placed) / inside)
      squares += inside * ((middle - mean) ** 2 + (middle - below.le) ** 2)
    }
    below = { le, count }
  }
  return squares / Math.max(sizeOf(histogram) - 1, 1)
}
