// What the cluster says of the children: how a download went, whether a model still lies where it was put, and how the server's pods do.
import { deploymentState, type DeploymentState } from '../core/deployment-state.ts'
import { findDownloadResult, type DownloadResult } from '../core/download.ts'
import type { Facts, PodsFact } from '../core/facts.ts'
import { conditionOf, jobState, type JobState } from '../core/job-state.ts'
import { SOURCE_LABEL } from '../core/labels.ts'
import { isMap } from '../core/plain-value.ts'
import { findChild, objectMapKey, type KubeObject, type SyncRequest } from '../core/request.ts'
import { formatInstant, parseInstant } from '../core/time.ts'
import type { Volume } from './memory.ts'
import { mountedClaims } from './restore.ts'
import { observedParameters } from './resources/volume.ts'
import type { Spec, Status } from './schema.ts'
import { DEPLOYMENT, JOB, jobName, serverName, VOLUME, volumeName } from './resources/names.ts'

export type PodTrouble = PodsFact[number]

export type DownloadState =
  /** `noticed`: the Job is there. `waiting`: the volume of before has to go first. */
  | { state: 'Running', noticed: boolean, waiting: boolean, trouble?: PodTrouble }
  | { state: 'Done', uid: string, downloadedAt?: string }
  /** The Job is done, and its volume is not the one it wrote to. */
  | { state: 'Outdated' }
  | { state: 'Failed', reason: string, message: string, trouble?: PodTrouble }

export type ServerState = DeploymentState & {
  /** Kubernetes has given up waiting for the newest template: its own sentence. */
  late?: string
  /** Names of the claims that its pods mount. */
  claims: string[]
}

/** Reads children; nothing of it is kept. */
export type Evidence = {
  download: (key: string) => DownloadState
  /** Keys of all downloads whose Jobs are there, sorted. */
  downloads: string[]
  result: (key: string) => DownloadResult | undefined
  /** Whether somebody deleted the volume. That it is not to be seen says nothing: it may just have been made. */
  isLost: (volume: Volume) => boolean
  /** All volumes that are there. */
  volumes: Volume[]
  /** Undefined while there is no Deployment. */
  server?: ServerState
  /** Pods of the server that do not run, as far as the poller tells. */
  trouble?: PodTrouble
}

export function gather (request: SyncRequest<Spec, Status>, { pods }: Facts): Evidence {
  const { name } = request.parent.metadata
  const deployment = findChild(request, DEPLOYMENT, serverName(name))
  const state = deploymentState(deployment)
  const late = conditionOf(deployment, 'Progressing', 'False')
  const trouble = troubleOf(pods, `Deployment/${serverName(name)}`)
  return {
    download: (key) => downloadState(request, key, troubleOf(pods, `Job/${jobName(name, key)}`)),
    downloads: observedDownloads(request),
    result: (key) => findDownloadResult(pods, `Job/${jobName(name, key)}`),
    isLost: (volume) => isLost(request, volume),
    volumes: observedVolumes(request),
    ...(deployment && state && { server: { ...state, claims: mountedClaims(deployment), ...(state.observed && late?.reason === 'ProgressDeadlineExceeded' && { late: late.message || late.reason }) } }),
    ...(trouble && { trouble })
  }
}

function troubleOf (pods: PodsFact | undefined, owner: string): PodTrouble | undefined {
  return pods?.find((pod) => pod.owner === owner && pod.reason !== 'Completed')
}

function downloadState (request: SyncRequest, key: string, trouble: PodTrouble | undefined): DownloadState {
  const { name } = request.parent.metadata
  const object = findChild(request, JOB, jobName(name, key))
  const job = jobState(object)
  const claim = findChild(request, VOLUME, volumeName(name, key))
  const isLeaving = claim?.metadata.deletionTimestamp !== undefined
  switch (job.state) {
    case 'Absent':
    case 'Running':
      return running(job, { isLeaving, trouble })
    case 'Failed':
      return { state: 'Failed', reason: job.reason, message: job.message, ...(trouble && { trouble }) }
    case 'Succeeded':
      return succeeded(object, claim)
    default:
      return job satisfies never
  }
}

/** A volume that is not to be seen yet is waited for: without its uid nobody could tell later whether it is still the same. */
function succeeded (job: KubeObject | undefined, claim: KubeObject | undefined): DownloadState {
  if (!claim) return { state: 'Running', noticed: true, waiting: false }
  const doneAt = parseInstant(isMap(job?.status) ? job.status.completionTime : undefined)
  const madeAt = parseInstant(claim.metadata.creationTimestamp)
  const isOlder = doneAt !== undefined && madeAt !== undefined && doneAt < madeAt
  if (isOlder || claim.metadata.deletionTimestamp !== undefined) return { state: 'Outdated' }
  return { state: 'Done', uid: (claim.metadata.uid ?? '').slice(0, 64), ...(doneAt !== undefined && { downloadedAt: formatInstant(doneAt) }) }
}

function running (job: JobState, { isLeaving, trouble }: { isLeaving: boolean, trouble: PodTrouble | undefined }): DownloadState {
  const noticed = job.state !== 'Absent'
  // A fact about a Job that is gone is about another life of it.
  return { state: 'Running', noticed, waiting: isLeaving && !noticed, ...(noticed && trouble && { trouble }) }
}

function isLost (request: SyncRequest, { name, uid }: Volume): boolean {
  const claim = findChild(request, VOLUME, name)
  if (!claim) return false
  return claim.metadata.deletionTimestamp !== undefined || (uid !== '' && claim.metadata.uid !== undefined && claim.metadata.uid !== uid)
}

function isThere (object: KubeObject | undefined): boolean {
  return object !== undefined && object.metadata.deletionTimestamp === undefined
}

function observedVolumes (request: SyncRequest<Spec, Status>): Volume[] {
  const claims = Object.entries(request.children[objectMapKey(VOLUME.apiVersion, VOLUME.kind)] ?? {}).filter(([key, claim]) => isThere(claim) && isNameOf(key, claim)).map(([, claim]) => claim)
  return claims.map(({ metadata: { name, uid = '' }, ...claim }) => ({ name, uid: uid.slice(0, 64), ...request.parent.spec.storage, ...observedParameters(claim.spec) })).toSorted((a, b) => a.name < b.name ? -1 : 1)
}

/** Ours are labels, so that they can be written down and asked for again. */
function isNameOf (key: string, { metadata: { name } }: KubeObject): boolean {
  return key.endsWith(`/${name}`) && name.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name)
}

function observedDownloads (request: SyncRequest): string[] {
  const jobs = Object.values(request.children[objectMapKey(JOB.apiVersion, JOB.kind)] ?? {}).filter(isThere)
  return jobs.map(({ metadata }) => metadata.labels?.[SOURCE_LABEL] ?? '').filter((key) => /^[0-9a-f]{10}$/.test(key)).toSorted()
}
