// Strategic merge patch for built-in kinds: lists merge by the keys in builtin-ownership.ts, with the directives kubectl sends.
import { builtinOwnership } from './builtin-ownership.ts'
import { isMap } from './kube-object.ts'
import { untypedOwnership } from './structural-schema.ts'
import type { Ownership } from './structural-schema.ts'

type Item = Record<string, unknown>

function without (item: Item, names: readonly string[]): Item {
  return Object.fromEntries(Object.entries(item).filter(([key]) => !names.includes(key)))
}

// Strategic merge looks at one key only, the first: containerPort, port, name, mountPath.
function mergeListMap (target: unknown, patch: Item[], ownership: Extract<Ownership, { shape: 'listMap' }>): unknown[] {
  const key = ownership.keys[0]!
  if (patch.some((item) => item.$patch === 'replace')) return patch.filter((item) => item.$patch === undefined)
  let items: unknown[] = Array.isArray(target) ? [...target] : []
  for (const item of patch) {
    const at = items.findIndex((other) => isMap(other) && other[key] === item[key])
    if (item.$patch === 'delete') items = items.filter((other) => !(isMap(other) && other[key] === item[key]))
    else if (at < 0) items.push(merge({}, item, ownership.item))
    else items[at] = merge(items[at], item, ownership.item)
  }
  return items
}

function orderBy (items: unknown[], order: unknown[], ownership: Ownership): unknown[] {
  const idOf = (item: unknown): unknown => (ownership.shape === 'listMap' && isMap(item) ? item[ownership.keys[0]!] : item)
  const wanted = order.map(idOf)
  const rank = (item: unknown): number => {
    const at = wanted.indexOf(idOf(item))
    return at < 0 ? wanted.length : at
  }
  return items.map((item, index) => ({ item, index })).sort((one, other) => rank(one.item) - rank(other.item) || one.index - other.index).map(({ item }) => item)
}

function mergeList (target: unknown, patch: unknown[], ownership: Ownership): unknown {
  if (ownership.shape === 'listMap' && patch.every(isMap)) return mergeListMap(target, patch, ownership)
  if (ownership.shape === 'set') return [...new Set([...(Array.isArray(target) ? target : []), ...patch])]
  return patch
}

function applyDirectives (result: Item, patch: Item, below: (key: string) => Ownership): Item {
  const next = { ...result }
  for (const [directive, value] of Object.entries(patch)) {
    const [name, field] = directive.split('/', 2) as [string, string | undefined]
    if (!field || !Array.isArray(value) || !Array.isArray(next[field])) continue
    if (name === '$deleteFromPrimitiveList') next[field] = (next[field] as unknown[]).filter((item) => !value.includes(item))
    if (name === '$setElementOrder') next[field] = orderBy(next[field] as unknown[], value, below(field))
  }
  return Array.isArray(patch.$retainKeys) ? Object.fromEntries(Object.entries(next).filter(([key]) => (patch.$retainKeys as unknown[]).includes(key))) : next
}

function merge (target: unknown, patch: unknown, ownership: Ownership): unknown {
  if (Array.isArray(patch)) return mergeList(target, patch, ownership)
  if (!isMap(patch)) return patch
  if (patch.$patch === 'replace') return without(patch, ['$patch'])
  const below = (key: string): Ownership => (ownership.shape === 'map' ? ownership.at(key) : untypedOwnership)
  const result: Item = isMap(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$')) continue
    if (value === null || (isMap(value) && value.$patch === 'delete')) delete result[key]
    else result[key] = merge(result[key], value, below(key))
  }
  return applyDirectives(result, patch, below)
}

/** The result of a strategic merge patch on a built-in object. */
export function strategicMerge (target: unknown, patch: unknown): unknown {
  return merge(target, patch, builtinOwnership)
}
