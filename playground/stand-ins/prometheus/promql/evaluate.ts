// Evaluates a checked tree at one instant over the series store.
import { aggregate } from './aggregate.ts'
import type { Binary, Call, Expr, RangeSelector, Selector } from './ast.ts'
import { SET_OPERATORS } from './ast.ts'
import { calculate, combineSets, matchVectors, withScalar } from './binary.ts'
import { executionError } from './errors.ts'
import { dropMetricName, labelsKey, METRIC_NAME } from '../labels.ts'
import type { Labels } from '../labels.ts'
import { overRange } from './over-range.ts'
import type { Point, Release } from './over-range.ts'
import { noteQuantile, noteUnlikelyCounter } from './notes.ts'
import type { Notes } from './notes.ts'
import { histogramQuantile } from './quantile.ts'
import type { VectorItem } from './quantile.ts'
import { firstAfter } from '../series-store.ts'
import type { Series, SeriesStore } from '../series-store.ts'
import { isRangeFunction } from './signatures.ts'

export interface Instant {
  readonly store: SeriesStore
  /** Evaluation time, milliseconds. */
  readonly time: number
  /** How old the newest sample of an instant vector may be, milliseconds; Prometheus's default is 5 minutes. */
  readonly lookback: number
  readonly release: Release
  readonly notes: Notes
}

export type Value =
  | { readonly type: 'scalar', readonly value: number }
  | { readonly type: 'string', readonly value: string }
  | { readonly type: 'vector', readonly items: readonly VectorItem[] }
  | { readonly type: 'matrix', readonly items: ReadonlyArray<{ labels: Labels, points: readonly Point[] }> }

/** Evaluates the tree; throws QueryError (execution) as Prometheus does, e.g. on many-to-many matching. */
export function evaluate (expr: Expr, instant: Instant): Value {
  switch (expr.kind) {
    case 'number': return { type: 'scalar', value: expr.value }
    case 'string': return { type: 'string', value: expr.value }
    case 'selector': return vectorOf(instantItems(expr, instant))
    case 'range': return { type: 'matrix', items: windows(expr, instant) }
    case 'negate': return negate(evaluate(expr.of, instant))
    case 'aggregate': return vectorOf(aggregate(expr, itemsOf(expr.of, instant)))
    case 'binary': return binary(expr, instant)
    case 'call': return call(expr, instant)
    default: return expr satisfies never
  }
}

function vectorOf (items: readonly VectorItem[]): Value {
  const keys = new Set(items.map(item => labelsKey(item.labels)))
  if (keys.size !== items.length) throw executionError('vector cannot contain metrics with the same labelset')
  return { type: 'vector', items }
}

function itemsOf (expr: Expr, instant: Instant): readonly VectorItem[] {
  const value = evaluate(expr, instant)
  return value.type === 'vector' ? value.items : []
}

function scalarOf (expr: Expr, instant: Instant): number {
  const value = evaluate(expr, instant)
  return value.type === 'scalar' ? value.value : NaN
}

// The newest sample within the look-back, unless it is a staleness marker.
function instantItems (selector: Selector, { store, time, lookback, release }: Instant): VectorItem[] {
  const at = time - selector.offset * 1000
  const items: VectorItem[] = []
  for (const { labels, samples } of store.select(selector.matchers)) {
    const sample = samples[firstAfter(samples, at) - 1]
    if (sample === undefined || sample.value === null) continue
    const age = at - sample.time
    if (release === 3 ? age < lookback : age <= lookback) items.push({ labels, value: sample.value })
  }
  return items
}

function windows ({ selector, range }: RangeSelector, instant: Instant): Array<{ labels: Labels, points: Point[] }> {
  const to = instant.time - selector.offset * 1000
  const from = to - range * 1000
  return instant.store.select(selector.matchers)
    .map(series => ({ labels: series.labels, points: pointsWithin(series, from, to, instant.release) }))
    .filter(window => window.points.length > 0)
}

function pointsWithin ({ samples }: Series, from: number, to: number, release: Release): Point[] {
  const start = firstAfter(samples, release === 3 ? from : from - 1)
  return samples.slice(start, firstAfter(samples, to)).filter((sample): sample is Point => sample.value !== null)
}

function negate (value: Value): Value {
  if (value.type === 'scalar') return { type: 'scalar', value: -value.value }
  if (value.type !== 'vector') return value
  return vectorOf(value.items.map(item => ({ labels: dropMetricName(item.labels), value: -item.value })))
}

