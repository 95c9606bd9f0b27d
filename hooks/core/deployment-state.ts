// What a Deployment's status says of its pods, and of its change to a new template.
import { conditionOf } from './job-state.ts'
import { isMap } from './plain-value.ts'
import type { KubeObject } from './request.ts'

export type DeploymentState = {
  /** The controller has seen the newest template: what is said below is about it. */
  observed: boolean
  /** Pods asked for, of the newest template, and such that answer (of any template). */
  replicas: number
  updated: number
  available: number
  /** Pods of an older template are still there. */
  old: number
  /** All pods are of the newest template and answer, and none is left of another. */
  complete: boolean
  /** A sentence of Kubernetes when the change does not get on: pods do not become ready in time, or cannot be made at all. */
  stuck?: string
}

/** Undefined for a Deployment that is absent or being deleted. */
export function deploymentState (deployment: KubeObject | undefined): DeploymentState | undefined {
  if (!deployment || deployment.metadata.deletionTimestamp !== undefined) return undefined
  const status = isMap(deployment.status) ? deployment.status : {}
  const observed = count(status.observedGeneration) >= (deployment.metadata.generation ?? 1)
  const replicas = replicasOf(deployment)
  const [all, updated, available] = [count(status.replicas), count(status.updatedReplicas), count(status.availableReplicas)]
  const old = Math.max(0, all - updated)
  const stuck = observed ? trouble(deployment) : undefined
  const complete = observed && updated >= replicas && available >= replicas && old === 0
  return { observed, replicas, updated, available, old, complete, ...(stuck !== undefined && { stuck }) }
}

/** The number asked for; the API server's default where none is, or none that it would take. */
export function replicasOf ({ spec }: KubeObject): number {
  return isMap(spec) && isCount(spec.replicas) ? spec.replicas : 1
}

function trouble (deployment: KubeObject): string | undefined {
  const failure = conditionOf(deployment, 'ReplicaFailure') ?? lateness(deployment)
  return failure && (failure.message || failure.reason)
}

function lateness (deployment: KubeObject): ReturnType<typeof conditionOf> {
  const late = conditionOf(deployment, 'Progressing', 'False')
  return late?.reason === 'ProgressDeadlineExceeded' ? late : undefined
}

/** What Kubernetes' own integer holds; nothing that is larger was written by its controllers. */
const MOST_PODS = 2 ** 31 - 1

function count (value: unknown): number {
  return isCount(value) ? value : 0
}

function isCount (value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MOST_PODS
}
