// What is seen of an MLflow server, as far as people are told of it: its pods, its volume, the way in from outside, and what is not installed.
import { deploymentState, type DeploymentState } from '../core/deployment-state.ts'
import type { Facts, PodsFact } from '../core/facts.ts'
import { jobState, type JobState } from '../core/job-state.ts'
import { isMap } from '../core/plain-value.ts'
import { troubleSentence } from '../core/pod-trouble.ts'
import { quantityValue } from '../core/quantity.ts'
import { findChild, mayReturn, type KubeObject } from '../core/request.ts'
import { CERTIFICATE, CLAIM, HTTP_ROUTE, JOB, VIRTUAL_SERVICE } from './children.ts'
import { namesOf } from './names.ts'
import { namespaceOf, type Request } from './place.ts'
import { claimJobName } from './resources/claim.ts'
import { sizeOf } from './resources/claim-spec.ts'

export type Seen = {
  /** Undefined where there is no Deployment. */
  pods: DeploymentState | undefined
  /** Pods that answer, of any template. */
  ready: number
  /** Why pods are in trouble, as the newest of them tells. */
  trouble: string | undefined
  /** The kind that is needed and not installed. */
  missing: string | undefined
}

export function lookAround (request: Request, deployment: KubeObject | undefined, told: Facts): Seen {
  const pods = deploymentState(deployment)
  const { server } = namesOf(request.parent.metadata.name)
  return { pods, ready: pods ? readyIn(deployment) : 0, trouble: troubleOf(told.pods, `Deployment/${server}`), missing: missingKind(request) }
}

function readyIn (deployment: KubeObject | undefined): number {
  const ready: unknown = isMap(deployment?.status) ? deployment.status.readyReplicas ?? deployment.status.availableReplicas : undefined
  return typeof ready === 'number' && Number.isSafeInteger(ready) && ready > 0 ? ready : 0
}

function troubleOf (pods: PodsFact = [], owner: string): string | undefined {
  const found = pods.find((pod) => pod.owner === owner && pod.reason !== 'Completed')
  return found && troubleSentence(found)
}

/** What the spec asks for by name. An HTTPRoute is asked for by default, and left out where there is no Gateway API. */
function missingKind (request: Request): string | undefined {
  const { tls, ingress } = request.parent.spec
  if (tls.mode === 'CertManager' && !mayReturn(request, CERTIFICATE)) return CERTIFICATE.kind
  return ingress.mode === 'VirtualService' && !mayReturn(request, VIRTUAL_SERVICE) ? VIRTUAL_SERVICE.kind : undefined
}

export type Verdict = { status: 'True' | 'False' | 'Unknown', reason: string, message: string }

/** What the gateway says of the route; undefined where there is none to be. */
export function lookAtRoute (request: Request): Verdict | undefined {
  if (request.parent.spec.ingress.mode !== 'HTTPRoute' || !mayReturn(request, HTTP_ROUTE)) return undefined
  const { server } = namesOf(request.parent.metadata.name)
  const route = findChild(request, HTTP_ROUTE, server, namespaceOf(request))
  const said = conditionsOfRoute(route)
  const refusal = said.find(({ type, status }) => (type === 'Accepted' || type === 'ResolvedRefs') && status === 'False')
  if (refusal) return { status: 'False', reason: word(refusal.reason), message: `The gateway does not take HTTPRoute ${server}: ${textOf(refusal.message) || textOf(refusal.reason)}; correct ingress.gateway, or the gateway.` }
  if (said.some(({ type, status }) => type === 'Accepted' && status === 'True')) return { status: 'True', reason: 'Accepted', message: `The gateway leads to the server by HTTPRoute ${server}.` }
  return { status: 'Unknown', reason: 'NotYetAccepted', message: `No gateway has taken HTTPRoute ${server} yet: see whether the one that it names is there.` }
}

function conditionsOfRoute (route: KubeObject | undefined): Array<Record<string, unknown>> {
  const parents = isMap(route?.status) && Array.isArray(route.status.parents) ? route.status.parents.filter(isMap) : []
  return parents.flatMap(({ conditions }) => Array.isArray(conditions) ? conditions.filter(isMap) : [])
}

/** What became of the volume; undefined where none is asked for. */
export function lookAtVolume (request: Request, told: Facts): Verdict | undefined {
  const { storage } = request.parent.spec
  if (!storage) return undefined
  return storage.retain ? ofRetained(request, told) : ofOwned(request, sizeOf(storage))
}

function ofRetained (request: Request, told: Facts): Verdict {
  const { claim } = namesOf(request.parent.metadata.name)
  const name = claimJobName(request) ?? ''
  const job = jobState(findChild(request, JOB, name, namespaceOf(request)))
  const trouble = troubleOf(told.pods, `Job/${name}`)
  switch (job.state) {
    case 'Succeeded': return { status: 'True', reason: 'ClaimReady', message: `PersistentVolumeClaim ${claim} is as the spec asks for, and outlives this object.` }
    case 'Failed': return { status: 'False', reason: 'ClaimFailed', message: `PersistentVolumeClaim ${claim} could not be made as the spec asks for. ${trouble ?? failureOf(job)} To try again, delete Job ${name}.` }
    case 'Running':
    case 'Absent': return { status: 'Unknown', reason: 'ClaimPending', message: `Job ${name} makes PersistentVolumeClaim ${claim}.${trouble === undefined ? '' : ` ${trouble}`}` }
    default: return job satisfies never
  }
}

function failureOf ({ reason, message }: Extract<JobState, { state: 'Failed' }>): string {
  return troubleSentence({ reason: reason || 'JobFailed', message })
}

function ofOwned (request: Request, wanted: string): Verdict {
  const { claim } = namesOf(request.parent.metadata.name)
  const observed = findChild(request, CLAIM, claim, namespaceOf(request))
  if (!observed) return { status: 'Unknown', reason: 'ClaimPending', message: `PersistentVolumeClaim ${claim} is being made.` }
  const size = isMap(observed.spec) && isMap(observed.spec.resources) && isMap(observed.spec.resources.requests) ? textOf(observed.spec.resources.requests.storage) : ''
  if ((quantityValue(size) ?? 0) > (quantityValue(wanted) ?? 0)) return { status: 'False', reason: 'ClaimKept', message: `PersistentVolumeClaim ${claim} has ${size}, and cannot be made smaller: set storage.size to that.` }
  return { status: 'True', reason: 'ClaimReady', message: `PersistentVolumeClaim ${claim} is as the spec asks for, and goes with this object.` }
}

function textOf (value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Reasons of others become reasons of conditions, which are words. */
function word (reason: unknown): string {
  return /^[A-Za-z]([A-Za-z0-9_,:]{0,126}[A-Za-z0-9_])?$/.test(textOf(reason)) ? textOf(reason) : 'NotAccepted'
}
