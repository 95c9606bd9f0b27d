// Numbers as people read them: a share as a bar, a metric in its unit.
import type { MetricResult } from '../../hooks/core/facts.ts'

const WIDTH = 30

/** The share of the canary, drawn from the right: `██████████████████████░░░░░░░░` at 27 %. */
export function splitBar (canaryShare: number): { stable: string, canary: string } {
  const canary = Math.round(canaryShare / 100 * WIDTH)
  return { stable: '█'.repeat(WIDTH - canary), canary: '█'.repeat(canary) }
}

/** `96 ms`, `8.5 %`, or the bare number for a metric of the user's own. */
export function measured (name: string, value: number | null): string {
  if (value === null) return 'no data'
  if (name.startsWith('latency')) return `${Math.round(value * 1000)} ms`
  if (name === 'error-rate') return `${value.toFixed(1)} %`
  return String(value)
}

/** `latency-p95 96 ms against 94 ms, at most +5%: Passed`. */
export function metricText ({ name, stable, canary, limit, outcome }: MetricResult): string {
  return `${name} ${measured(name, canary)} against ${measured(name, stable)}, limit ${limit}: ${outcome}`
}
