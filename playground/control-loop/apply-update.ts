// What dynamic-apply writes: the created object with its last-applied annotation, and the merged object of an update. Pure.
import { isMap } from '../api-server/kube-object.ts'
import type { KubeObject, OwnerReference } from '../api-server/kube-object.ts'
import { mergeApplied } from './merge.ts'
import { sortedJson } from './sorted-json.ts'

export const lastAppliedAnnotation = 'metacontroller.k8s.io/last-applied-configuration'

/** Metadata that a hook can never change. */
const systemFields = ['selfLink', 'uid', 'resourceVersion', 'generation', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'managedFields']

/** A copy whose annotations no longer hold the last-applied one. */
export function withoutLastApplied (object: KubeObject): KubeObject {
  const annotations = object.metadata.annotations
  if (!annotations || !Object.hasOwn(annotations, lastAppliedAnnotation)) return object
  const { [lastAppliedAnnotation]: dropped, ...kept } = annotations
  const { annotations: ignored, ...metadata } = object.metadata
  return { ...object, metadata: Object.keys(kept).length > 0 ? { ...metadata, annotations: kept } : metadata }
}

function withLastApplied (object: KubeObject, applied: KubeObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [lastAppliedAnnotation]: sortedJson(applied) } } }
}

/** What was applied last; undefined if the object was never applied (adopted). Throws on an annotation that is not a JSON object. */
export function lastAppliedOf (object: KubeObject): object | undefined {
  const text = object.metadata.annotations?.[lastAppliedAnnotation]
  if (!text) return undefined
  const applied: unknown = JSON.parse(text)
  if (!isMap(applied)) throw new Error(`annotation ${lastAppliedAnnotation} does not hold an object`)
  return applied
}

function revert (merged: KubeObject, observed: KubeObject): KubeObject {
  const metadata: Record<string, unknown> = { ...merged.metadata }
  for (const field of systemFields) {
    delete metadata[field]
    const before = observed.metadata[field as keyof typeof observed.metadata]
    if (before !== undefined) metadata[field] = before
  }
  const { status, ...rest } = merged
  return { ...rest, metadata, ...(observed.status === undefined ? {} : { status: observed.status }) } as unknown as KubeObject
}

/** The object to PUT over observed; deeply equal to observed when there is nothing to do. */
export function updateOf (observed: KubeObject, desired: KubeObject): KubeObject {
  const wanted = withoutLastApplied(desired)
  const merged = mergeApplied(observed, lastAppliedOf(observed), wanted)
  return withLastApplied(revert(merged, observed), wanted)
}

/** The reference by which a parent controls its children. */
export function controllerReference (parent: KubeObject): OwnerReference {
  return { apiVersion: parent.apiVersion, kind: parent.kind, name: parent.metadata.name, uid: parent.metadata.uid ?? '', controller: true, blockOwnerDeletion: true }
}

/** The object with the parent as an owner; unchanged if it is one already. */
export function withOwner (object: KubeObject, parent: KubeObject): KubeObject {
  const owners = object.metadata.ownerReferences ?? []
  if (owners.some((owner) => owner.uid === parent.metadata.uid)) return object
  return { ...object, metadata: { ...object.metadata, ownerReferences: [...owners, controllerReference(parent)] } }
}

/** The object to POST: annotated with what is applied (before the owner is added), then owned. */
export function creationOf (desired: KubeObject, parent: KubeObject): KubeObject {
  return withOwner(withLastApplied(desired, desired), parent)
}

/** The body of a server-side apply: owned, without status, system metadata and last-applied annotation. */
export function serverSideBody (desired: KubeObject, parent: KubeObject): KubeObject {
  const { status, ...owned } = withoutLastApplied(withOwner(desired, parent))
  const metadata = Object.fromEntries(Object.entries(owned.metadata as object).filter(([field]) => !systemFields.includes(field)))
  return { ...owned, metadata } as unknown as KubeObject
}
