// What a Job's own conditions say. Pods of Jobs are not seen by hooks: why one failed stands in the fact `pods`.
import { isMap } from './plain-value.ts'
import type { KubeObject } from './request.ts'

export type JobState =
  | { state: 'Absent' }
  | { state: 'Running' }
  | { state: 'Succeeded' }
  /** `reason` is Kubernetes' word: BackoffLimitExceeded, DeadlineExceeded, PodFailurePolicy … */
  | { state: 'Failed', reason: string, message: string }

/** The state of an observed Job. A Job that is being deleted is as good as gone: its name is free again in a moment. */
export function jobState (job: KubeObject | undefined): JobState {
  if (!job || job.metadata.deletionTimestamp !== undefined) return { state: 'Absent' }
  // FailureTarget comes first, and Failed when the last pod has ended: then its message is there.
  const failed = conditionOf(job, 'Failed')
  if (failed) return { state: 'Failed', reason: failed.reason, message: failed.message }
  return { state: conditionOf(job, 'Complete') ? 'Succeeded' : 'Running' }
}

export type ObservedCondition = { status: string, reason: string, message: string }

/** A condition of an observed object that is True, or that has `status`. */
export function conditionOf (object: KubeObject | undefined, type: string, status = 'True'): ObservedCondition | undefined {
  const conditions = isMap(object?.status) && Array.isArray(object.status.conditions) ? object.status.conditions : []
  const found = conditions.filter(isMap).find((condition) => condition.type === type && condition.status === status)
  return found && { status, reason: textOf(found.reason), message: textOf(found.message) }
}

function textOf (value: unknown): string {
  return typeof value === 'string' ? value : ''
}
