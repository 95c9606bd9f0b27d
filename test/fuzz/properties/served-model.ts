// The oracle of MLModel: the Deployment goes on with the model that it has, until another lies whole on its volume; what pods have mounted stays, what failed
// for good is not tried again. Written from the rules (hooks/ml-model/README.md) and not from the code that decides.
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { parseFacts } from '../../../hooks/core/facts.ts'
import { COMMANDS, SOURCE_LABEL } from '../../../hooks/core/labels.ts'
import { suffixedName } from '../../../hooks/core/names.ts'
import { isOutsideTheSpec } from '../../../hooks/core/pod-trouble.ts'
import { Memory } from '../../../hooks/ml-model/memory.ts'
import { isObject, textOf, type Json } from '../inputs/tree.ts'
import { answered, claimsOf, endOf, isPart, KEYS, labelOf, leadsTo, mapOf, observed, podsOf, portsOf, replicasOf, stateOf, templateOf, type Answer } from './children.ts'
import type { Fate } from './oracles.ts'
import { demand } from './violation.ts'

const check = TypeCompiler.Compile(Memory)

type Serving = NonNullable<Memory['accepted']>

type Seen = {
  request: Json
  parent: string
  /** As the API server lets one in. */
  server: Json | undefined
  /** What the Deployment remembers; `noted`: as much of it as the Service does. */
  memory: Memory | undefined
  noted: Partial<Memory>
  volumes: Map<string, Json>
  jobs: Map<string, Json>
}

type Next = { server: Json | undefined, service: Json | undefined, memory: Memory, volumes: Map<string, Json>, jobs: Map<string, Json>, phase: unknown }

/** Throws a Violation when the answer takes away, empties or replaces what serves, without a reason that the rules know. */
export function checkModel (request: Json, answer: Answer, forged: boolean): Fate {
  const parent = textOf(mapOf(mapOf(request.parent).metadata).name)
  const place = suffixedName(parent, 'model')
  const seen = see(request, { parent, place })
  const server = answered(answer, 'deployment').get(place)
  const service = answered(answer, 'service').get(place)
  const memory = (stateOf(server) ?? stateOf(service)) as Memory
  const next: Next = { server, service, memory, volumes: answered(answer, 'volume'), jobs: answered(answer, 'job'), phase: mapOf(answer.status).phase }
  demand(service !== undefined, () => 'the Service is gone from the answer')
  checkJobs(seen, next, forged)
  checkAttempt(seen, next, forged)
  checkMounted(seen, next)
  if (!forged) for (const claim of claimsOf(templateOf(server))) demand(next.volumes.has(claim), () => `volume ${claim} is not in the answer, and pods are to mount it`)
  if (server) checkServer(server)
  if (server && !forged) checkService(seen, server, service)
  return checkServed(seen, next, forged)
}

function see (request: Json, { parent, place }: { parent: string, place: string }): Seen {
  const deployment = observed(request, 'deployment').get(place)
  const noted = stateOf(observed(request, 'service').get(place))
  const state = stateOf(deployment)
  const { containers } = mapOf(templateOf(deployment).spec)
  const isWhole = portsOf(templateOf(deployment)).length > 0 && claimsOf(templateOf(deployment)).length > 0 && Array.isArray(containers) && containers.every(isObject)
  return {
    request,
    parent,
    server: isWhole ? deployment : undefined,
    memory: check.Check(state) && (state.accepted ?? state.candidate) ? state : undefined,
    noted: isBrief(noted) ? noted : {},
    volumes: observed(request, 'volume'),
    jobs: observed(request, 'job')
  }
}

/** A memory but for its templates. */
function isBrief (value: unknown): value is Partial<Memory> {
  const template = { metadata: {}, spec: { containers: [{}] } }
  const whole = (version: unknown) => isObject(version) ? { ...version, template } : version
  const { accepted, candidate, ...rest } = mapOf(value)
  return isObject(value) && check.Check({ ...rest, ...(accepted !== undefined && { accepted: whole(accepted) }), ...(candidate !== undefined && { candidate: whole(candidate) }) })
}

