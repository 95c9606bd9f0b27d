// A measured metric in words, the same in status, Events and the demo.
import type { MetricResult } from './facts.ts'

/** `96 ms`, `8.5 %`, or the bare number for a metric with a query of its own. */
export function formatMeasurement (metric: string, value: number | null): string {
  if (value === null) return 'no data'
  if (metric === 'latency-p95' || metric === 'latency-mean') return `${Number((value * 1000).toPrecision(3))} ms`
  if (metric === 'error-rate') return `${Number(value.toPrecision(3))} %`
  return String(value)
}

/** `latency-p95 239 ms against 150 ms of stable (limit +5%)`. */
export function describeMetric ({ name, stable, canary, limit, dryRun }: MetricResult): string {
  return `${name} ${formatMeasurement(name, canary)} against ${formatMeasurement(name, stable)} of stable (limit ${limit}${dryRun ? ', dry run' : ''})`
}
