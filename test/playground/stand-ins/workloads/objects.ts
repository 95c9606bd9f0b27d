// Jobs, Deployments, ReplicaSets and pods as the tables of this folder need them.
import type { KubeObject } from '../../../../playground/api-server/kube-object.ts'
import { timestamp } from '../../../../playground/api-server/operations.ts'
import type { Deployment, DeploymentStatus } from '../../../../playground/stand-ins/workloads/deployment-status.ts'
import { REVISION_ANNOTATION } from '../../../../playground/stand-ins/workloads/deployment.ts'
import { TRACKING_FINALIZER, type Job, type JobStatus } from '../../../../playground/stand-ins/workloads/job.ts'
import { ownerReference, type Condition, type Pod, type ReplicaSet, type Template } from '../../../../playground/stand-ins/workloads/objects.ts'

export const START = Date.parse('2026-11-21T12:00:00Z')
export const at = (seconds: number): string => timestamp(START + seconds * 1000)

const meta = (name: string): KubeObject['metadata'] => ({ name, namespace: 'models', uid: `uid-of-${name}`, generation: 1, creationTimestamp: at(0) })
const template = (image: string): Template => ({ metadata: { labels: { app: 'm' } }, spec: { restartPolicy: 'Always', containers: [{ name: 'server', image }] } })

/** As the hooks make them. */
const POLICY = {
  rules: [
    { action: 'FailJob' as const, onExitCodes: { containerName: 'download', operator: 'In' as const, values: [42] } },
    { action: 'Ignore' as const, onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }
  ]
}

export function job (status: JobStatus = {}, spec: Partial<Job['spec']> = {}): Job {
  return {
    apiVersion: 'batch/v1', kind: 'Job', metadata: meta('fetch'), status,
    spec: { backoffLimit: 3, parallelism: 1, completions: 1, podFailurePolicy: POLICY, activeDeadlineSeconds: 3600, template: { spec: { restartPolicy: 'Never', containers: [{ name: 'download', image: 'sluice' }] } }, ...spec }
  }
}

type PodParts = { exitCode?: number, endedAt?: number, isCounted?: boolean, isLeaving?: boolean, conditions?: Condition[] }

/** A pod of the Job. One that has been counted already has no finalizer. */
export function jobPod (phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed', parts: PodParts = {}): Pod {
  const { exitCode, endedAt, isCounted, isLeaving, conditions } = { exitCode: 0, endedAt: 10, isCounted: false, isLeaving: false, conditions: [], ...parts }
  const isOver = phase === 'Succeeded' || phase === 'Failed'
  const state = isOver ? { terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt: at(0), finishedAt: at(endedAt) } } : {}
  const metadata = { ...meta('fetch-x7k2p'), ownerReferences: [ownerReference(job())], ...(!isCounted && { finalizers: [TRACKING_FINALIZER] }), ...(isLeaving && { deletionTimestamp: at(9) }) }
  const containerStatuses = [{ name: 'download', image: 'sluice', imageID: '', state, lastState: {}, ready: false, started: false, restartCount: 0 }]
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: job().spec.template.spec, status: { phase, conditions, containerStatuses } }
}

export function deployment (image: string, { replicas = 1, status = {}, generation = 1, limit = 0 }: { replicas?: number, status?: DeploymentStatus, generation?: number, limit?: number } = {}): Deployment {
  return {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { ...meta('m'), generation }, status,
    spec: { replicas, selector: { matchLabels: { app: 'm' } }, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }, progressDeadlineSeconds: 60, revisionHistoryLimit: limit, template: template(image) }
  }
}

/** `answering` of `replicas` pods are ready. */
export function replicaSet (image: string, { revision, replicas, pods = replicas, answering = pods }: { revision: number, replicas: number, pods?: number, answering?: number }): ReplicaSet {
  const { spec } = template(image)
  return {
    apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { ...meta(`m-${image}`), annotations: { [REVISION_ANNOTATION]: String(revision) } },
    spec: { replicas, selector: { matchLabels: { 'pod-template-hash': image } }, template: { metadata: { labels: { app: 'm', 'pod-template-hash': image } }, spec } },
    status: { replicas: pods, fullyLabeledReplicas: pods, readyReplicas: answering, availableReplicas: answering, observedGeneration: 1 }
  }
}

export function progressing (reason: string, seconds: number, status: Condition['status'] = 'True'): Condition {
  return { type: 'Progressing', status, reason, message: '', lastUpdateTime: at(seconds), lastTransitionTime: at(0) }
}
