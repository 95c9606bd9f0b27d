// Arithmetic, comparison and set operations on values that are already evaluated.
import { COMPARISONS } from './ast.ts'
import type { Binary, Matching, Operator } from './ast.ts'
import { executionError } from './errors.ts'
import { dropMetricName, formatLabels, labelsKey, METRIC_NAME, onlyLabels, withoutLabels } from '../labels.ts'
import type { Labels } from '../labels.ts'
import type { Release } from './over-range.ts'
import type { VectorItem } from './quantile.ts'

/** Value of `left operator right`; comparisons give 1 or 0. Division follows IEEE 754: 0/0 is NaN, 1/0 is +Inf. */
export function calculate (operator: Operator, left: number, right: number): number {
  const apply = CALCULATIONS[operator]
  if (apply === undefined) throw executionError(`operator "${operator}" not allowed for scalar operations`)
  return Number(apply(left, right))
}

const CALCULATIONS: Readonly<Partial<Record<Operator, (left: number, right: number) => number | boolean>>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right,
  '^': power,
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '>': (left, right) => left > right,
  '<=': (left, right) => left <= right,
  '>=': (left, right) => left >= right
}

// Go's Pow(1, y) is 1 for every y and Pow(-1, ±Inf) is 1; JavaScript says NaN for both.
function power (base: number, exponent: number): number {
  if (base === 1 || (base === -1 && Math.abs(exponent) === Infinity)) return 1
  return base ** exponent
}

/** Vector and scalar: a comparison without bool keeps the vector's items for which it is true. */
export function withScalar (expr: Binary, vector: readonly VectorItem[], scalar: number): VectorItem[] {
  const vectorIsLeft = expr.left.type === 'vector'
  const comparison = COMPARISONS.includes(expr.operator)
  const results: VectorItem[] = []
  for (const item of vector) {
    const value = vectorIsLeft ? calculate(expr.operator, item.value, scalar) : calculate(expr.operator, scalar, item.value)
    if (!comparison || expr.bool) results.push({ labels: dropMetricName(item.labels), value })
    else if (value === 1) results.push(item)
  }
  return results
}

/** `and`, `or`, `unless`: which items of the two sides stay. */
export function combineSets ({ operator, matching }: Binary, left: readonly VectorItem[], right: readonly VectorItem[]): VectorItem[] {
  const leftKeys = new Set(left.map(item => signature(item.labels, matching)))
  const rightKeys = new Set(right.map(item => signature(item.labels, matching)))
  if (operator === 'or') return [...left, ...right.filter(item => !leftKeys.has(signature(item.labels, matching)))]
  const wanted = operator === 'and'
  return left.filter(item => rightKeys.has(signature(item.labels, matching)) === wanted)
}

function signature (labels: Labels, matching: Matching): string {
  return labelsKey(matchedLabels(labels, matching))
}

function matchedLabels (labels: Labels, { on, labels: names }: Matching): Labels {
  return on ? onlyLabels(labels, names) : dropMetricName(withoutLabels(labels, names))
}

/**
 * Arithmetic and comparison of two vectors. Items pair up by the matching labels; the "one" side must be
 * unique there, else the query fails with the many-to-many error (422).
 */
export function matchVectors (expr: Binary, left: readonly VectorItem[], right: readonly VectorItem[], release: Release): VectorItem[] {
  const swapped = expr.matching.many === 'right'
  const [many, one] = swapped ? [right, left] : [left, right]
  if (many.length === 0) return []
  const partners = indexOneSide(one, expr.matching, swapped ? 'left' : 'right')
  const taken = new Set<string>()
  const results: VectorItem[] = []
  for (const item of many) {
    const key = signature(item.labels, expr.matching)
    const partner = partners.get(key)
    if (partner === undefined) continue
    const labels = resultLabels(expr, item.labels, partner.labels)
    const value = swapped ? pairValue(expr, partner.value, item.value) : pairValue(expr, item.value, partner.value)
    // Release 2 lets a pair that a comparison drops take no part in the check for uniqueness.
    if (value !== undefined || release === 3) claim(taken, key, labels, expr.matching)
    if (value !== undefined) results.push({ labels, value })
  }
  return results
}

// A comparison without bool filters: it keeps the left value, or nothing.
function pairValue ({ operator, bool }: Binary, left: number, right: number): number | undefined {
  const value = calculate(operator, left, right)
  if (!COMPARISONS.includes(operator) || bool) return value
  return value === 1 ? left : undefined
}

function indexOneSide (items: readonly VectorItem[], matching: Matching, side: 'left' | 'right'): Map<string, VectorItem> {
  const index = new Map<string, VectorItem>()
  for (const item of items) {
    const key = signature(item.labels, matching)
    const earlier = index.get(key)
    if (earlier !== undefined) {
      const group = formatLabels(matchedLabels(item.labels, matching))
      const [first, second] = [formatLabels(item.labels), formatLabels(earlier.labels)].sort()
      throw executionError(`found duplicate series for the match group ${group} on the ${side} hand-side of the operation: ` +
        `[${first}, ${second}];many-to-many matching not allowed: matching labels must be unique on one side`)
    }
    index.set(key, item)
  }
  return index
}

function claim (taken: Set<string>, match: string, labels: Labels, matching: Matching): void {
  const key = matching.many === undefined ? match : `${match} ${labelsKey(labels)}`
  if (taken.has(key)) {
    throw executionError(matching.many === undefined
      ? 'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)'
      : 'multiple matches for labels: grouping labels must ensure unique matches')
  }
  taken.add(key)
}

function resultLabels ({ operator, matching, bool }: Binary, many: Labels, one: Labels): Labels {
  const keepsName = COMPARISONS.includes(operator) && !bool
  let labels = keepsName ? many : withoutLabels(many, [METRIC_NAME])
  if (matching.many === undefined) {
    labels = matching.on ? onlyLabels(labels, matching.labels) : withoutLabels(labels, matching.labels)
  }
  for (const name of matching.include) {
    labels = withoutLabels(labels, [name])
    const value = one[name]
    if (value !== undefined) labels = { ...labels, [name]: value }
  }
  return labels
}
