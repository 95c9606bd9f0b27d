// A SeldonDeployment as it is observed. Its fields are the operator's and everybody's: what does not have the shape it should is as if it were not there.
import { isMap } from '../core/plain-value.ts'
import type { KubeObject } from '../core/request.ts'
import { parseInstant } from '../core/time.ts'

export type Predictor = { name: string, traffic?: number, shadow: boolean, annotations: Record<string, unknown>, modelUri: string }

/** Counts of pods of one Deployment. */
type Pods = { replicas: number, availableReplicas: number }

export type SeldonStatus = {
  state: string
  description: string
  /** Names of all that the operator reports on. */
  parts: string[]
  /** By name of the Deployment. */
  podsOf: (deployment: string) => Pods | undefined
  /** An instant that is none is empty. */
  conditions: Array<{ type: string, status: string, reason: string, lastTransitionTime: string }>
}

/** The predictors in observed order. */
export function readPredictors (object: KubeObject | undefined): Predictor[] {
  return mapsIn(mapOf(object?.spec).predictors).map(({ name, traffic, shadow, annotations, graph }) => ({
    name: textOf(name),
    ...(typeof traffic === 'number' && { traffic }),
    shadow: shadow === true,
    annotations: mapOf(annotations),
    modelUri: textOf(mapOf(graph).modelUri)
  }))
}

/** The value of an annotation of a predictor, if it is a text. */
export function annotationOf ({ annotations }: Predictor, key: string): string | undefined {
  const value = Object.hasOwn(annotations, key) ? annotations[key] : undefined
  return typeof value === 'string' ? value : undefined
}

/** What the operator reports. */
export function readSeldonStatus (object: KubeObject): SeldonStatus {
  const status = mapOf(object.status)
  const deployments = mapOf(status.deploymentStatus)
  return {
    state: textOf(status.state),
    description: textOf(status.description),
    parts: [...Object.keys(deployments), ...Object.keys(mapOf(status.serviceStatus))],
    podsOf: (deployment) => Object.hasOwn(deployments, deployment) && isMap(deployments[deployment]) ? readPods(deployments[deployment]) : undefined,
    conditions: mapsIn(status.conditions).map(({ type, status, reason, lastTransitionTime }) => ({
      type: textOf(type),
      status: textOf(status),
      reason: textOf(reason),
      lastTransitionTime: parseInstant(lastTransitionTime) === undefined ? '' : textOf(lastTransitionTime)
    }))
  }
}

/** Go leaves out what is zero. Anything else that is no count says nothing: then no pod is known to answer. */
function readPods ({ replicas = 0, availableReplicas = 0 }: Record<string, unknown>): Pods {
  return isCount(replicas) && isCount(availableReplicas) ? { replicas, availableReplicas } : { replicas: 0, availableReplicas: 0 }
}

function mapOf (value: unknown): Record<string, unknown> {
  return isMap(value) ? value : {}
}

function mapsIn (value: unknown): Array<Record<string, unknown>> {
  return Array.isArray(value) ? value.filter(isMap) : []
}

function textOf (value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function isCount (value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}
