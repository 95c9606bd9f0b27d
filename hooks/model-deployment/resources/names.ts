// The children of a ModelDeployment and their names. All that belongs to one version carries its id, and is never made anew for another.
import type { ChildResource } from '../../core/kind.ts'
import { suffixedName } from '../../core/names.ts'

export const JOB = { apiVersion: 'batch/v1', kind: 'Job', resource: 'jobs', method: 'OnDelete' } as const satisfies ChildResource
export const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment', resource: 'deployments', method: 'InPlace' } as const satisfies ChildResource
export const SERVICE = { apiVersion: 'v1', kind: 'Service', resource: 'services', method: 'InPlace' } as const satisfies ChildResource
export const AUTOSCALER = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', resource: 'horizontalpodautoscalers', method: 'InPlace' } as const satisfies ChildResource

export const CHILDREN: ChildResource[] = [JOB, DEPLOYMENT, SERVICE, AUTOSCALER]

export function jobName (name: string, id: string): string {
  return suffixedName(name, `validate-${id}`)
}

/** Of the Deployment, and of what scales it. */
export function deploymentName (name: string, id: string): string {
  return suffixedName(name, id)
}

export function serviceName (name: string): string {
  return suffixedName(name, 'service')
}
