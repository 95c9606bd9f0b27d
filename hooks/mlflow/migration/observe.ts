// What the state machine is to know, out of a request.
import { believedFacts } from '../../core/believed-facts.ts'
import { deploymentState } from '../../core/deployment-state.ts'
import type { PodsFact } from '../../core/facts.ts'
import { jobState } from '../../core/job-state.ts'
import { COMMANDS } from '../../core/labels.ts'
import { isMap } from '../../core/plain-value.ts'
import { readTemplate, refuseToDrop } from '../../core/pod-template.ts'
import { findChild, objectMapKey, type KubeObject } from '../../core/request.ts'
import { CRON_JOB, DEPLOYMENT, JOB } from '../children.ts'
import { namesOf } from '../names.ts'
import { namespaceOf, type Request } from '../place.ts'
import type { DeploymentLook, Evidence, JobLook } from './evidence.ts'
import type { MigrationMemory } from './memory.ts'
import { FORCE_MIGRATE } from './messages.ts'
import { recallMigration, type Recalled } from './recall.ts'

/** Kubernetes' own terminationGracePeriodSeconds. */
const GRACE = 30

/** `now`: whole seconds, as of newestInstant. */
export function observeMigration (request: Request, now: number): { memory: MigrationMemory | undefined, evidence: Evidence } {
  const { metadata, status } = request.parent
  const deployment = findChild(request, DEPLOYMENT, namesOf(metadata.name).server, namespaceOf(request))
  const { memory, known, carried } = recallMigration({ deployment, jobs: childrenOf(request, JOB), status })
  const seen = deployment && lookAt(deployment, carried)
  const { pods } = believedFacts(request)
  const command = findCommand(metadata.annotations, memory?.attempt ?? known.attempt)
  return {
    memory,
    evidence: {
      ...(seen && { deployment: seen }),
      look: (jobName) => lookAtJob(findChild(request, JOB, jobName, namespaceOf(request)), jobName, pods),
      now,
      ...(command !== undefined && { command }),
      asked: askedBy(metadata.annotations),
      active: childrenOf(request, CRON_JOB).reduce((sum, cronJob) => sum + activeOf(cronJob), 0),
      known
    }
  }
}

/** The value of either annotation that asks for an attempt after this one. */
export function findCommand (annotations: Record<string, string> = {}, attempt = 0): string | undefined {
  return [annotations[COMMANDS.retry], annotations[FORCE_MIGRATE]].find((value) => value !== undefined && value === String(attempt))
}

function askedBy (annotations: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries([COMMANDS.retry, FORCE_MIGRATE].flatMap((name) => annotations[name] === undefined ? [] : [[name, annotations[name]]]))
}

/** Undefined for one that is being deleted. Throws where pods answer whose template cannot be read back: they could only be ended. */
function lookAt (deployment: KubeObject, carried: Recalled['carried']): DeploymentLook | undefined {
  const state = deploymentState(deployment)
  if (!state) return undefined
  const template = readTemplate(deployment)
  if (!template) refuseToDrop(deployment)
  const { replicas = 0, terminatingReplicas } = isMap(deployment.status) ? deployment.status : {}
  const grace = terminatingReplicas === undefined || terminatingReplicas === null ? graceOf(template?.spec.terminationGracePeriodSeconds) : 0
  return { state, pods: countOf(replicas) + countOf(terminatingReplicas), ...(template && { template }), ...(carried && { carried }), grace }
}

function graceOf (seconds: unknown): number {
  return Number.isSafeInteger(seconds) ? Math.min(Math.max(0, seconds as number), 3600) : GRACE
}

function countOf (value: unknown): number {
  return Number.isSafeInteger(value) ? Math.max(0, value as number) : 0
}

function lookAtJob (job: KubeObject | undefined, name: string, pods: PodsFact = []): JobLook {
  const pod = pods.find(({ owner }) => owner === `Job/${name}`)
  return { state: jobState(job), ...(pod && { pod }) }
}

function activeOf ({ status }: KubeObject): number {
  return isMap(status) && Array.isArray(status.active) ? status.active.length : 0
}

function childrenOf ({ children }: Request, { apiVersion, kind }: { apiVersion: string, kind: string }): KubeObject[] {
  return Object.values(children[objectMapKey(apiVersion, kind)] ?? {})
}
