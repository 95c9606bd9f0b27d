// Samples in memory: append in time order, select by matchers, read the newest sample or a range.
import { labelsKey, matchesAll, METRIC_NAME, normalizeLabels } from './labels.ts'
import type { Labels, Matcher } from './labels.ts'

/** One sample: milliseconds since the epoch, and the value; null is Prometheus's staleness marker. */
export interface Sample {
  readonly time: number
  readonly value: number | null
}

export interface Series {
  readonly labels: Labels
  readonly samples: readonly Sample[]
}

export interface SeriesStore {
  /** Appends one sample. Out-of-order samples are refused by returning false, as a real head does. */
  append (labels: Labels, time: number, value: number | null): boolean
  /** Series whose labels satisfy every matcher, in order of first appearance. */
  select (matchers: readonly Matcher[]): readonly Series[]
  /** Forgets samples older than `time`, and series without any left. */
  forgetBefore (time: number): void
  readonly seriesCount: number
}

interface StoredSeries {
  readonly labels: Labels
  samples: Sample[]
}

/** An empty store. Nothing is ever forgotten unless `forgetBefore` is called. */
export function createSeriesStore (): SeriesStore {
  const byKey = new Map<string, StoredSeries>()

  function append (given: Labels, time: number, value: number | null): boolean {
    const labels = normalizeLabels(given)
    const key = labelsKey(labels)
    const series = byKey.get(key) ?? { labels, samples: [] }
    const last = series.samples.at(-1)
    if (last !== undefined && last.time >= time) return false
    series.samples.push({ time, value })
    byKey.set(key, series)
    return true
  }

  function select (matchers: readonly Matcher[]): readonly Series[] {
    return [...byKey.values()].filter(series => matchesAll(series.labels, matchers))
  }

  function forgetBefore (time: number): void {
    for (const [key, series] of byKey) {
      series.samples = series.samples.filter(sample => sample.time >= time)
      if (series.samples.length === 0) byKey.delete(key)
    }
  }

  return { append, select, forgetBefore, get seriesCount () { return byKey.size } }
}

/** Index of the first sample later than `time`; samples are sorted, so a binary search. */
export function firstAfter (samples: readonly Sample[], time: number): number {
  let low = 0
  let high = samples.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((samples[middle] as Sample).time <= time) low = middle + 1
    else high = middle
  }
  return low
}

/** Labels of a metric without writing `__name__` by hand. */
export function metricLabels (name: string, labels: Labels = {}): Labels {
  return { ...labels, [METRIC_NAME]: name }
}
