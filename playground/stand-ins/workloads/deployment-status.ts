// What the Deployment controller says of a Deployment, pure: counts of its pods, whether enough of them answer, and whether a change gets on.
import type { KubeObject } from '../../api-server/kube-object.ts'
import { timestamp } from '../../api-server/operations.ts'
import { findCondition, withCondition, type Condition, type ReplicaSet, type Template } from './objects.ts'

type Amount = number | string

export interface DeploymentStatus {
  observedGeneration?: number
  replicas?: number
  updatedReplicas?: number
  readyReplicas?: number
  availableReplicas?: number
  unavailableReplicas?: number
  /** Those that are on their way out; told since Kubernetes 1.35, also when there are none. */
  terminatingReplicas?: number
  conditions?: Condition[]
}

export interface Deployment extends KubeObject {
  spec: {
    replicas: number
    selector: { matchLabels: Record<string, string> }
    strategy: { type: string, rollingUpdate?: { maxSurge: Amount, maxUnavailable: Amount } }
    progressDeadlineSeconds: number
    revisionHistoryLimit: number
    template: Template
  }
  status?: DeploymentStatus
}

/** How many pods these are to have. */
export function asked (sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, { spec }) => sum + spec.replicas, 0)
}

/** Pods beyond the number asked for, and missing ones, that a change may bring about. Shares are rounded up and down; never are both 0. */
export function allowances ({ spec: { replicas, strategy } }: Deployment): { surge: number, unavailable: number } {
  const { maxSurge = '25%', maxUnavailable = '25%' } = strategy.rollingUpdate ?? {}
  const surge = amountOf(maxSurge, replicas, Math.ceil)
  const unavailable = amountOf(maxUnavailable, replicas, Math.floor)
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable }
}

function amountOf (value: Amount, replicas: number, round: (value: number) => number): number {
  return typeof value === 'number' ? value : round(Number(value.replace('%', '')) * replicas / 100)
}

/** A condition of this instant, `now` in milliseconds. */
export function condition (type: string, status: Condition['status'], { reason, message, now }: { reason: string, message: string, now: number }): Condition {
  return { type, status, reason, message, lastUpdateTime: timestamp(now), lastTransitionTime: timestamp(now) }
}

interface View { current: ReplicaSet, old: readonly ReplicaSet[], now: number }

/** The status, and when it changes without a change of a pod, in milliseconds. */
export function reportOn (deployment: Deployment, { current, old, now }: View): { status: DeploymentStatus, next?: number } {
  const sum = (field: 'replicas' | 'readyReplicas' | 'availableReplicas' | 'terminatingReplicas', sets: readonly ReplicaSet[]): number => sets.reduce((total, { status }) => total + (status?.[field] ?? 0), 0)
  const all = [...old, current]
  const available = sum('availableReplicas', all)
  const missing = Math.max(0, asked(all) - available)
  const counts = {
    replicas: sum('replicas', all), updatedReplicas: sum('replicas', [current]), readyReplicas: sum('readyReplicas', all), availableReplicas: available, unavailableReplicas: missing
  }
  const before = deployment.status?.conditions ?? []
  const enough = available >= deployment.spec.replicas - allowances(deployment).unavailable
  const words = enough ? { reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.' } : { reason: 'MinimumReplicasUnavailable', message: 'Deployment does not have minimum availability.' }
  const conditions = withNews(before, condition('Available', enough ? 'True' : 'False', { ...words, now }))
  // As Go leaves zeros out.
  const given = Object.fromEntries(Object.entries(counts).filter(([, value]) => value !== 0))
  const status = { observedGeneration: deployment.metadata.generation ?? 1, ...given, terminatingReplicas: sum('terminatingReplicas', all), conditions }
  return withProgress(deployment, status, { current, now })
}

/** The same status and reason are no news, and change nothing. */
export function withNews (conditions: readonly Condition[], next: Condition): Condition[] {
  const before = findCondition(conditions, next.type)
  return before?.status === next.status && before.reason === next.reason ? [...conditions] : withCondition(conditions, next)
}

/** A change that has come to its end once stays so, whatever becomes of the pods. */
function withProgress (deployment: Deployment, status: DeploymentStatus, { current, now }: Omit<View, 'old'>): { status: DeploymentStatus, next?: number } {
  const { conditions = [], replicas, updatedReplicas } = status
  const before = findCondition(conditions, 'Progressing')
  if (before?.reason === 'NewReplicaSetAvailable' && replicas === updatedReplicas) return { status }
  const make = (value: Condition['status'], reason: string, what: string): Condition => condition('Progressing', value, { reason, message: `ReplicaSet "${current.metadata.name}" ${what}`, now })
  if (isComplete(deployment, status)) return { status: { ...status, conditions: withNews(conditions, make('True', 'NewReplicaSetAvailable', 'has successfully progressed.')) } }
  const patience = deployment.spec.progressDeadlineSeconds * 1000
  if (hasProgressed(deployment.status, status)) {
    return { status: { ...status, conditions: withCondition(conditions, make('True', 'ReplicaSetUpdated', 'is progressing.')) }, next: now + patience + 1000 }
  }
  if (!isWaitedFor(before)) return { status }
  const end = Date.parse(before.lastUpdateTime ?? '') + patience
  if (now <= end) return { status, next: end + 1000 }
  return { status: { ...status, conditions: withNews(conditions, make('False', 'ProgressDeadlineExceeded', 'has timed out progressing.')) } }
}

/** Neither at its end nor given up. */
function isWaitedFor (progressing: Condition | undefined): progressing is Condition {
  return progressing !== undefined && progressing.reason !== 'NewReplicaSetAvailable' && progressing.reason !== 'ProgressDeadlineExceeded'
}

/** All pods are of the newest template and answer, and none is left of another. */
export function isComplete ({ spec: { replicas }, metadata }: Deployment, { updatedReplicas = 0, replicas: all = 0, availableReplicas = 0, observedGeneration = 0 }: DeploymentStatus): boolean {
  return updatedReplicas === replicas && all === replicas && availableReplicas === replicas && observedGeneration >= (metadata.generation ?? 1)
}

/** More pods of the newest template, fewer of others, or more that answer. */
function hasProgressed (before: DeploymentStatus = {}, after: DeploymentStatus = {}): boolean {
  const old = ({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus): number => replicas - updatedReplicas
  const more = (field: 'updatedReplicas' | 'readyReplicas' | 'availableReplicas'): boolean => (after[field] ?? 0) > (before[field] ?? 0)
  return old(after) < old(before) || more('updatedReplicas') || more('readyReplicas') || more('availableReplicas')
}
