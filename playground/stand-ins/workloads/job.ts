// One sync of the Job controller, pure: from a Job and its pods to its status, and to pods that are to be made or to go.
// Reasons, messages and numbers are those of Kubernetes 1.35.
import type { KubeObject } from '../../api-server/kube-object.ts'
import { timestamp } from '../../api-server/operations.ts'
import { findCondition, isActive, isReady, makePod, withCondition, type Condition, type ContainerStatus, type Pod, type Template } from './objects.ts'

export interface Rule {
  action: 'FailJob' | 'Ignore' | 'Count' | 'FailIndex'
  onExitCodes?: { containerName?: string, operator: 'In' | 'NotIn', values: number[] }
  onPodConditions?: Array<{ type: string, status: string }>
}

export interface JobStatus {
  startTime?: string
  completionTime?: string
  active?: number
  ready?: number
  terminating?: number
  succeeded?: number
  failed?: number
  conditions?: Condition[]
}

export interface Job extends KubeObject {
  spec: { backoffLimit: number, parallelism: number, completions: number, activeDeadlineSeconds?: number, ttlSecondsAfterFinished?: number, podFailurePolicy?: { rules: Rule[] }, template: Template }
  status?: JobStatus
}

export interface JobSync {
  status: JobStatus
  /** Pods to be made. */
  create: number
  /** Pods to be deleted. */
  remove: Pod[]
  /** Pods that have been counted, and may go when somebody deletes them. */
  release: Pod[]
  /** When it is to be looked at again, in milliseconds, if nothing happens until then. */
  next?: number
}

/** Held by every pod of a Job until it is counted. */
export const TRACKING_FINALIZER = 'batch.kubernetes.io/job-tracking'

const BACKOFF = { first: 10_000, longest: 600_000 }

/** The pod of a Job, with the labels by which people find it. */
export function makeJobPod (job: Job): KubeObject {
  const { name, uid = '' } = job.metadata
  const labels = { 'job-name': name, 'batch.kubernetes.io/job-name': name, 'controller-uid': uid, 'batch.kubernetes.io/controller-uid': uid }
  return makePod(job, job.spec.template, { labels, finalizers: [TRACKING_FINALIZER] })
}

/** One sync. `pods` are all that the Job controls, `now` is in milliseconds. */
export function syncJob (job: Job, pods: readonly Pod[], now: number): JobSync {
  const before = job.status ?? {}
  if (isFinished(before)) return { status: before, create: 0, remove: [], release: pods.filter(isTracked) }
  const counted = count(job, pods)
  const active = pods.filter(isActive)
  const terminating = pods.filter(({ metadata, status }) => metadata.deletionTimestamp !== undefined && status?.phase !== 'Failed' && status?.phase !== 'Succeeded')
  const status: JobStatus = {
    ...before,
    startTime: before.startTime ?? timestamp(now),
    active: active.length,
    ready: active.filter(isReady).length,
    terminating: terminating.length,
    ...(counted.succeeded > 0 && { succeeded: counted.succeeded }),
    ...(counted.failed > 0 && { failed: counted.failed })
  }
  const sync = { status, create: 0, remove: [], release: pods.filter((pod) => isTracked(pod) && isDone(pod)) }
  const failure = findFailure(job, status, pods, now)
  if (failure) return { ...sync, status: withFailure(status, failure, { running: active.length + terminating.length, now }), remove: active }
  return manage(job, sync, { active: active.length, terminating: terminating.length, pods, now })
}

function isFinished ({ conditions }: JobStatus): boolean {
  return ['Complete', 'Failed'].some((type) => findCondition(conditions, type)?.status === 'True')
}

function isTracked ({ metadata: { finalizers = [] } }: Pod): boolean {
  return finalizers.includes(TRACKING_FINALIZER)
}

