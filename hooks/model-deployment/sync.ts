// One sync of a ModelDeployment: observe, recall, decide, build, report.
import { believedFacts } from '../core/believed-facts.ts'
import { setConditions, type Aspect } from '../core/conditions.ts'
import { factInstants, parseCommands } from '../core/facts.ts'
import { UnprocessableError } from '../core/kind.ts'
import { findChild, mayReturn, newestInstant, newestStatusInstant, type SyncResponse } from '../core/request.ts'
import { parseInstant, wholeSeconds } from '../core/time.ts'
import { makeChildren } from './children.ts'
import { conditionsOf } from './conditions.ts'
import { newestTried, type Memory } from './memory.ts'
import { findDeployment, findJob, lookAt, type Seen } from './observe.ts'
import { recall } from './recall.ts'
import { AUTOSCALER, CHILDREN, deploymentName, SERVICE, serviceName } from './resources/names.ts'
import { urlOf } from './resources/service.ts'
import { fixedReplicas, neededReplicas } from './scale.ts'
import type { Status } from './schema/status.ts'
import { computeStatus } from './status.ts'
import { step, type View } from './step.ts'
import { summarize, type Context } from './summary.ts'
import { isProblem, newVersion, wantedOf, type Problem, type Request, type Wanted } from './wanted.ts'

/** Answers one sync. The same request always gets the same answer. */
export function sync (request: Request): SyncResponse<Status> {
  checkController(request)
  const told = believedFacts(request)
  const see = onceEach((id) => lookAt(request, told.pods, id))
  const wanted = wantedOf(request)
  const before = recall(request)
  const now = newestInstant(request, [...factInstants(told), ...instantsOf(before)])
  const after = step(before, viewOf(request, before, { now, wanted, see }))
  return {
    status: report(request, after, { now, wanted, see }),
    children: makeChildren(request, { before, after, wanted })
  }
}

type Known = { now: number, wanted: Wanted | Problem, see: (id: string) => Seen }

/** Half of the children would be worse than none: what is there then stays as it is. */
function checkController (request: Request): void {
  const missing = CHILDREN.find((child) => !mayReturn(request, child))
  if (missing) throw new UnprocessableError(`The controller sluice-modeldeployments does not list ${missing.resource} of ${missing.apiVersion}; install the chart or bundle of this release again`)
}

function viewOf (request: Request, memory: Memory, { now, wanted, see }: Known): View {
  const { spec, metadata } = request.parent
  return {
    now,
    wanted: isProblem(wanted) ? undefined : wanted,
    make: (attempt) => newVersion(wanted as Wanted, spec, attempt),
    retry: parseCommands(metadata.annotations).retry,
    keepPrevious: wholeSeconds(spec.keepPrevious),
    autoscale: spec.autoscale,
    replicas: spec.replicas,
    needed: fixedReplicas(spec, memory) ?? neededReplicas(spec, memory.active && findDeployment(request, memory.active.id)),
    see
  }
}

/** Our own times that lie in the past by nature. */
function instantsOf ({ active, candidate }: Memory): Array<number | undefined> {
  return [active?.since, candidate?.startedAt].map(parseInstant)
}

/** A sync asks for one version again and again. */
function onceEach (look: (id: string) => Seen): (id: string) => Seen {
  const known = new Map<string, Seen>()
  return (id) => {
    const seen = known.get(id) ?? look(id)
    known.set(id, seen)
    return seen
  }
}

function report (request: Request, memory: Memory, { now, wanted, see }: Known): Status {
  const { metadata, spec, status: before = {} } = request.parent
  const { name, namespace = '' } = metadata
  const { active } = memory
  const served = findChild(request, SERVICE, serviceName(name))
  const context: Context = { name, namespace, see, problem: isProblem(wanted) ? wanted : undefined, served: served !== undefined && served.metadata.deletionTimestamp === undefined }
  const summary = summarize(memory, context)
  const newest = newestTried(memory)
  const job = newest && findJob(request, newest.id)
  const autoscaler = spec.autoscale && active ? findChild(request, AUTOSCALER, deploymentName(name, active.id)) ?? null : undefined
  const conditions = conditionsOf({ memory, context, summary, autoscaler }).map((found) => ({ ...found, since: causeOf(found, request, memory) }))
  return {
    ...computeStatus(memory, { summary, url: active && urlOf(request, active), see, job, before, keepPrevious: wholeSeconds(spec.keepPrevious), now }),
    conditions: setConditions(before.conditions, conditions, now, metadata.generation)
  }
}

/** The instant of what a condition speaks of, where one is written down: the same in every sync that sees it. */
function causeOf ({ type }: Aspect, request: Request, { active, candidate, failed }: Memory): number | undefined {
  const children = newestStatusInstant(request)
  const decided = parseInstant(candidate?.startedAt ?? active?.since)
  // What has failed was seen of a Job or Deployment, long after what answers was switched to.
  return type === 'Progressing' && !failed ? decided ?? children : children ?? decided
}
