// Objects grouped as hooks see them: kind and version outside, namespace/name (or name) inside. Pure.
import { objectKey, splitApiVersion } from '../api-server/kube-object.ts'
import type { KubeObject } from '../api-server/kube-object.ts'

export interface Kind { apiVersion: string, kind: string }

export interface Group extends Kind { objects: Map<string, KubeObject> }

/** Outer key → group. Inner keys are always those of hook version v2; v1 is derived when a request is built. */
export type ObjectMap = Map<string, Group>

/** `Service.v1`, `Deployment.apps/v1`. */
export function groupKey (kind: Kind): string {
  return `${kind.kind}.${kind.apiVersion}`
}

/** `namespace/name`, or `name` without a namespace. */
export function nameKey (object: KubeObject): string {
  return objectKey(object.metadata?.namespace, object.metadata?.name ?? '')
}

/** The group of a kind, made empty if it is not there. */
export function ensureGroup (map: ObjectMap, kind: Kind): Group {
  const known = map.get(groupKey(kind))
  if (known) return known
  const fresh: Group = { apiVersion: kind.apiVersion, kind: kind.kind, objects: new Map() }
  map.set(groupKey(kind), fresh)
  return fresh
}

/** Groups a list; of two objects with the same key the last one wins. */
export function groupObjects (objects: readonly KubeObject[]): ObjectMap {
  const map: ObjectMap = new Map()
  for (const object of objects) ensureGroup(map, object).objects.set(nameKey(object), object)
  return map
}

/** Groups sorted by group, version and kind: the order in which children are managed. */
export function sortedGroups (map: ObjectMap): Group[] {
  const rank = (group: Group): string[] => {
    const { group: name, version } = splitApiVersion(group.apiVersion)
    return [name, version, group.kind]
  }
  return [...map.values()].sort((one, other) => {
    const [left, right] = [rank(one), rank(other)]
    const at = left.findIndex((part, index) => part !== right[index])
    return at < 0 ? 0 : left[at]! < right[at]! ? -1 : 1
  })
}

/** A map of maps with the inner keys of hook version v2. */
export function uniformMap (map: ObjectMap): Record<string, Record<string, KubeObject>> {
  return Object.fromEntries([...map].map(([key, group]) => [key, Object.fromEntries(group.objects)]))
}

/**
 * A map of maps with the inner keys of hook version v1: relative to the parent. For a namespaced parent, objects of other
 * namespaces and cluster-scoped objects are left out.
 */
export function relativeMap (map: ObjectMap, parent: KubeObject): Record<string, Record<string, KubeObject>> {
  const namespace = parent.metadata.namespace
  return Object.fromEntries([...map].map(([key, group]) => {
    const objects = [...group.objects.values()]
    if (namespace === undefined) return [key, Object.fromEntries(objects.map((object) => [nameKey(object), object]))]
    return [key, Object.fromEntries(objects.filter((object) => object.metadata.namespace === namespace).map((object) => [object.metadata.name, object]))]
  }))
}
