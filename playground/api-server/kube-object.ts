// The shape of a Kubernetes object as this API server sees it, and small pure readers of it.

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
export type JsonMap = { [key: string]: Json }

export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

export interface ManagedFieldsEntry {
  manager: string
  operation: 'Apply' | 'Update'
  apiVersion: string
  time: string
  fieldsType: 'FieldsV1'
  fieldsV1: JsonMap
  subresource?: string
}

export interface ObjectMeta {
  name: string
  namespace?: string
  generateName?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  finalizers?: string[]
  ownerReferences?: OwnerReference[]
  managedFields?: ManagedFieldsEntry[]
}

/** Any Kubernetes object. Objects in the store are never changed in place: a write makes a new one. */
export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
  spec?: any
  status?: any
  [field: string]: any
}

/** True for a JSON object (neither null nor an array). */
export function isMap (value: unknown): value is Record<string, any> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A deep copy of a JSON value. */
export function cloneJson<T> (value: T): T {
  return structuredClone(value)
}

/** `namespace/name`, or `name` for a cluster-scoped object. */
export function objectKey (namespace: string | undefined, name: string): string {
  return namespace ? `${namespace}/${name}` : name
}

/** Splits `group/version`; the core group is the empty string. */
export function splitApiVersion (apiVersion: string): { group: string, version: string } {
  const slash = apiVersion.indexOf('/')
  if (slash < 0) return { group: '', version: apiVersion }
  return { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) }
}

/** `group/version`, or `version` for the core group. */
export function joinApiVersion (group: string, version: string): string {
  return group ? `${group}/${version}` : version
}

/** The value under a list of keys, or undefined when the way is blocked. */
export function valueAt (value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (isMap(at) && Object.hasOwn(at, key) ? at[key] : undefined), value)
}