function binary (expr: Binary, instant: Instant): Value {
  const { left, right, operator } = expr
  if (left.type === 'scalar' && right.type === 'scalar') {
    return { type: 'scalar', value: calculate(operator, scalarOf(left, instant), scalarOf(right, instant)) }
  }
  if (right.type === 'scalar') return vectorOf(withScalar(expr, itemsOf(left, instant), scalarOf(right, instant)))
  if (left.type === 'scalar') return vectorOf(withScalar(expr, itemsOf(right, instant), scalarOf(left, instant)))
  const [leftItems, rightItems] = [itemsOf(left, instant), itemsOf(right, instant)]
  if (SET_OPERATORS.includes(operator)) return vectorOf(combineSets(expr, leftItems, rightItems))
  return vectorOf(matchVectors(expr, leftItems, rightItems, instant.release))
}

function call (expr: Call, instant: Instant): Value {
  const { name, args } = expr
  const first = args[0]
  if (isRangeFunction(name)) return vectorOf(rangeItems(expr, name, instant))
  switch (name) {
    case 'time': return { type: 'scalar', value: instant.time / 1000 }
    case 'vector': return vectorOf([{ labels: {}, value: scalarOf(first as Expr, instant) }])
    case 'scalar': return { type: 'scalar', value: onlyValue(itemsOf(first as Expr, instant)) }
    case 'absent': return vectorOf(absent(first as Expr, instant))
    case 'abs': return vectorOf(mapItems(first as Expr, instant, Math.abs))
    case 'clamp_min': case 'clamp_max': return vectorOf(clamp(name, args as [Expr, Expr], instant))
    case 'histogram_quantile': return vectorOf(quantileItems(expr, instant))
    default: return name satisfies never
  }
}

function clamp (name: 'clamp_min' | 'clamp_max', [vector, boundary]: [Expr, Expr], instant: Instant): VectorItem[] {
  const bound = scalarOf(boundary, instant)
  const limit = name === 'clamp_min' ? Infinity : -Infinity
  const pick = name === 'clamp_min' ? Math.max : Math.min
  // Go's Max(+Inf, NaN) is +Inf, JavaScript's is NaN; Min likewise.
  return mapItems(vector, instant, value => value === limit || bound === limit ? limit : pick(value, bound))
}

function quantileItems (expr: Call, instant: Instant): readonly VectorItem[] {
  const q = scalarOf(expr.args[0] as Expr, instant)
  const quantiles = histogramQuantile(q, itemsOf(expr.args[1] as Expr, instant))
  if (instant.release >= 3) noteQuantile(instant.notes, expr, q, quantiles)
  return quantiles.items
}

function mapItems (expr: Expr, instant: Instant, change: (value: number) => number): VectorItem[] {
  return itemsOf(expr, instant).map(item => ({ labels: dropMetricName(item.labels), value: change(item.value) }))
}

function onlyValue (items: readonly VectorItem[]): number {
  return items.length === 1 ? (items[0] as VectorItem).value : NaN
}

// absent(x{a="b"}) carries the labels that equality matchers name exactly once.
function absent (expr: Expr, instant: Instant): VectorItem[] {
  if (itemsOf(expr, instant).length > 0) return []
  const matchers = expr.kind === 'selector' ? expr.matchers : []
  const named = matchers.filter(({ name, operator }) => operator === '=' && name !== METRIC_NAME &&
    matchers.filter(other => other.name === name).length === 1)
  return [{ labels: Object.fromEntries(named.map(({ name, value }) => [name, value])), value: 1 }]
}

function rangeItems (expr: Call, name: Parameters<typeof overRange>[0], instant: Instant): VectorItem[] {
  const range = expr.args[0] as RangeSelector
  const to = instant.time - range.selector.offset * 1000
  const items: VectorItem[] = []
  for (const { labels, points } of windows(range, instant)) {
    const value = overRange(name, { points, from: to - range.range * 1000, to, release: instant.release })
    if (value === undefined) continue
    if (instant.release >= 3) noteUnlikelyCounter(instant.notes, expr, labels)
    // last_over_time gives back a sample, so it keeps the metric's name.
    items.push({ labels: name === 'last_over_time' ? labels : dropMetricName(labels), value })
  }
  return items
}
