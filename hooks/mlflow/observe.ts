// What is seen of an MLflow server, as far as people are told of it: its pods, its volume, the way in from outside, and what is not installed.
import { deploymentState, type DeploymentState } from '../core/deployment-state.ts'
import type { Facts, PodsFact } from '../core/facts.ts'
import { jobState, type JobState } from '../core/job-state.ts'
import { isMap } from '../core/plain-value.ts'
import { troubleSentence } from '../core/pod-trouble.ts'
import { quantityValue } from '../core/quantity.ts'
import { findChild, mayReturn, type KubeObject } from '../core/request.ts'
import { CERTIFICATE, CLAIM, HTTP_ROUTE, JOB, SERVICE, VIRTUAL_SERVICE } from './children.ts'
import { namesOf } from './names.ts'
import { externalUrl, namespaceOf, schemeOf, type Request } from './place.ts'
import { REMEDIES } from './remedies.ts'
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
  return found && troubleSentence(found, REMEDIES)
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
  if (externalUrl(request) === undefined) return { status: 'False', reason: 'HostUnknown', message: `HTTPRoute ${server} leads to the server, which refuses all who come by it: nobody has said under which name they do. Set ingress.host, or platform.externalUrl of Sluice; without a way in, set ingress.mode to None.` }
  if (said.some(({ type, status }) => type === 'Accepted' && status === 'True')) return { status: 'True', reason: 'Accepted', message: `The gateway leads to the server by HTTPRoute ${server}.${tlsHint(request)}` }
  return { status: 'Unknown', reason: 'NotYetAccepted', message: `No gateway has taken HTTPRoute ${server} yet: see whether the one that it names is there.` }
}

/** Nothing in a route says so. */
function tlsHint ({ parent: { spec } }: Request): string {
  return schemeOf(spec) === 'https' ? ' It must speak TLS to the Service: a BackendTLSPolicy says so, or a DestinationRule where it is one of Istio.' : ''
}

function conditionsOfRoute (route: KubeObject | undefined): Array<Record<string, unknown>> {
  const parents = isMap(route?.status) && Array.isArray(route.status.parents) ? route.status.parents.filter(isMap) : []
  return parents.flatMap(({ conditions }) => Array.isArray(conditions) ? conditions.filter(isMap) : [])
}

/** What became of the volume; undefined where none is asked for. `isUsed`: pods answer, which all mount it. */
export function lookAtVolume (request: Request, told: Facts, isUsed: boolean): Verdict | undefined {
  const { storage } = request.parent.spec
  if (!storage) return undefined
  return storage.retain ? ofRetained(request, told, isUsed) : ofOwned(request, sizeOf(storage), isUsed)
}

function ofRetained (request: Request, told: Facts, isUsed: boolean): Verdict {
  const { claim } = namesOf(request.parent.metadata.name)
  const name = claimJobName(request) ?? ''
  const job = jobState(findChild(request, JOB, name, namespaceOf(request)))
  const trouble = troubleOf(told.pods, `Job/${name}`)
  switch (job.state) {
    case 'Succeeded': return isUsed || phaseIn(told.pods, `Job/${name}`) !== 'Pending' ? ready(claim, 'outlives this object') : unbound(claim)
    case 'Failed': return { status: 'False', reason: 'ClaimFailed', message: `PersistentVolumeClaim ${claim} could not be made as the spec asks for. ${trouble ?? failureOf(job)} To try again, delete Job ${name}.` }
    case 'Running':
    case 'Absent': return { status: 'Unknown', reason: 'ClaimPending', message: `Job ${name} makes PersistentVolumeClaim ${claim}.${trouble === undefined ? '' : ` ${trouble}`}` }
    default: return job satisfies never
  }
}

function ready (claim: string, fate: string): Verdict {
  return { status: 'True', reason: 'ClaimReady', message: `PersistentVolumeClaim ${claim} is as the spec asks for, and ${fate}.` }
}

function unbound (claim: string): Verdict {
  return { status: 'Unknown', reason: 'ClaimUnbound', message: `PersistentVolumeClaim ${claim} is there, and was not bound to a volume when it was made. Some StorageClasses wait for the first pod; if that stays Unschedulable, see kubectl describe pvc ${claim}, and whether storage.storageClassName names a StorageClass that makes volumes.` }
}

/** As the program that makes claims has left it: `{"claim", "uid", "phase", "capacity"}`. */
function phaseIn (pods: PodsFact = [], owner: string): unknown {
  const { result = '{}' } = pods.find((pod) => pod.owner === owner && pod.result !== undefined) ?? {}
  try {
    const value: unknown = JSON.parse(result)
    return isMap(value) ? value.phase : undefined
  } catch {
    return undefined
  }
}

function failureOf ({ reason, message }: Extract<JobState, { state: 'Failed' }>): string {
  return troubleSentence({ reason: reason || 'JobFailed', message }, REMEDIES)
}

function ofOwned (request: Request, wanted: string, isUsed: boolean): Verdict {
  const { claim } = namesOf(request.parent.metadata.name)
  const observed = findChild(request, CLAIM, claim, namespaceOf(request))
  if (!observed) return { status: 'Unknown', reason: 'ClaimPending', message: `PersistentVolumeClaim ${claim} is being made.${foreignHint(request, claim)}` }
  const size = requestedIn(observed)
  if ((quantityValue(size) ?? 0) > (quantityValue(wanted) ?? 0)) return { status: 'False', reason: 'ClaimKept', message: `PersistentVolumeClaim ${claim} has ${size}, and cannot be made smaller: set storage.size to that.` }
  const isPending = isMap(observed.status) && observed.status.phase === 'Pending'
  return isPending && !isUsed ? unbound(claim) : ready(claim, 'goes with this object')
}

/** What was made together with the claim is there, and it is not: so one that is not ours is in its place. */
function foreignHint (request: Request, claim: string): string {
  const { server } = namesOf(request.parent.metadata.name)
  if (!findChild(request, SERVICE, server, namespaceOf(request))) return ''
  return ` If it does not come, one of that name is there that was kept from an object before: delete it (kubectl delete pvc ${claim}) to begin anew, or make this object again with storage.retain true to go on with its data.`
}

function requestedIn ({ spec }: KubeObject): string {
  const { resources } = isMap(spec) ? spec : {}
  return isMap(resources) && isMap(resources.requests) ? textOf(resources.requests.storage) : ''
}

function textOf (value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Reasons of others become reasons of conditions, which are words. */
function word (reason: unknown): string {
  return /^[A-Za-z]([A-Za-z0-9_,:]{0,126}[A-Za-z0-9_])?$/.test(textOf(reason)) ? textOf(reason) : 'NotAccepted'
}
