// Objects as the API server keeps them, and how Metacontroller writes them in either of its modes. Each kind's objects can be seen as they were a while ago.
import { isDeepStrictEqual } from 'node:util'
import { objectMapKey, type Child, type KubeObject, type Metadata } from '../../../hooks/core/request.ts'
import { formatInstant } from '../../../hooks/core/time.ts'
import { mergeApply } from '../rollout-world/merge.ts'

export type Mode = 'dynamic-apply' | 'server-side-apply'

/** All objects of one kind by name. Objects are replaced, never changed. */
export type Objects = Readonly<Record<string, KubeObject>>

export type Store = {
  mode: Mode
  namespace: string
  objects: Map<string, Objects>
  /** Every state of a kind's objects, oldest first. */
  history: Map<string, Objects[]>
  counter: number
}

const LAST_APPLIED = 'metacontroller.k8s.io/last-applied-configuration'

type Json = Record<string, unknown>

export function openStore (mode: Mode, namespace: string, keys: string[]): Store {
  return { mode, namespace, objects: new Map(keys.map((key) => [key, {}])), history: new Map(keys.map((key) => [key, [{}]])), counter: 1 }
}

export function objectsOf (store: Store, key: string): Objects {
  return store.objects.get(key) ?? {}
}

/** Puts an object in, or takes it away. */
export function replace (store: Store, key: string, name: string, object: KubeObject | undefined): void {
  const { [name]: _, ...others } = objectsOf(store, key)
  const next = object ? { ...others, [name]: object } : others
  store.objects.set(key, next)
  store.history.get(key)?.push(next)
}

/** Changes an object as its controller, or a person, would. A change of spec is another generation. */
export function change (store: Store, key: string, name: string, { now, edit, writer }: { now: number, edit: (object: Json) => Json, writer: Partial<NonNullable<Metadata['managedFields']>[number]> & { manager: string } }): void {
  const before = objectsOf(store, key)[name]
  if (!before) return
  const after = edit(before as unknown as Json) as unknown as KubeObject
  if (isDeepStrictEqual(after, before)) return
  const generation = (before.metadata.generation ?? 1) + (isDeepStrictEqual(after['spec'], before['spec']) ? 0 : 1)
  const others = (after.metadata.managedFields ?? []).filter(({ manager, subresource }) => manager !== writer.manager || subresource !== writer.subresource)
  const managedFields = [...others, { operation: 'Update', time: formatInstant(now), ...writer }]
  replace(store, key, name, { ...after, metadata: { ...after.metadata, generation, resourceVersion: String(store.counter++), managedFields } })
}

/**
 * Writes one child, as it was decided by `seen`, which may be older than what is there. Returns whether anything changed. A write by an old sight conflicts in
 * the default mode and is dropped; server-side apply knows no conflict.
 */
export function applyChild (store: Store, child: Child, { seen, method, now }: { seen: KubeObject | undefined, method: string, now: number }): boolean {
  const key = objectMapKey(child.apiVersion, child.kind)
  const { name } = child.metadata
  const actual = objectsOf(store, key)[name]
  if (!actual) {
    // A PUT of what is gone finds nothing; the next sync creates it.
    if (seen && store.mode === 'dynamic-apply') return false
    replace(store, key, name, created(store, child, now))
    return true
  }
  if (method === 'OnDelete' || actual.metadata.deletionTimestamp !== undefined) return false
  return store.mode === 'dynamic-apply' ? put(store, child, { seen, actual, now }) : patch(store, child, { actual, now })
}

function created (store: Store, child: Child, now: number): KubeObject {
  const isDynamic = store.mode === 'dynamic-apply'
  return {
    ...child,
    spec: withDefaults(child),
    metadata: {
      ...child.metadata,
      annotations: { ...child.metadata.annotations, ...(isDynamic && { [LAST_APPLIED]: JSON.stringify(child) }) },
      uid: `uid-${store.counter++}`,
      resourceVersion: String(store.counter++),
      generation: 1,
      creationTimestamp: formatInstant(now),
      managedFields: [ourWrite(store, child, now)]
    }
  }
}

