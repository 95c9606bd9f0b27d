// The SeldonDeployment as the tests of the loop read it: shares, memory, and which versions are ready by what its operator says.
import deepEqual from 'fast-deep-equal'
import { STATE_ANNOTATION } from '../../../hooks/core/labels.ts'
import { predictorName } from '../../../hooks/core/names.ts'
import type { Memory, Version } from '../../../hooks/mlflow-model/schema/status.ts'
import type { KubeObject } from '../../../playground/api-server/kube-object.ts'

export type Shares = Record<string, number>

type Predictor = { name: string, traffic?: number, replicas?: number }
type ServingSpec = { predictors: Predictor[] }
type ServingStatus = { state?: string, deploymentStatus?: Record<string, { replicas?: number, availableReplicas?: number }> }

/** What the object asks for, by predictor. */
export function sharesOf (object: KubeObject): Shares {
  const { predictors } = object.spec as ServingSpec
  return Object.fromEntries(predictors.map(({ name, traffic }) => [name, traffic ?? (predictors.length === 1 ? 100 : 0)]))
}

/** The memory in the annotation, if it is there and readable. */
export function memoryOf (object: KubeObject | undefined): Memory | undefined {
  const text = object?.metadata.annotations?.[STATE_ANNOTATION]
  try {
    return text === undefined ? undefined : JSON.parse(text) as Memory
  } catch {
    return undefined
  }
}

/** What this memory wants, by predictor. */
export function wantedBy ({ stable, previous, canary, rollout, traffic }: Memory): Shares {
  return {
    ...(stable && { [predictorName(stable)]: traffic?.stable ?? 100 }),
    ...(previous && { [predictorName(previous)]: 0 }),
    ...(canary && rollout?.present && { [predictorName(canary)]: traffic?.canary ?? 0 })
  }
}

/** Whether the operator's status says that all pods of this version are available. */
export function isReported (object: KubeObject, version: Version): boolean {
  const { deploymentStatus = {} } = (object.status ?? {}) as ServingStatus
  const { replicas = 0, availableReplicas = 0 } = deploymentStatus[`${object.metadata.name}-${predictorName(version)}-0-model`] ?? {}
  return availableReplicas > 0 && availableReplicas >= replicas
}

/** `v2-x3k9a0` → `2`. */
export function versionOf (predictor: string): string {
  return predictor.slice(1, predictor.indexOf('-'))
}

/** Shares by version number, as tests write them. */
export function byVersion (shares: Readonly<Shares>): Shares {
  return Object.fromEntries(Object.entries(shares).map(([name, share]) => [versionOf(name), share]))
}

/** Whether two states of one object differ in nothing but traffic, the list of predictors, and (if `scaled`) the number of pods. */
export function sameButTraffic (before: KubeObject, after: KubeObject, scaled: boolean): boolean {
  const common = new Set(Object.keys(sharesOf(before)).filter((name) => Object.hasOwn(sharesOf(after), name)))
  const rest = (object: KubeObject) => {
    const { predictors, ...spec } = object.spec as ServingSpec
    const kept = predictors.filter(({ name }) => common.has(name)).map(({ traffic: _traffic, replicas, ...predictor }) => scaled ? predictor : { ...predictor, replicas })
    return { spec, kept, labels: object.metadata.labels, owners: object.metadata.ownerReferences }
  }
  return deepEqual(rest(before), rest(after))
}
