// Label sets of series: comparison, grouping and matching, as Prometheus defines them.

/** Labels of one series; the metric's name is the label `__name__`. A label with an empty value is no label. */
export type Labels = Readonly<Record<string, string>>

export type MatchOperator = '=' | '!=' | '=~' | '!~'

/** One condition of a selector; `test` judges the label's value, '' when the label is absent. */
export interface Matcher {
  readonly name: string
  readonly operator: MatchOperator
  readonly value: string
  readonly test: (value: string) => boolean
}

export const METRIC_NAME = '__name__'

/** Canonical text of a label set: equal sets give equal text whatever the order of their keys. */
export function labelsKey (labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(byName))
}

function byName (a: [string, string], b: [string, string]): number {
  return a[0] < b[0] ? -1 : 1
}

/** The set without the named labels. */
export function withoutLabels (labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !names.includes(name)))
}

/** The set reduced to the named labels; absent ones stay absent. */
export function onlyLabels (labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => names.includes(name)))
}

/** What is left of the labels of a value that is no longer the metric itself. */
export function dropMetricName (labels: Labels): Labels {
  return withoutLabels(labels, [METRIC_NAME])
}

/** Removes labels with an empty value, which the data model does not know. */
export function normalizeLabels (labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''))
}

/** True when every matcher accepts the labels. */
export function matchesAll (labels: Labels, matchers: readonly Matcher[]): boolean {
  return matchers.every(matcher => matcher.test(labels[matcher.name] ?? ''))
}

/** Prometheus's way to print a series in messages: `{a="1", b="2"}` after the name. */
export function formatLabels (labels: Labels): string {
  const pairs = Object.entries(dropMetricName(labels)).sort(byName)
  return `${labels[METRIC_NAME] ?? ''}{${pairs.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ')}}`
}
