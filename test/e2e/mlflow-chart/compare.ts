// What chart and hook must agree on: everything but a short list of what cannot be the same, each with its reason.
import { parse } from 'yaml'
import { canonicalQuantity } from '../../../hooks/core/quantity.ts'
import { isMap } from '../../../hooks/core/plain-value.ts'
import { namesOf } from '../../../hooks/mlflow/names.ts'
import { nameOf, type Rendered } from '../chart/render.ts'

/** Whose an object is: helm and Metacontroller find theirs by it. Selectors go by none of them. */
const MANAGER = /^(helm\.sh\/|meta\.helm\.sh\/|app\.kubernetes\.io\/managed-by$)/

/** On the Deployment: what a migration remembers. Nobody remembers anything for a chart. */
const MEMORY = ['sluice.dev/state']

type Fields = Record<string, unknown>

/** By name of the object. */
export function comparable (objects: Rendered[]): Record<string, unknown> {
  return Object.fromEntries(objects.map((object) => [nameOf(object), amounts(unmanaged(object))] as const).toSorted(([a], [b]) => a < b ? -1 : 1))
}

/** Hooks of helm are no part of a release. */
export function chartObjects (objects: Rendered[]): Rendered[] {
  return objects.filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'] === undefined)
}

/**
 * What the hook asks for, with the volume claim that its Job makes in place of the Job and of the rights that this has. Jobs of migrations are left out: helm
 * has a hook for them.
 */
export function hookObjects (name: string, children: Rendered[]): Rendered[] {
  const { claimMaker } = namesOf(name)
  const isScaled = children.some(({ kind }) => kind === 'HorizontalPodAutoscaler')
  return children.flatMap((child) => {
    if (child.kind === 'Job') return claimOf(child)
    if (child.kind === 'Deployment' && isScaled) return [withoutReplicas(child)]
    return child.metadata.name === claimMaker ? [] : [child]
  })
}

/** The hook repeats what an autoscaler has asked for, which helm does not know and so leaves alone. */
function withoutReplicas (deployment: Rendered): Rendered {
  const { replicas: _, ...spec } = deployment['spec'] as Fields
  return { ...deployment, spec }
}

/** The claim in the environment of the Job that makes it; none in that of others. */
function claimOf (job: Rendered): Rendered[] {
  const { template } = job['spec'] as { template: { spec: { containers: Array<{ env?: Array<{ name: string, value?: string }> }> } } }
  const text = template.spec.containers[0]?.env?.find((variable) => variable.name === 'CLAIM')?.value
  return text === undefined ? [] : [JSON.parse(text) as Rendered]
}

/** What a migration Job of either does: all but its name, how long it is kept, what only the chart's script exits with, and labels by which only people look for it. */
export function comparableJob (job: Rendered | undefined): unknown {
  const { ttlSecondsAfterFinished: _kept, podFailurePolicy: _policy, template, ...spec } = (job?.['spec'] ?? {}) as Fields
  const { metadata, ...pod } = (template ?? {}) as { metadata?: { labels?: Record<string, string> } }
  const labels = without(metadata?.labels, (key) => key.startsWith('mlflow.opendatahub.io/'))
  return amounts({ ...spec, template: { ...pod, metadata: { labels } } })
}

/** The one Job that is a hook of helm. */
export function hookOfHelm (objects: Rendered[]): Rendered | undefined {
  return objects.find(({ metadata }) => metadata.annotations?.['helm.sh/hook'] !== undefined)
}

function unmanaged (object: Rendered): Rendered {
  const { labels, annotations, ...metadata } = object.metadata
  const notes = without(annotations, (key) => MANAGER.test(key) || MEMORY.includes(key))
  return { ...object, metadata: { ...metadata, labels: without(labels, (key) => MANAGER.test(key)), ...(Object.keys(notes).length > 0 && { annotations: notes }) } }
}

function without (texts: Record<string, string> = {}, isOut: (key: string) => boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).filter(([key]) => !isOut(key)))
}

/**
 * Fields whose texts differ though they mean the same. Amounts of resources: helm writes them as they are given, the API server and the hook in one form. A file of
 * YAML in a ConfigMap: the order of its lines.
 */
function amounts (value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => amounts(item))
  if (isMap(value)) return fields(value, key)
  return key === 'sizeLimit' || key === 'divisor' ? canonicalQuantity(value as string | number) : value
}

function fields (map: Fields, key: string): Fields {
  const each = (convert: (field: unknown, name: string) => unknown): Fields => Object.fromEntries(Object.entries(map).map(([name, field]) => [name, convert(field, name)]))
  switch (key) {
    case 'labels': return without(map as Record<string, string>, (name) => MANAGER.test(name))
    case 'data': return each((text) => parse(String(text)) as unknown)
    case 'requests': case 'limits': return each((amount) => canonicalQuantity(amount as string | number))
    default: return each(amounts)
  }
}
