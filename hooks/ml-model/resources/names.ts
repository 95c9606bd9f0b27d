// The children of an MLModel and their names.
import type { ChildResource } from '../../core/kind.ts'
import { suffixedName } from '../../core/names.ts'

export const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment', resource: 'deployments', method: 'InPlace' } as const satisfies ChildResource
export const JOB = { apiVersion: 'batch/v1', kind: 'Job', resource: 'jobs', method: 'OnDelete' } as const satisfies ChildResource
export const VOLUME = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', resource: 'persistentvolumeclaims', method: 'InPlace' } as const satisfies ChildResource
export const SERVICE = { apiVersion: 'v1', kind: 'Service', resource: 'services', method: 'InPlace' } as const satisfies ChildResource

/** In the order in which each needs the one before it. */
export const CHILDREN: ChildResource[] = [VOLUME, JOB, DEPLOYMENT, SERVICE]

/** Deployment and Service: both are the one thing that serves. */
export function serverName (name: string): string {
  return suffixedName(name, 'model')
}

export function volumeName (name: string, key: string): string {
  return suffixedName(name, `model-${key}`)
}

export function jobName (name: string, key: string): string {
  return suffixedName(name, `download-${key}`)
}
