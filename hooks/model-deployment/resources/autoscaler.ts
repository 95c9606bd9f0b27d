// The HorizontalPodAutoscaler of the version that answers. Others have no traffic to be scaled by.
import { childMetadata } from '../../core/child-metadata.ts'
import { VERSION_LABEL } from '../../core/labels.ts'
import { withoutEmpty } from '../../core/plain-value.ts'
import type { Child } from '../../core/request.ts'
import type { Version } from '../schema/status.ts'
import type { Request } from '../wanted.ts'
import { AUTOSCALER, DEPLOYMENT, deploymentName } from './names.ts'

export function makeAutoscaler ({ parent }: Request, { id }: Version): Child {
  const { metadata, spec: { autoscaling } } = parent
  const { minReplicas, maxReplicas, behavior } = autoscaling
  const name = deploymentName(metadata.name, id)
  const { apiVersion, kind } = AUTOSCALER
  const limits = withoutEmpty({ behavior: behavior ?? {} })
  return {
    apiVersion,
    kind,
    metadata: childMetadata(parent, name, { labels: { [VERSION_LABEL]: id } }),
    spec: {
      scaleTargetRef: { apiVersion: DEPLOYMENT.apiVersion, kind: DEPLOYMENT.kind, name },
      minReplicas,
      // The API server refuses less; what it let in unchecked is put right.
      maxReplicas: Math.max(minReplicas, maxReplicas),
      metrics: metricsOf(autoscaling),
      ...limits
    }
  }
}

function metricsOf ({ targetCPUUtilization: cpu, targetMemoryUtilization: memory }: Request['parent']['spec']['autoscaling']): object[] {
  const aims = Object.entries({ cpu, memory }).filter(([, percent]) => percent > 0)
  const [first = ['cpu', 80] as const, ...others] = aims
  return [first, ...others].map(([name, averageUtilization]) => ({ type: 'Resource', resource: { name, target: { type: 'Utilization', averageUtilization } } }))
}
