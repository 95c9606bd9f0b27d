// From what is remembered to the objects that should be there.
import { jobState } from '../core/job-state.ts'
import { readTemplate, refuseToDrop, type Template } from '../core/pod-template.ts'
import { observedReplicas } from '../core/replicas.ts'
import type { Child } from '../core/request.ts'
import { parseCarried } from './carried.ts'
import { newestTried, startedVersions, type Memory } from './memory.ts'
import { findDeployment, findJob } from './observe.ts'
import { makeAutoscaler } from './resources/autoscaler.ts'
import { makeDeployment } from './resources/deployment.ts'
import { makeServerTemplate } from './resources/server-template.ts'
import { makeService } from './resources/service.ts'
import { makeJob, validatedImage } from './resources/validation-job.ts'
import { fixedReplicas, heldReplicas, neededReplicas } from './scale.ts'
import type { Version } from './schema/status.ts'
import { isProblem, serverImage, type Problem, type Request, type Wanted } from './wanted.ts'

/** `before`: the memory that was read; `after`: that of now. */
type Plan = { before: Memory, after: Memory, wanted: Wanted | Problem }

export function makeChildren (request: Request, plan: Plan): Child[] {
  const { after } = plan
  const { active } = after
  return [
    ...jobs(request, plan),
    ...keptVersions(request, plan).flatMap((version) => deployments(request, version, plan)),
    ...active ? [makeService(request, active, after)] : [],
    ...active && request.parent.spec.autoscale ? [makeAutoscaler(request, active)] : []
  ]
}

/**
 * The versions whose pods stay. One that memory gives up goes only when that is read back from the Service: until then it may be what the Service names,
 * for what was read may be older than what was written.
 */
function keptVersions (request: Request, { before, after }: Plan): Version[] {
  const kept = startedVersions(after)
  const leaving = before.active ? startedVersions(before).filter(({ id }) => !kept.some((version) => version.id === id)) : []
  return [...kept, ...leaving.filter(({ id }) => findDeployment(request, id) !== undefined)]
}

/** A Job is made for a candidate that is to be validated. One that has ended stays for its logs, and because its name says that it has been done. */
function jobs (request: Request, { after, wanted }: Plan): Child[] {
  if (isProblem(wanted)) return []
  const { candidate } = after
  if (candidate && !candidate.found) return [makeJob(request, wanted, { version: candidate })]
  const newest = newestTried(after)
  const job = newest && findJob(request, newest.id)
  const carried = job && jobState(job).state !== 'Absent' ? parseCarried(job) : undefined
  return carried ? [makeJob(request, wanted, carried)] : []
}

function deployments (request: Request, version: Version, { before, after, wanted }: Plan): Child[] {
  const template = templateOf(request, version, wanted)
  if (!template) return []
  return [makeDeployment(request, version, { template, replicas: replicasFor(request, version, { before, after }) })]
}

/** What nobody asks for any more, and what answers, has what it has; whatever may take the place of what answers has as many pods as that. */
function replicasFor (request: Request, { id }: Version, { before, after }: Pick<Plan, 'before' | 'after'>): number | undefined {
  const { spec } = request.parent
  const fixed = fixedReplicas(spec, after)
  if (fixed !== undefined) return fixed
  const deployment = findDeployment(request, id)
  const needed = neededReplicas(spec, before.active && findDeployment(request, before.active.id))
  if (!deployment) return needed
  const isInReserve = id !== before.active?.id && startedVersions(after).some((version) => version.id === id)
  return isInReserve ? heldReplicas(deployment, needed) : observedReplicas(deployment)
}

/**
 * The template as it was when the version was started; where that is lost, as the Deployment itself has it, or, without one, as the spec still does. Made
 * again from the spec it could be another by now, after an upgrade of Sluice, and replace pods that answer. Undefined when nobody knows: then there is no
 * Deployment either.
 */
function templateOf (request: Request, version: Version, wanted: Wanted | Problem): Template | undefined {
  const deployment = findDeployment(request, version.id)
  const known = deployment && (parseCarried(deployment)?.template ?? readTemplate(deployment))
  if (deployment && !known) refuseToDrop(deployment)
  if (known || isProblem(wanted) || version.content !== wanted.content) return known
  const image = validatedImage(findJob(request, version.id)) ?? serverImage(request.parent.spec, request.images)
  return makeServerTemplate(request, wanted, version, image)
}
