// How many pods a version is to have, and whether that is ours to say. An autoscaler, or a person with kubectl scale, owns the number where the spec has none.
import { replicasOf } from '../core/deployment-state.ts'
import { observedReplicas } from '../core/replicas.ts'
import type { KubeObject } from '../core/request.ts'
import type { Memory } from './memory.ts'
import type { Spec } from './schema.ts'

/** The number that the spec fixes; undefined: whoever scales decides. */
export function fixedReplicas ({ autoscale, replicas }: Spec, { autoscaledFrom }: Memory): number | undefined {
  return autoscale || replicas === autoscaledFrom ? undefined : replicas
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
