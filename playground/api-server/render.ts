// The representations a client can ask for: whole objects, metadata only, or a Table.
import type { KubeObject } from './kube-object.ts'
import { apiVersionOf } from './resource.ts'
import type { Resource } from './resource.ts'
import { makeTable } from './table.ts'

export interface ListMeta { resourceVersion: string, continue?: string, remainingItemCount?: number }

export interface Renderer {
  object (object: KubeObject): string
  list (objects: readonly KubeObject[], metadata: ListMeta): string
}

// One version of an object is sent many times (list, every watch): its text is made once.
const texts = new WeakMap<KubeObject, string>()

/** The JSON text of an object. */
export function textOf (object: KubeObject): string {
  const known = texts.get(object)
  if (known !== undefined) return known
  const text = JSON.stringify(object)
  texts.set(object, text)
  return text
}

/** Items in a list of a built-in kind do not repeat their type; those of custom resources do. */
function untypedText (object: KubeObject): string {
  const { apiVersion, kind, ...rest } = object
  return JSON.stringify(rest)
}

/** Metadata only, in the form of meta.k8s.io/v1. */
export function partialObject (object: KubeObject): object {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata }
}

function plain (resource: Resource): Renderer {
  return {
    object: textOf,
    list: (objects, metadata) => `{"kind":${JSON.stringify(resource.listKind)},"apiVersion":${JSON.stringify(apiVersionOf(resource))},"metadata":${JSON.stringify(metadata)},"items":[${objects.map(resource.custom ? textOf : untypedText).join(',')}]}`
  }
}

const partial: Renderer = {
  object: (object) => JSON.stringify(partialObject(object)),
  list: (objects, metadata) => JSON.stringify({ kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata, items: objects.map(partialObject) })
}

function tables (resource: Resource, includeObject: string | null, clock: () => number): Renderer {
  const shown = includeObject === 'Object' ? (object: KubeObject) => object : includeObject === 'None' ? () => null : partialObject
  return {
    object: (object) => JSON.stringify(makeTable(resource, [object], { resourceVersion: object.metadata.resourceVersion ?? '' }, { now: clock(), shown })),
    list: (objects, metadata) => JSON.stringify(makeTable(resource, objects, { ...metadata }, { now: clock(), shown }))
  }
}

/** The renderer for an Accept header: the first form listed that is known here wins, plain JSON otherwise. */
export function rendererFor (resource: Resource, accept: string | undefined, includeObject: string | null, clock: () => number): Renderer {
  for (const form of (accept ?? '').split(',').map((part) => part.trim())) {
    if (form.includes('as=Table')) return tables(resource, includeObject, clock)
    if (form.includes('as=PartialObjectMetadata')) return partial
    if (form === 'application/json') break
  }
  return plain(resource)
}
