// The oracle of ModelDeployment: the version that the Service names and that answers goes on, unless another has passed and is ready; nobody's number of
// pods is fought; what failed for good is not tried again. Written from the rules (hooks/model-deployment/README.md) and not from the code that decides.
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { COMMANDS, VERSION_LABEL } from '../../../hooks/core/labels.ts'
import { suffixedName } from '../../../hooks/core/names.ts'
import { newestInstant, type SyncRequest } from '../../../hooks/core/request.ts'
import { readSpec } from '../../../hooks/core/spec.ts'
import { wholeSeconds } from '../../../hooks/core/time.ts'
import { modelDeployment } from '../../../hooks/model-deployment/index.ts'
import { Memory } from '../../../hooks/model-deployment/memory.ts'
import { Status, type Spec } from '../../../hooks/model-deployment/schema.ts'
import { isObject, textOf, type Json } from '../inputs/tree.ts'
import { newestIn } from '../inputs/instants.ts'
import { answered, endOf, isPart, KEYS, labelOf, leadsTo, mapOf, observed, podsOf, portsOf, replicasOf, selects, stateOf, templateOf, type Answer } from './children.ts'
import { checkNumber } from './numbers.ts'
import type { Fate } from './oracles.ts'
import { demand } from './violation.ts'

const checks = { memory: TypeCompiler.Compile(Memory), status: TypeCompiler.Compile(Status) }

type Seen = {
  request: Json
  name: string
  spec: Spec
  service: Json | undefined
  /** What the Service remembers, if it is of one piece. */
  memory: (Memory & { active: { id: string, since: string } }) | undefined
  status: Status
  deployments: Map<string, Json>
  /** The version that the Service names; where there is none, what the status says. */
  named: string
}

/** Throws a Violation when the answer takes away, empties or leaves what serves, without a reason that the rules know. */
export function checkVersion (request: Json, answer: Answer, forged: boolean): Fate {
  const seen = see(request)
  const next = answered(answer, 'service').get(suffixedName(seen.name, 'service'))
  const deployments = answered(answer, 'deployment')
  // Without a Service, only what Jobs carry tells what has failed.
  if (seen.memory || !forged) checkJobs(seen, answer)
  checkNumbers(seen, answer)
  checkAutoscalers(seen, { answer, next })
  for (const [name, wanted] of deployments) checkTemplate(seen.deployments.get(name), wanted, forged)
  const target = deployments.get(suffixedName(seen.name, next ? idOf(next) : ''))
  if (next && target && !forged) demand(leadsTo(next, templateOf(target)), () => `the Service leads to no pod of version ${idOf(next)}`)
  if (seen.memory) checkKept(seen, seen.memory, { deployments, next })
  return checkServed(seen, { deployments, next })
}

type Next = { deployments: Map<string, Json>, next: Json | undefined }

function see (request: Json): Seen {
  const { metadata, spec, status } = request.parent as { metadata: { name: string, namespace?: string }, spec: unknown, status?: unknown }
  const name = metadata.name
  const service = observed(request, 'service').get(suffixedName(name, 'service'))
  const leaving = mapOf(mapOf(request.children)[KEYS.service])[`${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${suffixedName(name, 'service')}`]
  const known = checks.status.Check(status) ? status : {}
  return {
    request,
    name,
    spec: readSpec(modelDeployment, spec).spec as Spec,
    service,
    memory: remembered(stateOf(service)),
    status: known,
    deployments: observed(request, 'deployment'),
    named: (isObject(leaving) ? idOf(leaving) : '') || (known.active?.id ?? '')
  }
}

/** There is a Service for an active version only, and no version has two roles. */
function remembered (state: unknown): Seen['memory'] {
  if (!checks.memory.Check(state)) return undefined
  const { active, previous, candidate } = state
  const ids = [active, previous, candidate].flatMap((version) => version?.id ?? [])
  return active?.found && new Set(ids).size === ids.length ? { ...state, active } : undefined
}

function idOf (service: Json): string {
  return textOf(mapOf(mapOf(service.spec).selector)[VERSION_LABEL])
}

/** One that is surely of this version, and that the API server would have let in. */
function deploymentOf (deployments: Map<string, Json>, name: string, id: string): Json | undefined {
  const deployment = deployments.get(suffixedName(name, id))
  const template = templateOf(deployment)
  const { containers } = mapOf(template.spec)
  const isOf = [deployment, template].every((object) => labelOf(object, VERSION_LABEL) === id)
  return isOf && portsOf(template).length > 0 && Array.isArray(containers) && containers.every(isObject) ? deployment : undefined
}

