// A selector of labels as one line, as MLflow's Kubernetes plugin takes it.
import type { LabelSelector } from './schema/fields.ts'

type Expression = NonNullable<LabelSelector['matchExpressions']>[number]

/** `text`: empty for a selector that selects everything. `problem`: what is wrong with it. */
export type SelectorText = { text: string } | { problem: string }

/** Parts are sorted by key, so that equal selectors are equal texts: `a=b,c in (x,y),!d`. */
export function selectorText ({ matchLabels = {}, matchExpressions = [] }: LabelSelector): SelectorText {
  const wrong = matchExpressions.find((expression) => partOf(expression) === undefined)
  if (wrong) return { problem: `the operator of ${wrong.key} must be In or NotIn, with values, or Exists or DoesNotExist, without` }
  const parts = [
    ...Object.entries(matchLabels).map(([key, value]) => ({ key, text: `${key}=${value}` })),
    ...matchExpressions.map((expression) => ({ key: expression.key, text: partOf(expression) ?? '' }))
  ]
  return { text: parts.toSorted((a, b) => a.key < b.key ? -1 : Number(a.key > b.key)).map(({ text }) => text).join(',') }
}

/** Undefined for what is no comparison. */
function partOf ({ key, operator, values = [] }: Expression): string | undefined {
  const list = `(${values.toSorted().join(',')})`
  if (operator === 'In' && values.length > 0) return `${key} in ${list}`
  if (operator === 'NotIn' && values.length > 0) return `${key} notin ${list}`
  if (operator === 'Exists' && values.length === 0) return key
  return operator === 'DoesNotExist' && values.length === 0 ? `!${key}` : undefined
}
