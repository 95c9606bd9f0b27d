// How many pods a Deployment that is there keeps, where the number is not ours to say: an autoscaler's, or that of a person with kubectl scale.
import { replicasOf } from './deployment-state.ts'
import { hasLastApplied } from './last-applied.ts'
import { isMap } from './plain-value.ts'
import type { KubeObject } from './request.ts'

/**
 * What to write into a Deployment that is there, where nobody of ours decides: what it has, for a field that is left out after it was written falls back to 1.
 * Under server-side apply it is left to its owner as soon as it has another: written, it would be taken from him.
 */
export function observedReplicas (deployment: KubeObject): number | undefined {
  return isOthers(deployment) ? undefined : replicasOf(deployment)
}

function isOthers (deployment: KubeObject): boolean {
  if (hasLastApplied(deployment)) return false
  const { managedFields = [] } = deployment.metadata
  const applied = managedFields.filter(({ operation }) => operation === 'Apply')
  return applied.length > 0 && !applied.some(({ fieldsV1 }) => isMap(fieldsV1) && isMap(fieldsV1['f:spec']) && 'f:replicas' in fieldsV1['f:spec'])
}