/** The default that matters here: a Deployment without a number has one pod. */
function withDefaults (child: Child): unknown {
  return child.kind === 'Deployment' ? { replicas: 1, ...child['spec'] as Json } : child['spec']
}

function ourWrite ({ mode }: Store, child: Child, now: number): NonNullable<Metadata['managedFields']>[number] {
  const owns = child['spec'] !== undefined && 'replicas' in (child['spec'] as Json)
  return {
    manager: 'metacontroller',
    operation: mode === 'dynamic-apply' ? 'Update' : 'Apply',
    time: formatInstant(now),
    ...(mode === 'server-side-apply' && { fieldsV1: { 'f:spec': owns ? { 'f:replicas': {} } : { 'f:selector': {} } } })
  }
}

function put (store: Store, child: Child, { seen, actual, now }: { seen: KubeObject | undefined, actual: KubeObject, now: number }): boolean {
  // A create of what is there is swallowed.
  if (!seen) return false
  const applied = JSON.parse(seen.metadata.annotations?.[LAST_APPLIED] ?? '{}') as Json
  const merged = merge(seen, applied, child)
  if (isDeepStrictEqual(merged, bare(seen))) return false
  if (seen.metadata.resourceVersion !== actual.metadata.resourceVersion) return false
  return write(store, actual, { ...merged, annotations: { ...merged.annotations, [LAST_APPLIED]: JSON.stringify(child) } }, ourWrite(store, child, now))
}

function patch (store: Store, child: Child, { actual, now }: { actual: KubeObject, now: number }): boolean {
  const before = actual.metadata.managedFields?.find(({ operation }) => operation === 'Apply')
  const owned = { spec: before?.fieldsV1 && 'f:replicas' in ((before.fieldsV1 as Json)['f:spec'] as Json) ? { replicas: 0 } : {} }
  const merged = merge(actual, owned, child)
  if (isDeepStrictEqual(merged, bare(actual)) && isDeepStrictEqual(before?.fieldsV1, ourWrite(store, child, now).fieldsV1)) return false
  return write(store, actual, merged, ourWrite(store, child, now))
}

type Bare = { spec: unknown, labels: Record<string, string>, annotations: Record<string, string> }

function bare ({ spec, metadata: { labels = {}, annotations = {} } }: KubeObject): Bare {
  const { [LAST_APPLIED]: _, ...others } = annotations
  return { spec, labels, annotations: others }
}

function merge (observed: KubeObject, applied: Json, child: Child): Bare {
  const { spec, labels, annotations } = bare(observed)
  const mergedSpec = mergeApply(spec as Json, (applied['spec'] ?? {}) as Json, child['spec'] as Json)
  return { spec: withDefaults({ ...child, spec: mergedSpec }), labels: { ...labels, ...child.metadata.labels }, annotations: { ...annotations, ...child.metadata.annotations } }
}

function write (store: Store, actual: KubeObject, { spec, labels, annotations }: Bare, entry: NonNullable<Metadata['managedFields']>[number]): boolean {
  const { metadata } = actual
  const others = (metadata.managedFields ?? []).filter(({ manager }) => manager !== entry.manager).map((other) => entry.fieldsV1 && hasReplicas(entry) && hasReplicas(other) ? { ...other, fieldsV1: {} } : other)
  const generation = (metadata.generation ?? 1) + (isDeepStrictEqual(spec, actual['spec']) ? 0 : 1)
  replace(store, objectMapKey(actual.apiVersion, actual.kind), metadata.name, { ...actual, spec, metadata: { ...metadata, labels, annotations, generation, resourceVersion: String(store.counter++), managedFields: [...others, entry] } })
  return true
}

function hasReplicas ({ fieldsV1 }: { fieldsV1?: unknown }): boolean {
  return 'f:replicas' in (((fieldsV1 as Json | undefined)?.['f:spec'] ?? {}) as Json)
}

/** Deletes what is no longer wanted; what has another uid by now stays. */
export function deleteChild (store: Store, seen: KubeObject): boolean {
  const key = objectMapKey(seen.apiVersion, seen.kind)
  if (objectsOf(store, key)[seen.metadata.name]?.metadata.uid !== seen.metadata.uid) return false
  replace(store, key, seen.metadata.name, undefined)
  return true
}
