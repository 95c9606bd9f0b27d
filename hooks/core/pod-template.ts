// Pod templates: as they are sent, and as they are read back from the objects that were made of them.
import { deploymentState } from './deployment-state.ts'
import { UnprocessableError } from './kind.ts'
import { isMap, isSendable, withoutEmpty } from './plain-value.ts'
import type { KubeObject } from './request.ts'

/** A pod template as it is sent. */
export type Template = { metadata: Record<string, unknown>, spec: { containers: Array<Record<string, unknown>>, [field: string]: unknown } }

/** The template of a Deployment or Job as it is observed, in a form that may be sent: the server's defaults in it change nothing. Undefined where there is none. */
export function readTemplate (object: KubeObject): Template | undefined {
  const found: unknown = isMap(object.spec) ? object.spec.template : undefined
  if (!isMap(found) || !isMap(found.spec)) return undefined
  const template = withoutEmpty(withoutNulls({ metadata: metadataOf(object, found), spec: found.spec }) as Record<string, unknown>)
  const { metadata, spec } = template
  return isMap(metadata) && isMap(spec) && Array.isArray(spec.containers) && spec.containers.every(isMap) && isSendable(template) ? template as Template : undefined
}

/**
 * Refuses to decide about a Deployment of which nothing is known: it could only be left out, and its pods with it. Without pods that answer there is nothing to
 * lose.
 */
export function refuseToDrop (deployment: KubeObject): void {
  if ((deploymentState(deployment)?.available ?? 0) === 0) return
  const { name } = deployment.metadata
  throw new UnprocessableError(`Deployment ${name} has pods that answer, has lost its annotation sluice.dev/state, and its pod template cannot be read back; put the annotation back, or delete the Deployment, which ends its pods, to have it made again`)
}

/** Labels that are gone are those that the pods are selected by: no others can be. */
function metadataOf ({ spec }: KubeObject, { metadata }: Record<string, unknown>): Record<string, unknown> {
  const { labels, annotations } = isMap(metadata) ? metadata : {}
  const selector: unknown = isMap(spec) && isMap(spec.selector) ? spec.selector.matchLabels : undefined
  return { labels: labels ?? selector, annotations }
}

/** Nulls say nothing, and must not be sent. */
function withoutNulls (value: unknown): unknown {
  if (Array.isArray(value)) return value.filter(isSomething).map(withoutNulls)
  if (!isMap(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([, field]) => isSomething(field)).map(([key, field]) => [key, withoutNulls(field)]))
}

function isSomething (value: unknown): boolean {
  return value !== null && value !== undefined
}
