// Metacontroller's dynamic-apply: the three-way merge of what we last applied, what is observed and what we want.
// Facts: keys we applied before and want no longer are removed, other observed keys stay; a list whose items all share a merge key
// is merged by that key in observed order with new items last; any other list is replaced.

type Json = unknown
type JsonObject = Record<string, Json>

const MERGE_KEYS = ['containerPort', 'port', 'mountPath', 'name', 'uid', 'ip', 'path']

/** The object that dynamic-apply would PUT. */
export function mergeApply (observed: JsonObject, lastApplied: JsonObject, desired: JsonObject): JsonObject {
  return mergeObjects(observed, lastApplied, desired)
}

function mergeObjects (observed: JsonObject, lastApplied: JsonObject, desired: JsonObject): JsonObject {
  const merged: JsonObject = { ...observed }
  for (const key of Object.keys(lastApplied)) {
    if (!(key in desired)) delete merged[key]
  }
  for (const [key, value] of Object.entries(desired)) merged[key] = mergeValues(observed[key], lastApplied[key], value)
  return merged
}

function mergeValues (observed: Json, lastApplied: Json, desired: Json): Json {
  if (isObject(desired) && isObject(observed)) return mergeObjects(observed, isObject(lastApplied) ? lastApplied : {}, desired)
  if (Array.isArray(desired) && Array.isArray(observed)) return mergeLists(observed, Array.isArray(lastApplied) ? lastApplied : [], desired)
  return desired
}

function mergeLists (observed: Json[], lastApplied: Json[], desired: Json[]): Json[] {
  const key = mergeKey([...observed, ...lastApplied, ...desired])
  if (key === undefined) return desired
  const merged = mergeObjects(byKey(observed, key), byKey(lastApplied, key), byKey(desired, key))
  return Object.values(merged)
}

// Maps keep insertion order, except for keys that look like integers: those would jump the queue, hence the prefix.
function byKey (items: Json[], key: string): JsonObject {
  return Object.fromEntries(items.map((item) => [`=${textOf((item as JsonObject)[key])}`, item]))
}

/** Anything can stand where a name should, and not everything can be made a text. */
function textOf (value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function mergeKey (items: Json[]): string | undefined {
  if (items.length === 0 || !items.every(isObject)) return undefined
  return MERGE_KEYS.find((key) => items.every((item) => (item as JsonObject)[key] !== undefined))
}

function isObject (value: Json): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}
