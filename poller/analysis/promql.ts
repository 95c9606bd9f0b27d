// Text that goes into PromQL, so that no value can end the string it stands in.

/** The inside of a quoted PromQL string. */
export function escapeString (value: string): string {
  return value.replace(/[\\"']/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')
}

/** A matcher for any of these values. Prometheus anchors regular expressions at both ends itself. */
export function anyOf (label: string, values: Iterable<string>): string {
  const alternatives = [...new Set(values)].sort().map((value) => value.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  return `${label}=~"${escapeString(alternatives.join('|'))}"`
}

const VARIABLE = /\{(predictor|version|namespace|name|window)\}/g
export type Variables = Record<'predictor' | 'version' | 'namespace' | 'name' | 'window', string>

/** A query with its variables replaced by escaped values. Braces around anything else are PromQL's own. */
export function fillQuery (query: string, variables: Variables): string {
  return query.replace(VARIABLE, (_whole, name: keyof Variables) => escapeString(variables[name]))
}
