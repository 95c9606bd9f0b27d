// The three-way merge of dynamic-apply: observed + last applied + desired → the object to PUT. Pure; rules as in Metacontroller 4.17.
import { isMap } from '../api-server/kube-object.ts'

type Item = Record<string, unknown>

/** Keys that make a list a map, most telling first. */
export const mergeKeys = ['containerPort', 'port', 'mountPath', 'name', 'uid', 'ip', 'path'] as const

/** The first merge key that every item of all lists has; undefined if an item is no object or they share none. */
export function detectMergeKey (...lists: readonly unknown[][]): string | undefined {
  const items = lists.flat()
  if (items.length === 0 || !items.every(isMap)) return undefined
  return mergeKeys.find((key) => items.every((item) => Object.hasOwn(item as Item, key)))
}

function mergeMaps (observed: ReadonlyMap<string, unknown>, last: ReadonlyMap<string, unknown>, desired: ReadonlyMap<string, unknown>): Map<string, unknown> {
  const merged = new Map([...observed].filter(([key]) => !last.has(key) || desired.has(key)))
  for (const [key, value] of desired) merged.set(key, mergeValue(merged.get(key), last.get(key), value))
  return merged
}

function keyed (list: readonly unknown[], key: string): Map<string, unknown> {
  // Of items with equal keys the last one wins, which is how two ports of one number collapse.
  return new Map(list.map((item) => [String((item as Item)[key]), item]))
}

function mergeListMap (key: string, observed: readonly unknown[], last: readonly unknown[], desired: readonly unknown[]): unknown[] {
  const merged = mergeMaps(keyed(observed, key), keyed(last, key), keyed(desired, key))
  const idOf = (item: unknown): string => String((item as Item)[key])
  // Observed order is kept whatever the desired order is; what is new comes after it.
  const kept = observed.map(idOf).filter((id) => merged.has(id))
  const seen = new Set(kept)
  const added = [...new Set(desired.map(idOf))].filter((id) => !seen.has(id))
  return [...kept, ...added].map((id) => merged.get(id))
}

function mergeLists (observed: unknown[], last: unknown, desired: unknown): unknown {
  const before = Array.isArray(last) ? last : []
  const wanted = Array.isArray(desired) ? desired : []
  const key = detectMergeKey(observed, before, wanted)
  if (key !== undefined) return mergeListMap(key, observed, before, wanted)
  // A list that should become something else becomes Go's nil list, which is sent as null.
  return Array.isArray(desired) ? desired : null
}

function entries (value: unknown): Map<string, unknown> {
  return new Map(isMap(value) ? Object.entries(value) : [])
}

function mergeValue (observed: unknown, last: unknown, desired: unknown): unknown {
  if (isMap(observed)) return Object.fromEntries(mergeMaps(entries(observed), entries(last), entries(desired)))
  if (Array.isArray(observed)) return mergeLists(observed, last, desired)
  return desired
}

/**
 * Merges the change from last applied to desired into observed. Keys that were applied and are no longer desired go, desired keys
 * are set, all others stay. Nothing given is changed.
 */
export function mergeApplied<T extends object> (observed: T, last: object | undefined, desired: object): T {
  return mergeValue(observed, last, desired) as T
}
