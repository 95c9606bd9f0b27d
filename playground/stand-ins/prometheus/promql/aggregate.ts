// sum, avg, min, max and count of a vector, grouped by labels or by all labels but some.
import type { Aggregate, AggregateOperator } from './ast.ts'
import { dropMetricName, labelsKey, onlyLabels, withoutLabels } from '../labels.ts'
import type { Labels } from '../labels.ts'
import type { VectorItem } from './quantile.ts'

/** One item a group, in order of first appearance; an empty vector stays empty. */
export function aggregate (expr: Aggregate, vector: readonly VectorItem[]): VectorItem[] {
  const groups = new Map<string, { labels: Labels, values: number[] }>()
  for (const { labels, value } of vector) {
    const kept = expr.without ? dropMetricName(withoutLabels(labels, expr.labels)) : onlyLabels(labels, expr.labels)
    const key = labelsKey(kept)
    const group = groups.get(key) ?? { labels: kept, values: [] }
    group.values.push(value)
    groups.set(key, group)
  }
  return [...groups.values()].map(({ labels, values }) => ({ labels, value: combine(expr.operator, values) }))
}

function combine (operator: AggregateOperator, values: readonly number[]): number {
  switch (operator) {
    case 'sum': return sum(values)
    case 'avg': return sum(values) / values.length
    case 'count': return values.length
    case 'min': return extreme(values, (a, b) => a < b)
    case 'max': return extreme(values, (a, b) => a > b)
    default: return operator satisfies never
  }
}

function sum (values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

// NaN loses against every number, and stands only for a group of nothing but NaN.
function extreme (values: readonly number[], wins: (a: number, b: number) => boolean): number {
  return values.reduce((best, value) => Number.isNaN(best) || wins(value, best) ? value : best)
}
