// How many pods a Deployment that is there keeps, where the number is not ours to say: an autoscaler's, or that of a person with kubectl scale.
import { replicasOf } from './deployment-state.ts'
import { isMap } from './plain-value.ts'
import type { KubeObject } from './request.ts'

/** Metacontroller's in its default mode. In the other, server-side apply, there is none. */
const LAST_APPLIED = 'metacontroller.k8s.io/last-applied-configuration'

/**
 * What to write into a Deployment that is there, where nobody of ours decides: what it has, for a field that is left out after it was written falls back to 1.
 * Under server-side apply it is left to its owner as soon as it has another: written, it would be taken from him.
 */
export function observedReplicas (deployment: KubeObject): number | undefined {
  return isOthers(deployment) ? undefined : replicasOf(deployment)
}

function isOthers ({ metadata: { annotations, managedFields = [] } }: KubeObject): boolean {
  if (annotations?.[LAST_APPLIED] !== undefined) return false
  const applied = managedFields.filter(({ operation }) => operation === 'Apply')
  return applied.length > 0 && !applied.some(({ fieldsV1 }) => isMap(fieldsV1) && isMap(fieldsV1['f:spec']) && 'f:replicas' in fieldsV1['f:spec'])
}