/** Pods are replaced one by one, and never before the next one answers. */
function checkServer (server: Json): void {
  const { strategy } = mapOf(server.spec)
  const { type, rollingUpdate } = mapOf(strategy)
  demand(type === 'RollingUpdate' && mapOf(rollingUpdate).maxUnavailable === 0, () => 'pods are taken away before others answer')
  demand((replicasOf(server) ?? 0) >= 1, () => `the Deployment is to have ${replicasOf(server)} pods`)
}

/** The Service leads to the pods that answer; while they are of two templates, to either. */
function checkService ({ server: before }: Seen, server: Json, service: Json): void {
  const pods = podsOf(before)
  const isSettled = before !== undefined && pods.available > 0 && !pods.mixed
  demand(leadsTo(service, templateOf(isSettled ? before : server)) || (pods.mixed && leadsTo(service, templateOf(before))) || !isKnown(before, server), () => 'the Service leads to no pod that answers')
}

/** Whether the pods that answer are of a template that is in sight. */
function isKnown (before: Json | undefined, server: Json): boolean {
  return before === undefined || !podsOf(before).mixed || isPart(templateOf(server), templateOf(before))
}

function checkServed (seen: Seen, next: Next, forged: boolean): Fate {
  const { server: before } = seen
  const { server } = next
  const serves = podsOf(before).available > 0
  demand(!serves || server !== undefined, () => 'the Deployment, whose pods answer, is gone from the answer')
  if (!server) return 'none'
  const [claim = ''] = claimsOf(templateOf(server))
  const isSame = claimsOf(templateOf(before)).includes(claim)
  demand(forged || isSame || isDownloaded(seen, claim), () => `pods are to mount ${claim || 'nothing'}, where no model is known to lie whole`)
  if (before) checkPods(seen, { next, before, forged })
  if (!serves) return 'none'
  checkPhase(seen, next)
  return isSame ? 'kept' : 'moved'
}

/** While an accepted version answers, what goes wrong with a newer one changes no phase. */
function checkPhase ({ memory }: Seen, { phase }: Next): void {
  demand(!memory?.accepted || phase === 'Ready' || phase === 'Updating', () => `the phase is ${String(phase)} while pods of an accepted version answer`)
}

function checkPods (seen: Seen, { next, before, forged }: { next: Next, before: Json, forged: boolean }): void {
  if (seen.memory) checkHeld(seen.memory, next, before)
  if (!forged) checkUntouched(seen, next, before)
}

/** By a Job that is done, or by memory. */
function isDownloaded ({ memory, noted, jobs }: Seen, claim: string): boolean {
  const known = volumesOf(memory, noted).map(({ name }) => name)
  const done = [...jobs.values()].filter((job) => endOf(job) === 'done').flatMap((job) => claimsOf(templateOf(job)))
  return [...known, ...done].includes(claim)
}

/** Volumes on which a model is known to lie whole. */
function volumesOf (...memories: Array<Partial<Memory> | undefined>): Array<Serving['model']['volume']> {
  return memories.flatMap((memory) => [memory?.accepted?.model, memory?.candidate?.model, memory?.fetched]).flatMap((model) => model?.volume ?? [])
}

/** A start that has failed is given up: the accepted version comes back, or something else that is wanted by now. */
function checkHeld ({ accepted, candidate }: Memory, next: Next, before: Json): void {
  const pods = podsOf(before)
  if (!accepted || !candidate || candidate.recipe === '' || !pods.late || pods.ready) return
  demand(!isVersion(next.memory.candidate, candidate), () => 'a version that did not come up is not given up, although another is accepted')
}

function isVersion (version: Serving | undefined, other: Serving | undefined): boolean {
  return version !== undefined && other !== undefined && version.model.key === other.model.key && version.recipe === other.recipe
}

/** Without another version pods stay as they are, byte for byte. */
function checkUntouched ({ memory }: Seen, { memory: after, server }: Next, before: Json): void {
  const [was, is] = [newestOf(memory), newestOf(after)]
  // Without memory, what runs is what there is.
  const known = was ? isVersion(is, was) && was.template : is?.recipe === '' && templateOf(before)
  demand(!known || isPart(templateOf(server), known), () => 'pods are replaced by others of the same version')
}

function newestOf (memory: Memory | undefined): Serving | undefined {
  return memory?.candidate ?? memory?.accepted
}