/** Whatever the Service remembers to have pods has them, and the one before stays its time. */
function checkKept ({ name, request, spec, deployments: before }: Seen, { active, previous, candidate }: NonNullable<Seen['memory']>, { deployments, next }: Next): void {
  demand(next !== undefined, () => 'the Service is gone from the answer')
  for (const version of [active, previous, candidate]) {
    if (!version?.found || !deploymentOf(before, name, version.id)) continue
    demand(deployments.has(suffixedName(name, version.id)), () => `the Deployment of version ${version.id} is taken away before the Service has forgotten it`)
  }
  const after = stateOf(next) as Memory
  const isForgotten = previous !== undefined && ![after.active, after.previous, after.candidate].some((version) => version?.id === previous.id)
  if (!isForgotten || idOf(next) !== active.id || podsOf(deploymentOf(before, name, previous.id)).available === 0) return
  // Times of the API server are the time, even one of the year 9999 that only a fuzz can write there.
  const now = Math.max(newestIn(request), newestInstant(request as unknown as SyncRequest))
  demand(now >= Date.parse(active.since) / 1000 + wholeSeconds(spec.keepPrevious), () => `version ${previous.id} is given up before keepPrevious is over`)
}

/** Which version answers, and why it is another than before. */
function checkServed (seen: Seen, { deployments, next }: Next): Fate {
  const { name, memory, named } = seen
  if (named === '') return checkForgotten(seen, deployments)
  // Somebody has changed the one and not the other: whose word counts is not said.
  if (memory && memory.active.id !== named) return 'none'
  const serves = podsOf(selectedIn(seen)).available > 0
  demand(!serves || (next !== undefined && deployments.has(suffixedName(name, named))), () => `version ${named} answers, and its Service or Deployment is gone from the answer`)
  if (!next) return 'none'
  const heir = idOf(next)
  if (heir === named) checkStays(seen)
  else checkSwitch(seen, heir, serves)
  if (!serves) return 'none'
  return heir === named ? 'kept' : 'moved'
}

/** The Deployment that the Service leads to, or would. */
function selectedIn ({ name, named, service, deployments }: Seen): Json | undefined {
  const deployment = deploymentOf(deployments, name, named)
  return deployment && (!service || selects(service, templateOf(deployment))) ? deployment : undefined
}

/** What has lost all its pods is left, if the one before has some. */
function checkStays (seen: Seen): void {
  const { name, named, memory, deployments } = seen
  const { id = '' } = memory?.previous ?? {}
  const pods = podsOf(selectedIn(seen))
  const isLost = !deployments.has(suffixedName(name, named)) || (pods.wanted > 0 && pods.available === 0)
  demand(!isLost || podsOf(deployments.get(suffixedName(name, id))).available === 0, () => `version ${named} has no pods, and the one before, ${id}, which has, is not taken back`)
}

function checkSwitch ({ name, spec, memory, named, deployments }: Seen, heir: string, serves: boolean): void {
  const { available, ready, wanted } = podsOf(deployments.get(suffixedName(name, heir)))
  const lose = (why: string) => `version ${named} ${serves ? 'answers' : 'has no pods'}, and version ${heir}, to which the Service is switched, ${why}`
  const isReturn = memory !== undefined && heir === memory.previous?.id
  if (serves || (memory && !isReturn)) demand(ready, () => lose('is not ready'))
  if (!memory) return
  demand(available > 0, () => lose('has none either'))
  if (!serves) return
  const needed = fixedIn(spec, memory) ?? neededBeside(deployments.get(suffixedName(name, named)), spec) ?? 1
  demand(wanted >= needed, () => lose(`has ${wanted} pods and not ${needed}`))
  demand(isPassed(memory.candidate, heir), () => lose('has not passed'))
}

function isPassed (candidate: Memory['candidate'], id: string): boolean {
  return candidate?.id === id && candidate.found !== undefined
}

/** Neither Service nor status: of what is ready, something stays. A first version that is not may be followed by another. */
function checkForgotten ({ name, status, deployments: before }: Seen, deployments: Map<string, Json>): Fate {
  if (status.attempt !== undefined) return 'none'
  const answering = [...before].filter(([, deployment]) => podsOf(deploymentOf(before, name, labelOf(deployment, VERSION_LABEL))).ready).map(([place]) => place)
  demand(answering.length === 0 || answering.some((place) => deployments.has(place)), () => `all memory is lost, and of ${answering.join(', ')}, which answer, nothing stays`)
  return answering.length > 0 ? 'kept' : 'none'
}

/** Pods are never replaced: another template is another version. */
function checkTemplate (before: Json | undefined, wanted: Json, forged: boolean): void {
  if (!before || forged) return
  demand(isPart(templateOf(wanted), templateOf(before)), () => `the pods of ${textOf(mapOf(wanted.metadata).name)} are replaced`)
}

