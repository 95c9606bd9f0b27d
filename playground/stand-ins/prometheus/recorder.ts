// Counters, gauges and histograms of the process that records in place of a scraped target.
import { labelsKey, METRIC_NAME } from './labels.ts'
import type { Labels } from './labels.ts'
import { formatFloat } from './promql/literals.ts'
import { metricLabels } from './series-store.ts'
import type { SeriesStore } from './series-store.ts'

/** Bucket bounds (seconds) of the Seldon executor, the ones of Go's Prometheus client. */
export const DEFAULT_BUCKETS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export interface Recorder {
  /** Adds to a counter, which starts at 0. */
  increase (name: string, labels: Labels, by?: number): void
  set (name: string, labels: Labels, value: number): void
  /** Observes one value in the histogram `name`: `_bucket` (cumulative), `_sum` and `_count`. */
  observe (name: string, labels: Labels, value: number): void
  /** Sets every series with these labels back to 0, as a restarted process does. */
  restart (labels: Labels): void
  /** Stops exporting the series with these labels: the next `record` marks them stale. */
  remove (labels: Labels): void
  /** Writes the present value of every series into the store, as one scrape does. `time` in milliseconds. */
  record (time: number): void
}

interface Current {
  readonly labels: Labels
  value: number
}

interface Histogram {
  readonly counts: readonly Current[]
  readonly sum: Current
  readonly count: Current
}

function makeHistogram (labels: Labels, bounds: readonly number[], entry: (labels: Labels) => Current): Histogram {
  const part = (suffix: string, more: Labels = {}): Current => entry({ ...labels, ...more, [METRIC_NAME]: `${labels[METRIC_NAME] ?? ''}_${suffix}` })
  return { counts: bounds.map(bound => part('bucket', { le: formatFloat(bound) })), sum: part('sum'), count: part('count') }
}

/** A recorder that writes into `store`; histograms use the given bucket bounds. */
export function createRecorder (store: SeriesStore, buckets: readonly number[] = DEFAULT_BUCKETS): Recorder {
  const current = new Map<string, Current>()
  const gone = new Map<string, Labels>()
  const bounds = [...buckets, Infinity]
  const histograms = new Map<string, Histogram>()

  function entry (labels: Labels): Current {
    const key = labelsKey(labels)
    const found = current.get(key) ?? { labels, value: 0 }
    current.set(key, found)
    return found
  }

  function increase (name: string, labels: Labels, by = 1): void {
    entry(metricLabels(name, labels)).value += by
  }

  function observe (name: string, labels: Labels, value: number): void {
    const { counts, sum, count } = histogram(name, labels)
    counts.forEach((bucket, i) => { if (value <= (bounds[i] as number)) bucket.value += 1 })
    sum.value += value
    count.value += 1
  }

  function histogram (name: string, labels: Labels): Histogram {
    const key = labelsKey(metricLabels(name, labels))
    const found = histograms.get(key) ?? makeHistogram(metricLabels(name, labels), bounds, entry)
    histograms.set(key, found)
    return found
  }

  function restart (labels: Labels): void {
    for (const found of having(labels)) found.value = 0
  }

  function remove (labels: Labels): void {
    histograms.clear()
    for (const found of having(labels)) {
      const key = labelsKey(found.labels)
      current.delete(key)
      gone.set(key, found.labels)
    }
  }

  function having (labels: Labels): Current[] {
    return [...current.values()].filter(found =>
      Object.entries(labels).every(([name, value]) => found.labels[name] === value))
  }

  function record (time: number): void {
    for (const [key, found] of current) {
      gone.delete(key)
      store.append(found.labels, time, found.value)
    }
    for (const labels of gone.values()) store.append(labels, time, null)
    gone.clear()
  }

  return {
    increase,
    observe,
    restart,
    remove,
    record,
    set: (name, labels, value) => { entry({ ...labels, [METRIC_NAME]: name }).value = value }
  }
}
