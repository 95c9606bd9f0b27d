// JSON text with sorted map keys: equal values give equal bytes, as Go's encoder does for maps.
import { isMap } from '../api-server/kube-object.ts'

function sorted (value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isMap(value)) return value
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]))
}

/** Compact JSON with the keys of every map in order. */
export function sortedJson (value: unknown): string {
  return JSON.stringify(sorted(value))
}