function checkNumbers (seen: Seen, answer: Answer): void {
  const { name, spec, memory, named, deployments } = seen
  const active = suffixedName(name, memory?.active.id ?? named)
  const rule = { fixed: fixedIn(spec, memory), first: memory && neededBeside(deployments.get(active), spec) }
  for (const [place, wanted] of answered(answer, 'deployment')) checkNumber(wanted, deployments.get(place), { ...rule, mayGrow: place !== active })
}

/** An autoscaler of what answers, and no other. */
function checkAutoscalers ({ name, spec }: Seen, { answer, next }: { answer: Answer, next: Json | undefined }): void {
  const scaled = [...answered(answer, 'autoscaler').values()].map((autoscaler) => textOf(mapOf(mapOf(autoscaler.spec).scaleTargetRef).name))
  const wanted = spec.autoscale && next ? [suffixedName(name, idOf(next))] : []
  demand(scaled.join() === wanted.join(), () => `autoscalers are of ${scaled.join(', ')}, and should be of ${wanted.join(', ')}`)
}

/** The number that the spec says, where neither an autoscaler nor the one before it has a say. */
function fixedIn ({ autoscale, replicas }: Spec, memory: Memory | undefined): number | undefined {
  return autoscale || memory?.autoscaledFrom === (replicas ?? 0) ? undefined : replicas
}

/** Pods of what may take the place of a Deployment: as many, as far as an autoscaler may go. */
function neededBeside (active: Json | undefined, { autoscale, autoscaling: { minReplicas, maxReplicas } }: Spec): number | undefined {
  if (!active) return undefined
  const most = autoscale ? Math.max(minReplicas, maxReplicas) : Infinity
  return Math.max(1, Math.min(replicasOf(active) ?? 1, most))
}

type Tried = { id: string, attempt: number, content: string, tries: string }

/** No Job is made for what has failed for good, but after a change of the spec or a retry. */
function checkJobs (seen: Seen, answer: Answer): void {
  const before = observed(seen.request, 'job')
  const failures = failuresOf(seen, before)
  const retry = mapOf(mapOf(mapOf(seen.request.parent).metadata).annotations)[COMMANDS.retry]
  for (const [name, job] of answered(answer, 'job')) {
    if (before.has(name)) continue
    const { version } = stateOf(job) as { version: Tried }
    const failure = failures.find(({ content, tries }) => content === version.content && tries === version.tries)
    const attempts = [seen.memory?.attempt ?? failure?.attempt, seen.memory ? undefined : seen.status.attempt]
    demand(!failure || attempts.some((attempt) => retry === String(attempt)), () => `Job ${name} is made although attempt ${failure?.attempt} has failed for good, and nobody asks for another`)
  }
}

function failuresOf (seen: Seen, jobs: Map<string, Json>): Tried[] {
  const { name, memory } = seen
  const ended = [...jobs].filter(([place, job]) => endOf(job) === 'failed' && place === suffixedName(name, `validate-${labelOf(job, VERSION_LABEL)}`)).flatMap(([, job]) => carriedBy(job) ?? [])
  if (!memory) return withoutMemory(seen, { jobs, ended })
  const { failed, failures = [], candidate } = memory
  return [...failures, ...failed ? [failed] : [], ...ended.filter(({ id, content }) => id === candidate?.id && content === candidate.content && !candidate.found)]
}

/** Of the newest attempt that is known; nothing is where a Job is there of an object of another name, or a status does not add up. */
function withoutMemory ({ name, status, deployments }: Seen, { jobs, ended }: { jobs: Map<string, Json>, ended: Tried[] }): Tried[] {
  if ([...jobs].some(([place, job]) => place !== suffixedName(name, `validate-${labelOf(job, VERSION_LABEL)}`))) return []
  const carried = [...jobs.values(), ...deployments.values()].flatMap((object) => carriedBy(object) ?? [])
  const [told, said] = [status.attempt ?? 0, Math.max(status.candidate?.attempt ?? 0, status.failure?.attempt ?? 0)]
  const newest = Math.max(told, ...carried.map(({ attempt }) => attempt))
  if (said > told) return []
  return [...status.failure ? [status.failure] : [], ...ended].filter(({ attempt }) => attempt === newest)
}

function carriedBy (object: Json): Tried | undefined {
  const { version } = mapOf(stateOf(object))
  const { id, attempt, content, tries } = mapOf(version)
  return typeof attempt === 'number' && id === labelOf(object, VERSION_LABEL) ? { id: textOf(id), attempt, content: textOf(content), tries: textOf(tries) } : undefined
}
