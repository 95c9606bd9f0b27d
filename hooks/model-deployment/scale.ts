// How many pods a version is to have, and whether that is ours to say. An autoscaler, or a person with kubectl scale, owns the number where the spec has none.
import { replicasOf } from '../core/deployment-state.ts'
import { isMap } from '../core/plain-value.ts'
import type { KubeObject } from '../core/request.ts'
import type { Memory } from './memory.ts'
import type { Spec } from './schema.ts'

/** Metacontroller's in its default mode. In the other, server-side apply, there is none. */
const LAST_APPLIED = 'metacontroller.k8s.io/last-applied-configuration'

/** The number that the spec fixes; undefined: whoever scales decides. */
export function fixedReplicas ({ autoscale, replicas }: Spec, { autoscaledFrom }: Memory): number | undefined {
  return autoscale || replicas === autoscaledFrom ? undefined : replicas
}

/**
 * What to write into a Deployment that is there, where nobody of ours decides: what it has, for a field that is left out after it was written falls back to 1.
 * Under server-side apply it is left to its owner as soon as it has another: written, it would be taken from him.
 */
export function observedReplicas (deployment: KubeObject): number | undefined {
  return isOthers(deployment) ? undefined : replicasOf(deployment)
}

/** What a version must have before it may answer: as many as the one that does, as far as the autoscaler may go, or what the spec begins with. */
export function neededReplicas ({ autoscale, autoscaling: { minReplicas, maxReplicas }, replicas }: Spec, active: KubeObject | undefined): number {
  if (!active) return autoscale ? minReplicas : replicas ?? 1
  const most = autoscale ? Math.max(minReplicas, maxReplicas) : Infinity
  return Math.max(1, Math.min(replicasOf(active), most))
}

/** What to write into a Deployment that nobody scales, for no autoscaler looks at it: it grows with what is needed, and is not made smaller. */
export function heldReplicas (deployment: KubeObject, needed: number): number | undefined {
  return replicasOf(deployment) < needed ? needed : observedReplicas(deployment)
}

function isOthers ({ metadata: { annotations, managedFields = [] } }: KubeObject): boolean {
  if (annotations?.[LAST_APPLIED] !== undefined) return false
  const applied = managedFields.filter(({ operation }) => operation === 'Apply')
  return applied.length > 0 && !applied.some(({ fieldsV1 }) => isMap(fieldsV1) && isMap(fieldsV1['f:spec']) && 'f:replicas' in fieldsV1['f:spec'])
}