/** What pods may have mounted stays. Once all of them are of one template, that is only what it mounts. */
function checkMounted ({ server, memory, noted, volumes: before }: Seen, { volumes }: Next): void {
  if (!server) return
  const { accepted, candidate, leaving = [] } = memory ?? noted
  const remembered = [...volumesOf({ ...accepted && { accepted }, ...candidate && { candidate } }), ...leaving].map(({ name }) => name)
  const mounted = [...claimsOf(templateOf(server)), ...podsOf(server).mixed ? remembered : []]
  for (const claim of mounted.filter((name) => before.has(name))) demand(volumes.has(claim), () => `volume ${claim} is taken away, which pods may have mounted`)
}

/** Nothing that failed for good is made again; and a failure is written down before its Job goes. */
function checkJobs ({ request, parent, memory, noted, jobs: before }: Seen, { jobs, memory: after }: Next, forged: boolean): void {
  const known = memory ?? noted
  const failed = keysOf(known)
  const made = [...jobs].filter(([name]) => !before.has(name))
  for (const [name, job] of made) demand(!failed.includes(labelOf(job, SOURCE_LABEL)), () => `Job ${name} is made again, which has failed for good`)
  const volumes = made.flatMap(([, job]) => claimsOf(templateOf(job)))
  demand(volumes.length <= 1, () => `downloads are begun to ${volumes.join(', ')} at once`)
  const own = [...before].filter(([name, job]) => endOf(job) === 'failed' && name === suffixedName(parent, `download-${labelOf(job, SOURCE_LABEL)}`))
  // What lay outside the spec may be over, and is forgotten when another is asked for.
  const told = ([name, job]: [string, Json]) => [...reasonsOf(request, name, job), ...(known.failed ?? []).flatMap(({ key, reason }) => key === labelOf(job, SOURCE_LABEL) ? reason : [])]
  const ended = own.filter((entry) => !told(entry).some(isOutsideTheSpec))
  for (const [name, job] of ended) {
    const key = labelOf(job, SOURCE_LABEL)
    demand(forged || jobs.has(name) || failed.includes(key), () => `Job ${name} goes before anything remembers that it has failed`)
    demand(ended.length > 5 || keysOf(after).includes(key), () => `that Job ${name} has failed is not remembered`)
  }
}

/** Why a Job has failed, in the words of Kubernetes and of its pods. */
function reasonsOf (request: Json, name: string, job: Json): string[] {
  const { pods = [] } = parseFacts(mapOf(mapOf(request.parent).metadata).annotations as Record<string, string> | undefined)
  const { conditions } = mapOf(job.status)
  return [...(conditions as unknown[]).map((condition) => textOf(mapOf(condition).reason)), ...pods.filter(({ owner }) => owner === `Job/${name}`).map(({ reason }) => reason)]
}

function keysOf ({ failed = [] }: Partial<Memory>): string[] {
  return failed.map(({ key }) => key)
}

/** Another attempt follows when a person asks for it, or when the volume of what is wanted has been lost. */
function checkAttempt ({ request, memory, noted, jobs }: Seen, { memory: after }: Next, forged: boolean): void {
  const before = memory?.attempt ?? noted.attempt
  if (forged || before === undefined || after.attempt === before) return
  const asked = mapOf(mapOf(mapOf(request.parent).metadata).annotations)[COMMANDS.retry] === String(before)
  // By the place at which it is listed: a name that somebody has written into it is no other claim's.
  const claims = Object.entries(mapOf(mapOf(request.children)[KEYS.volume])).map(([place, claim]) => ({ ...mapOf(mapOf(claim).metadata), name: place.slice(place.indexOf('/') + 1) }))
  const isLost = volumesOf(memory, noted).some((volume) => claims.some(({ name, uid, deletionTimestamp }: Json & { name: string }) => name === volume.name && (deletionTimestamp !== undefined || uid !== volume.uid)))
  const isOutdated = [...jobs.values()].some((job) => endOf(job) === 'done')
  demand(asked || isLost || isOutdated, () => `attempt ${after.attempt} follows ${before}, and nobody asked for it`)
  demand(after.attempt === before + 1, () => `attempt ${after.attempt} follows ${before}`)
}
