// What the API server knows of a resource, and the registry that finds one by path or kind.
import { joinApiVersion } from './kube-object.ts'
import type { Schema } from './schema.ts'

export interface Column {
  name: string
  type: string
  jsonPath: string
  description?: string
  priority?: number
  format?: string
}

/** One served version of a resource. Versions of one resource share their objects (conversion None: only apiVersion differs). */
export interface Resource {
  group: string
  version: string
  versions: string[]
  storageVersion: string
  kind: string
  listKind: string
  plural: string
  singular: string
  shortNames: string[]
  categories: string[]
  namespaced: boolean
  hasStatus: boolean
  hasGeneration: boolean
  columns: Column[]
  selectableFields: string[]
  custom: boolean
  scale?: { specReplicasPath: string }
  schema?: Schema
}

export interface Registry {
  add (resources: Resource[]): void
  remove (group: string, plural: string): void
  find (group: string, version: string, plural: string): Resource | undefined
  findKind (apiVersion: string, kind: string): Resource | undefined
  all (): Resource[]
}

/** The group/resource part of a storage key. Both Event APIs are one storage, as in a real cluster. */
export function storageKey (resource: { group: string, plural: string }): string {
  const group = resource.group === 'events.k8s.io' ? '' : resource.group
  return `${group}/${resource.plural}`
}

/** `group/version` of a resource. */
export function apiVersionOf (resource: Resource): string {
  return joinApiVersion(resource.group, resource.version)
}

/** An empty registry; adding a resource again replaces it. */
export function makeRegistry (): Registry {
  const byPath = new Map<string, Resource>()
  const path = (group: string, version: string, plural: string): string => `${group}/${version}/${plural}`
  const remove = (group: string, plural: string): void => {
    for (const [key, resource] of byPath) {
      if (resource.group === group && resource.plural === plural) byPath.delete(key)
    }
  }
  return {
    add (resources) {
      for (const resource of resources) remove(resource.group, resource.plural)
      for (const resource of resources) byPath.set(path(resource.group, resource.version, resource.plural), resource)
    },
    remove,
    find: (group, version, plural) => byPath.get(path(group, version, plural)),
    findKind: (apiVersion, kind) => [...byPath.values()].find((resource) => resource.kind === kind && apiVersionOf(resource) === apiVersion),
    all: () => [...byPath.values()]
  }
}
