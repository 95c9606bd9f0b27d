// Functions of a window of samples. rate and increase extrapolate to the edges of the window as Prometheus does.
import type { RangeFunctionName } from './ast.ts'

/** What differs between releases: 3 leaves the start of a window and of the look-back out, 2 includes it. */
export type Release = 2 | 3

export interface Point {
  readonly time: number
  readonly value: number
}

/** A window: its samples in time order, and its edges in milliseconds. */
export interface Window {
  /** Releases differ in how far they extrapolate to the lower edge. */
  readonly release: Release
  readonly points: readonly Point[]
  readonly from: number
  readonly to: number
}

/** The function's value over one series, or undefined when the window holds too few samples for it. */
export function overRange (name: RangeFunctionName, window: Window): number | undefined {
  if (name === 'increase') return increase(window)
  if (name === 'rate') {
    const total = increase(window)
    return total === undefined ? undefined : total / ((window.to - window.from) / 1000)
  }
  if (window.points.length === 0) return undefined
  return overTime(name, window.points.map(point => point.value))
}

function overTime (name: Exclude<RangeFunctionName, 'increase' | 'rate'>, values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0)
  const comparable = values.filter(value => !Number.isNaN(value))
  switch (name) {
    case 'avg_over_time': return sum / values.length
    case 'count_over_time': return values.length
    case 'last_over_time': return values.at(-1) as number
    case 'max_over_time': return comparable.length === 0 ? NaN : Math.max(...comparable)
    case 'min_over_time': return comparable.length === 0 ? NaN : Math.min(...comparable)
    case 'sum_over_time': return sum
    default: return name satisfies never
  }
}

/**
 * Increase of a counter over the window, extrapolated to its edges (Prometheus, promql/functions.go,
 * extrapolatedRate): each edge counts fully when the nearest sample is closer than 1.1 average intervals,
 * else by half an interval, and the lower edge never beyond the point where the counter would be 0.
 * Release 2 looks for the point of 0 before it compares with 1.1 intervals, release 3 afterwards. A value below its predecessor is a reset: what the predecessor held is added.
 *
 * Samples 0, 10, 20 at 10, 20, 30 s in a window 0–40 s: raw 20 over 20 s; the lower edge is 10 s away but the
 * counter is 0 at its first sample, so it adds nothing; the upper adds 10 s: 20 × 30/20 = 30.
 */
function increase ({ points, from, to, release }: Window): number | undefined {
  const first = points[0]
  const last = points.at(-1)
  if (first === undefined || last === undefined || points.length < 2) return undefined
  const raw = last.value - first.value + lostInResets(points)
  const covered = (last.time - first.time) / 1000
  const interval = covered / (points.length - 1)
  const threshold = interval * 1.1
  const near = (distance: number): number => distance >= threshold ? interval / 2 : distance
  const toZero = raw > 0 && first.value >= 0 ? covered * (first.value / raw) : Infinity
  const distance = (first.time - from) / 1000
  const toStart = release === 3 ? Math.min(near(distance), toZero) : near(Math.min(distance, toZero))
  return raw * (covered + toStart + near((to - last.time) / 1000)) / covered
}

function lostInResets (points: readonly Point[]): number {
  let lost = 0
  for (let i = 1; i < points.length; i++) {
    const before = (points[i - 1] as Point).value
    if ((points[i] as Point).value < before) lost += before
  }
  return lost
}
