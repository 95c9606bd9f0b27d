// What is seen of a version: its Job, its Deployment, and what the poller tells of the pods of both.
import { findDownloadResult, type DownloadResult } from '../core/download.ts'
import { deploymentState, type DeploymentState } from '../core/deployment-state.ts'
import type { PodsFact } from '../core/facts.ts'
import { conditionOf, jobState, type JobState } from '../core/job-state.ts'
import { defined } from '../core/plain-value.ts'
import { findChild, type KubeObject } from '../core/request.ts'
import { forPeople } from '../core/safe-text.ts'
import { DEPLOYMENT, deploymentName, JOB, jobName } from './resources/names.ts'
import type { Request } from './wanted.ts'

/** Why pods of a Job or Deployment are in trouble, as the newest of them tells. */
export type Trouble = { reason: string, message: string }

export type Seen = {
  job: JobState
  /** What the pod that passed has left. */
  result?: DownloadResult
  jobTrouble?: Trouble
  /** Undefined: absent, or being deleted. */
  pods?: DeploymentState
  /** All pods that are asked for answer, and there is one. */
  ready: boolean
  /** It has pods to have, and none answers; absent pods do not. */
  lost: boolean
  /** It has made no progress within its deadline. */
  late: boolean
  /** All its pods have answered at some time. */
  proven: boolean
  podTrouble?: Trouble
}

/** Looks at one version. */
export function lookAt (request: Request, pods: PodsFact | undefined, id: string): Seen {
  const { name } = request.parent.metadata
  const owner = { job: `Job/${jobName(name, id)}`, deployment: `Deployment/${deploymentName(name, id)}` }
  // The download of a pod whose script failed is not what was validated.
  const result = findDownloadResult(pods?.filter(({ reason }) => reason === 'Completed'), owner.job)
  const told = { result, jobTrouble: troubleOf(pods, owner.job), podTrouble: troubleOf(pods, owner.deployment) }
  return { job: jobState(findJob(request, id)), ...podsOf(findDeployment(request, id)), ...defined(told) as Pick<Seen, keyof typeof told> }
}

function podsOf (deployment: KubeObject | undefined): Pick<Seen, 'pods' | 'ready' | 'lost' | 'late' | 'proven'> {
  const pods = deploymentState(deployment)
  if (!pods) return { ready: false, lost: true, late: false, proven: false }
  return {
    pods,
    ready: pods.complete && pods.available > 0,
    lost: pods.replicas > 0 && pods.available === 0,
    late: pods.observed && conditionOf(deployment, 'Progressing', 'False')?.reason === 'ProgressDeadlineExceeded',
    proven: conditionOf(deployment, 'Progressing')?.reason === 'NewReplicaSetAvailable'
  }
}

export function findJob (request: Request, id: string): KubeObject | undefined {
  return findChild(request, JOB, jobName(request.parent.metadata.name, id))
}

export function findDeployment (request: Request, id: string): KubeObject | undefined {
  return findChild(request, DEPLOYMENT, deploymentName(request.parent.metadata.name, id))
}

function troubleOf (pods: PodsFact | undefined, owner: string): Trouble | undefined {
  const found = pods?.find((pod) => pod.owner === owner && pod.reason !== 'Completed')
  return found && { reason: word(found.reason), message: forPeople(found.message ?? '', 300) }
}

/** Reasons become reasons of conditions, which are words. */
function word (reason: string): string {
  return /^[A-Za-z]([A-Za-z0-9_,:]{0,126}[A-Za-z0-9_])?$/.test(reason) ? reason : 'Error'
}
