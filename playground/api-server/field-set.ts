// Sets of field paths in the FieldsV1 form of managedFields: which leaves an object has, and how they are written down.
import { isMap } from './kube-object.ts'
import type { JsonMap, KubeObject } from './kube-object.ts'
import type { Ownership } from './structural-schema.ts'
import { untypedOwnership } from './structural-schema.ts'

/** Leaves of an object: JSON text of the path's segments (`f:name`, `k:{…}`, `v:…`) → value. */
export type Leaves = Map<string, unknown>

// Fields that the server owns; nobody manages them.
const unmanagedMeta = new Set(['name', 'namespace', 'generateName', 'uid', 'resourceVersion', 'generation', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'selfLink', 'managedFields'])

const metadataOwnership: Ownership = {
  shape: 'map',
  at (key) {
    if (key === 'ownerReferences') return { shape: 'listMap', keys: ['uid'], item: { shape: 'atomic' } }
    return key === 'finalizers' ? { shape: 'set' } : untypedOwnership
  }
}

type ListMap = Extract<Ownership, { shape: 'listMap' }>

/** The key of an item in a list of type map, as `k:` writes it. */
export function itemKey (item: Record<string, unknown>, { keys, defaults = {} }: ListMap): string {
  const complete = { ...defaults, ...item }
  return JSON.stringify(Object.fromEntries(keys.filter((key) => complete[key] !== undefined).map((key) => [key, complete[key]])))
}

function below (ownership: Ownership, key: string): Ownership {
  return ownership.shape === 'map' ? ownership.at(key) : untypedOwnership
}

function collect (value: unknown, ownership: Ownership, path: string[], leaves: Leaves): void {
  if (Array.isArray(value)) {
    collectList(value, ownership, path, leaves)
    return
  }
  const entries = isMap(value) && ownership.shape !== 'atomic' ? Object.entries(value) : []
  if (entries.length === 0) leaves.set(JSON.stringify(path), value)
  for (const [key, item] of entries) collect(item, below(ownership, key), [...path, `f:${key}`], leaves)
}

function collectList (list: unknown[], ownership: Ownership, path: string[], leaves: Leaves): void {
  if (ownership.shape === 'set') for (const item of list) leaves.set(JSON.stringify([...path, `v:${JSON.stringify(item)}`]), item)
  else if (ownership.shape === 'listMap' && list.every(isMap)) for (const item of list) collectItem(item, ownership, path, leaves)
  else leaves.set(JSON.stringify(path), list)
}

function collectItem (item: Record<string, unknown>, ownership: ListMap, path: string[], leaves: Leaves): void {
  const at = [...path, `k:${itemKey(item, ownership)}`]
  // The item itself is a leaf too ("."), so that owning any part of it keeps it alive.
  leaves.set(JSON.stringify([...at, '.']), ownership.item.shape === 'atomic' ? item : true)
  if (ownership.item.shape !== 'atomic') collect(item, ownership.item, at, leaves)
}

/** All managed leaves of an object. */
export function leavesOf (object: Partial<KubeObject>, ownership: Ownership): Leaves {
  const leaves: Leaves = new Map()
  for (const [key, value] of Object.entries(object)) {
    if (key === 'apiVersion' || key === 'kind') continue
    if (key === 'metadata') {
      const managed = Object.fromEntries(Object.entries(value as object).filter(([name]) => !unmanagedMeta.has(name)))
      for (const [name, item] of Object.entries(managed)) collect(item, below(metadataOwnership, name), ['f:metadata', `f:${name}`], leaves)
    } else collect(value, below(ownership, key), [`f:${key}`], leaves)
  }
  return leaves
}

/** Writes a set of paths as the nested maps of FieldsV1. */
export function toFieldsV1 (paths: Iterable<string>): JsonMap {
  const root: JsonMap = {}
  for (const path of [...paths].sort()) {
    let at = root
    for (const segment of JSON.parse(path) as string[]) {
      at[segment] ??= {}
      at = at[segment] as JsonMap
    }
  }
  return root
}

/** Reads FieldsV1 back into a set of paths: an empty map is a leaf. */
export function fromFieldsV1 (fields: JsonMap, path: string[] = []): Set<string> {
  const paths = new Set<string>()
  for (const [segment, below] of Object.entries(fields)) {
    const at = [...path, segment]
    if (isMap(below) && Object.keys(below).length > 0) for (const leaf of fromFieldsV1(below as JsonMap, at)) paths.add(leaf)
    else paths.add(JSON.stringify(at))
  }
  return paths
}

/** `["f:spec","f:replicas"]` → `.spec.replicas`, as conflict messages show it. */
export function showPath (path: string): string {
  return (JSON.parse(path) as string[]).filter((segment) => segment !== '.').map((segment) => (segment.startsWith('f:') ? `.${segment.slice(2)}` : `[${segment.slice(2)}]`)).join('')
}
