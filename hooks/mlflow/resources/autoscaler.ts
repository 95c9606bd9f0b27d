// The HorizontalPodAutoscaler of an MLflow server. It does nothing while the Deployment is at 0, as during a migration.
import type { Child } from '../../core/request.ts'
import { AUTOSCALER, DEPLOYMENT } from '../children.ts'
import { namesOf } from '../names.ts'
import { namespacedMetadata, type Request } from '../place.ts'

/** Undefined where the spec says how many pods there are. */
export function makeAutoscaler (request: Request): Child | undefined {
  const { metadata, spec: { autoscaling } } = request.parent
  if (!autoscaling) return undefined
  const { minReplicas, maxReplicas, targetCPUUtilization } = autoscaling
  const { server } = namesOf(metadata.name)
  const { apiVersion, kind } = AUTOSCALER
  return {
    apiVersion,
    kind,
    metadata: namespacedMetadata(request, server),
    spec: {
      scaleTargetRef: { apiVersion: DEPLOYMENT.apiVersion, kind: DEPLOYMENT.kind, name: server },
      minReplicas,
      // The API server refuses less; what it let in unchecked is put right.
      maxReplicas: Math.max(minReplicas, maxReplicas),
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: targetCPUUtilization } } }]
    }
  }
}