function isDone ({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed'
}

/** Pods that have been released were counted before, and may be gone. */
function count ({ spec, status = {} }: Job, pods: readonly Pod[]): { succeeded: number, failed: number } {
  const fresh = pods.filter(isTracked)
  const failed = fresh.filter((pod) => pod.status?.phase === 'Failed' && findRule(spec.podFailurePolicy?.rules, pod)?.rule.action !== 'Ignore')
  return { succeeded: (status.succeeded ?? 0) + fresh.filter((pod) => pod.status?.phase === 'Succeeded').length, failed: (status.failed ?? 0) + failed.length }
}

type Reason = Pick<Condition, 'reason' | 'message'>

function findFailure (job: Job, { conditions, failed = 0, startTime = '' }: JobStatus, pods: readonly Pod[], now: number): Reason | undefined {
  const target = findCondition(conditions, 'FailureTarget')
  if (target) return target
  const message = policyFailure(job, pods)
  if (message !== undefined) return { reason: 'PodFailurePolicy', message }
  if (failed > job.spec.backoffLimit) return { reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' }
  const deadline = deadlineOf(job, startTime)
  return now >= deadline ? { reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' } : undefined
}

function deadlineOf ({ spec: { activeDeadlineSeconds = Infinity } }: Job, startTime: string): number {
  return Date.parse(startTime) + activeDeadlineSeconds * 1000
}

function policyFailure ({ spec: { podFailurePolicy } }: Job, pods: readonly Pod[]): string | undefined {
  for (const pod of pods.filter(({ status }) => status?.phase === 'Failed')) {
    const found = findRule(podFailurePolicy?.rules, pod)
    if (found?.rule.action === 'FailJob') return found.message
  }
  return undefined
}

/** The first rule that a failed pod meets, and the words for it. */
function findRule (rules: readonly Rule[] = [], pod: Pod): { rule: Rule, message: string } | undefined {
  const { namespace = '', name } = pod.metadata
  for (const [index, rule] of rules.entries()) {
    const container = rule.onExitCodes && containerMeeting(rule.onExitCodes, pod)
    if (container) return { rule, message: `Container ${container.name} for pod ${namespace}/${name} failed with exit code ${container.state.terminated?.exitCode} matching ${rule.action} rule at index ${index}` }
    const condition = rule.onPodConditions?.find(({ type, status }) => findCondition(pod.status?.conditions, type)?.status === status)
    if (condition) return { rule, message: `Pod ${namespace}/${name} has condition ${condition.type} matching ${rule.action} rule at index ${index}` }
  }
  return undefined
}

function containerMeeting ({ containerName, operator, values }: NonNullable<Rule['onExitCodes']>, { status }: Pod): ContainerStatus | undefined {
  return [...status?.containerStatuses ?? [], ...status?.initContainerStatuses ?? []].find(({ name, state: { terminated } }) => {
    if (!terminated || terminated.exitCode === 0 || (containerName !== undefined && name !== containerName)) return false
    return values.includes(terminated.exitCode) === (operator === 'In')
  })
}

/** Failed comes after FailureTarget, when no pod is left that runs. */
function withFailure (status: JobStatus, { reason = '', message = '' }: Reason, { running, now }: { running: number, now: number }): JobStatus {
  const { conditions = [] } = status
  const condition = (type: string): Condition => ({ type, status: 'True', reason, message, lastTransitionTime: timestamp(now) })
  if (!findCondition(conditions, 'FailureTarget')) return { ...status, conditions: [...conditions, condition('FailureTarget')] }
  return running > 0 ? status : { ...status, active: 0, ready: 0, conditions: [...conditions, condition('Failed')] }
}

interface Running { active: number, terminating: number, pods: readonly Pod[], now: number }

function manage (job: Job, sync: JobSync, { active, terminating, pods, now }: Running): JobSync {
  const { spec } = job
  const { succeeded = 0, startTime = '' } = sync.status
  if (succeeded >= spec.completions && active === 0) return { ...sync, status: withSuccess(sync.status, terminating, now) }
  const deadline = deadlineOf(job, startTime)
  const next = Number.isFinite(deadline) ? { next: deadline } : {}
  // With a failure policy a pod is replaced once it is over, without one as soon as it leaves.
  const wanted = Math.min(spec.parallelism, spec.completions - succeeded) - active - (spec.podFailurePolicy ? terminating : 0)
  if (wanted <= 0) return { ...sync, ...next }
  const after = backoffEnd(pods)
  if (now < after) return { ...sync, next: Math.min(after, deadline) }
  return { ...sync, ...next, create: wanted }
}

function withSuccess (status: JobStatus, terminating: number, now: number): JobStatus {
  const { conditions = [] } = status
  const at = timestamp(now)
  const condition = (type: string): Condition => ({ type, status: 'True', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods', lastTransitionTime: at })
  if (!findCondition(conditions, 'SuccessCriteriaMet')) return { ...status, conditions: withCondition(conditions, condition('SuccessCriteriaMet')) }
  return terminating > 0 ? status : { ...status, completionTime: at, conditions: withCondition(conditions, condition('Complete')) }
}

/** 10 s after the first failure in a row, then twice as long each time, ten minutes at most. In milliseconds since the epoch; 0 without a failure. */
function backoffEnd (pods: readonly Pod[]): number {
  const failures = pods.filter(({ status }) => status?.phase === 'Failed').map(finishedAt)
  return failures.length === 0 ? 0 : Math.max(...failures) + Math.min(BACKOFF.first * 2 ** (failures.length - 1), BACKOFF.longest)
}

function finishedAt ({ metadata, status }: Pod): number {
  const ends = [...status?.initContainerStatuses ?? [], ...status?.containerStatuses ?? []].flatMap(({ state }) => state.terminated?.finishedAt ?? [])
  return Math.max(...[metadata.creationTimestamp ?? '', ...ends].map((at) => Date.parse(at)))
}
